import type { RealtimeTranscriptionSessionCreateRequest } from 'openai/resources/realtime/realtime'
import { faster } from '../../clock.ts'
import { strikes } from '../chaos.ts'
import { createTimers } from '../timers.ts'
import { parseTranscriptionEvent } from './client-events.ts'
import { createConversation, newId } from './conversation.ts'
import type { Outgoing, ServerEvent } from './output.ts'
import { type EngineOptions, json } from './session.ts'
import { defaultVad } from './settings.ts'
import { Refusal } from './shape.ts'
import { createTurns } from './turns.ts'
import type { ServerVad } from './vad.ts'

/** A session that transcribes and says nothing: https://platform.openai.com/docs/guides/realtime-transcription */
export function serveTranscription({
  socket,
  pace,
  clock,
  speech,
  chaos,
  violation,
}: Omit<EngineOptions, 'model'>): void {
  const timers = createTimers(faster(clock, pace))
  const conversation = createConversation()
  const id = newId('sess')
  let heardMs = 0
  let input: NonNullable<RealtimeTranscriptionSessionCreateRequest['audio']>['input'] = {
    format: { type: 'audio/pcm', rate: 24000 },
    turn_detection: defaultVad,
  }

  function send(event: Outgoing): void {
    if (socket.readyState !== socket.OPEN) return
    const whole: ServerEvent = { event_id: newId('event'), ...event }
    socket.send(JSON.stringify(whole))
  }

  const told = () => ({
    object: 'realtime.transcription_session',
    id,
    type: 'transcription' as const,
    audio: { input },
  })
  const turns = createTurns({
    ...{ conversation, speech, timers, send },
    vad: () => (input?.turn_detection ?? null) as ServerVad | null,
    transcribes: () => Boolean(input?.transcription),
    answering: () => false,
    started: () => {},
    stopped: () => {},
  })

  function requireTelephoneAudio(): void {
    if (input?.format?.type === 'audio/pcmu' && input.transcription?.model) return
    const message = 'The sandbox has only audio/pcmu, and a transcription needs its model; set both first.'
    throw new Refusal('sandbox_unsupported', message, 'session.audio.input')
  }

  function handle(event: ReturnType<typeof parseTranscriptionEvent>): void {
    switch (event.type) {
      case 'session.update': {
        const change = (event.session as RealtimeTranscriptionSessionCreateRequest).audio?.input ?? {}
        const detection = change.turn_detection
        if (detection?.type === 'semantic_vad') {
          const at = 'session.audio.input.turn_detection.type'
          throw new Refusal('sandbox_unsupported', 'The real API takes semantic_vad, the sandbox does not.', at)
        }
        input = { ...input, ...change, ...(detection ? { turn_detection: { ...defaultVad, ...detection } } : {}) }
        send({ type: 'session.updated', session: told() })
        break
      }
      case 'input_audio_buffer.append': {
        requireTelephoneAudio()
        const audio = Buffer.from(event.audio, 'base64')
        turns.append(audio)
        heardMs += audio.length / 8
        const { transcription } = chaos
        if (transcription && heardMs >= transcription.dropAfterAudioMs && strikes(transcription)) socket.terminate()
        break
      }
      case 'input_audio_buffer.commit':
        turns.commit()
        break
      case 'input_audio_buffer.clear':
        turns.clear()
    }
  }

  socket.on('message', (data, binary) => {
    let raw: unknown
    try {
      if (binary) throw new Refusal('invalid_event', 'Events must be sent as text.')
      raw = json(String(data))
      handle(parseTranscriptionEvent(raw))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      violation(error.code, error.message)
      const event_id = (raw as { event_id?: string } | undefined)?.event_id ?? null
      const { code, message, param } = error
      send({ type: 'error', error: { type: 'invalid_request_error', code, message, param, event_id } })
    }
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', timers.clear)
  send({ type: 'session.created', session: told() })
}
