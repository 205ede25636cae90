import type { ConversationItem, ResponseCreateEvent } from 'openai/resources/realtime/realtime'
import type { WebSocket } from 'ws'
import { type Clock, faster } from '../../clock.ts'
import { type Chaos, strikes } from '../chaos.ts'
import { INAUDIBLE } from '../speech/recognizer.ts'
import type { Speech } from '../speech/speech.ts'
import { createTimers } from '../timers.ts'
import { type AcceptedEvent, parseClientEvent } from './client-events.ts'
import { createConversation, newId } from './conversation.ts'
import type { Outgoing, ServerEvent } from './output.ts'
import { type ActiveResponse, respond } from './response.ts'
import { createSettings } from './settings.ts'
import { Refusal } from './shape.ts'
import { addItem, createTurns } from './turns.ts'

export interface EngineOptions {
  socket: WebSocket
  model: string
  pace: number
  clock: Clock
  speech: Speech
  chaos: Chaos
  violation(code: string, message: string): void
}

type Handlers = { [Type in AcceptedEvent['type']]: (event: Extract<AcceptedEvent, { type: Type }>) => void }

const LATENCY_MS = 250
/** Real time within which a cancel may have left before our `response.done` arrived. */
const CROSSING_MS = 500
/** A session ends after an hour (https://platform.openai.com/docs/guides/realtime-conversations#session-lifecycle-events). */
const SESSION_MS = 3_600_000

/** One Realtime session: takes client events in order, answers each fault with an `error` event, and goes on. */
export function serveSession({ socket, model, pace, clock, speech, chaos, violation }: EngineOptions): void {
  const timers = createTimers(faster(clock, pace))
  const settings = createSettings(model, Math.floor((clock.now() + SESSION_MS) / 1000))
  const conversation = createConversation()
  const outlet = { conversation, send }
  /** Responses out of band run beside the active one. */
  const asides = new Set<ActiveResponse>()
  let active: ActiveResponse | undefined
  let endedAt = Number.NEGATIVE_INFINITY
  let sentMs = 0

  function send(event: Outgoing): void {
    if (socket.readyState !== socket.OPEN) return
    if (event.type === 'response.output_audio.done' && chaos.engine?.omitsAudioDone) return
    const whole: ServerEvent = { event_id: newId('event'), ...event }
    socket.send(JSON.stringify(whole))
    if (event.type !== 'response.output_audio.delta') return
    sentMs += (event.delta.length * 3) / 4 / 8
    const { engine } = chaos
    if (engine?.dropAfterAudioMs !== undefined && sentMs >= engine.dropAfterAudioMs && strikes(engine))
      socket.terminate()
  }

  const turns = createTurns({
    ...{ conversation, speech, timers, send },
    vad: () => settings.vad,
    transcribes: () => Boolean(settings.session.audio?.input?.transcription),
    answering: () => active !== undefined,
    started() {
      if (settings.vad?.interrupt_response) active?.cancel('turn_detected')
    },
    stopped(because) {
      if (!active && (because === 'timeout' || settings.vad?.create_response)) start()
    },
  })

  function start(params?: ResponseCreateEvent['response']): void {
    const outside = params?.conversation === 'none'
    const latencyMs = LATENCY_MS + (chaos.engine?.slowMs ?? 0) * pace
    const done = (playedMs: number) => {
      if (outside) asides.delete(started)
      else active = undefined
      endedAt = clock.monotonic()
      turns.answered(playedMs)
    }
    const started = respond({ ...outlet, settings, speech, timers, pace, latencyMs, done }, params)
    if (outside) asides.add(started)
    else active = started
  }

  const handlers: Handlers = {
    'session.update'({ session }) {
      settings.update(session, sentMs > 0)
      send({ type: 'session.updated', session: settings.told })
    },
    'input_audio_buffer.append'({ audio }) {
      settings.requireTelephoneAudio()
      turns.append(Buffer.from(audio, 'base64'))
    },
    'input_audio_buffer.commit': () => turns.commit(),
    'input_audio_buffer.clear': () => turns.clear(),
    'conversation.item.create'({ item: given, previous_item_id }) {
      const id = ('id' in given && given.id) || newId('item')
      const item = { object: 'realtime.item', status: 'completed', ...given, id } as ConversationItem
      addItem(outlet, { id, item, ...recognized(item, speech) }, previous_item_id)
    },
    'conversation.item.retrieve'({ item_id }) {
      send({ type: 'conversation.item.retrieved', item: conversation.find(item_id, 'retrieve').item })
    },
    'conversation.item.truncate'({ item_id, content_index, audio_end_ms }) {
      conversation.truncate(item_id, audio_end_ms)
      send({ type: 'conversation.item.truncated', item_id, content_index, audio_end_ms })
    },
    'conversation.item.delete'({ item_id }) {
      conversation.remove(item_id)
      send({ type: 'conversation.item.deleted', item_id })
    },
    'response.create'({ response }) {
      settings.requireTelephoneAudio()
      if (active && response?.conversation !== 'none') throw alreadyActive(active.id)
      start(response)
    },
    'response.cancel'({ response_id }) {
      const running = [active, ...asides].find((each) => each && (!response_id || each.id === response_id))
      if (!running) throw notActive(clock.monotonic() - endedAt < CROSSING_MS)
      running.cancel('client_cancelled')
    },
  }

  function fail(code: string, message: string, param: string | null, event_id: string | null): void {
    send({ type: 'error', error: { type: 'invalid_request_error', code, message, param, event_id } })
  }

  socket.on('message', (data, binary) => {
    let raw: unknown
    try {
      if (binary) throw new Refusal('invalid_event', 'Events must be sent as text.')
      raw = json(String(data))
      const event = parseClientEvent(raw)
      handlers[event.type](event as never)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (!error.crossed) violation(error.code, error.message)
      fail(error.code, error.message, error.param, (raw as { event_id?: string } | undefined)?.event_id ?? null)
    }
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    timers.clear()
    for (const each of [active, ...asides]) each?.drop()
  })

  send({ type: 'session.created', session: settings.told })
  // "Emitted right after session creation" (ConversationCreatedEvent).
  const told = { id: settings.conversationId, object: 'realtime.conversation' as const }
  send({ type: 'conversation.created', conversation: told })
  timers.after(SESSION_MS, () => {
    fail('session_expired', 'Your session hit the maximum duration of 60 minutes.', null, null)
    socket.close(1001)
  })
}

function recognized(item: ConversationItem, speech: Speech): { heard?: string } {
  if (item.type !== 'message' || item.role !== 'user' || item.content[0]?.type !== 'input_audio') return {}
  return { heard: speech.recognize(Buffer.from(item.content[0].audio ?? '', 'base64')) || INAUDIBLE }
}

/** @throws {Refusal} */
export function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal('invalid_json', 'We could not parse the JSON body of your event.')
  }
}

function notActive(crossed: boolean): Refusal {
  const message = 'Cancellation failed: no active response found'
  return new Refusal('response_cancel_not_active', message, null, crossed)
}

function alreadyActive(id: string): Refusal {
  const wait = 'Wait until the response is finished before creating a new one.'
  const message = `Conversation already has an active response in progress: ${id}. ${wait}`
  return new Refusal('conversation_already_has_active_response', message)
}
