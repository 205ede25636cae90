import type {
  ConversationItem,
  RealtimeResponseCreateParams,
  RealtimeSessionCreateRequest,
} from 'openai/resources/realtime/realtime'
import type { Clock } from '../clock.ts'
import { createAsides } from './asides.ts'
import { askPrefix, type EngineEvent, EngineLost, type EngineRefused, speechPaddingMs } from './engine-events.ts'
import { type EngineSocket, openEngineSocket } from './engine-socket.ts'
import type { Conversation, Turn } from './port.ts'

export interface EngineSettings {
  /** Up to and without `/realtime`; OpenAI's own when left out. */
  baseUrl?: string
  apiKey: string
  model: string
  transcriptionModel: string
  clock: Clock
}

/** A speech-to-speech session with one caller. Every method returns at once and does nothing once the session is over. */
export interface Engine {
  /**
   * Resolves once the session is configured and the greeting was asked for; rejects with {@link EngineRefused} (final) or
   * {@link EngineLost}. Nobody has to wait for it: a failure is also told as a `lost` event.
   */
  readonly ready: Promise<void>
  /** When `openEngine` was called and when the session was ready (null until then), in epoch milliseconds. */
  readonly opened: { startedAt: number; endedAt: number | null }
  /** Set once; what was told before is told now, in order. */
  listen(listener: (event: EngineEvent) => void): void
  /** The caller's audio, μ-law at 8 kHz. Kept (the last 10 s) until the session is ready. */
  appendAudio(audio: Buffer): void
  createResponse(instructions?: string): void
  /** A sentence in the session's voice, whole: beside the conversation, which does not remember it. Rejects when it fails. */
  render(sentence: string): Promise<Buffer>
  cancelResponse(response: string): void
  truncate(item: string, heardMs: number): void
  deleteItem(item: string): void
  toolOutput(callId: string, output: string): void
  /** A note that the model reads as the caller's (`user`) or the platform's (`system`) words. */
  addText(role: 'user' | 'system', text: string): void
  /** A new session with the same settings and, as text, what was said; `ready` or `lost` is told when it is decided. */
  reopen(turns: readonly Turn[]): void
  close(): void
}

/** How long a session may take to be configured, in milliseconds on the clock. */
const openTimeoutMs = 30_000
const maxEarlyFrames = 500
/** A greeting is a few hundred events; more before anybody listens is a server gone wrong. */
const maxHeldEvents = 5_000
const vadSilenceMs = 500

/**
 * Opens a Realtime session (GA protocol: https://platform.openai.com/docs/guides/realtime) and asks for the greeting, so that
 * its audio waits here when the phone is picked up. `create_response` and `interrupt_response` stay off for good: the loop
 * alone decides when the model speaks, which leaves no way to greet twice or to answer a "yeah" in mid-sentence.
 */
export function openEngine(settings: EngineSettings, conversation: Conversation): Engine {
  const { clock } = settings
  const held: EngineEvent[] = []
  const early: Buffer[] = []
  const opened: Engine['opened'] = { startedAt: clock.now(), endedAt: null }
  let listener: ((event: EngineEvent) => void) | undefined
  let socket: EngineSocket | undefined
  let configured = false
  const asides = createAsides()
  let asks = 0
  let timer: ReturnType<Clock['setTimeout']> | undefined
  const ready = Promise.withResolvers<void>()
  // Whoever needs `ready` sees its rejection; the loop is told by an event.
  ready.promise.catch(() => {})

  const tell = (event: EngineEvent) => {
    if (listener) listener(event)
    else if (held.length < maxHeldEvents) held.push(event)
    else lost(new EngineLost('too many events before the call was answered'))
  }
  const lost = (error: EngineRefused | EngineLost) => {
    release()
    ready.reject(error)
    if (listener) listener({ type: 'lost', error })
    else held.splice(0, held.length, { type: 'lost', error })
  }
  const release = () => {
    clock.clearTimeout(timer)
    socket?.close()
    socket = undefined
    asides.lost()
    configured = false
  }
  const send = (...[event]: Parameters<EngineSocket['send']>) => socket?.send(event)
  const append = (audio: Buffer) => send({ type: 'input_audio_buffer.append', audio: audio.toString('base64') })
  const createItem = (item: ConversationItem) => send({ type: 'conversation.item.create', item })
  const ask = (instructions?: string) => {
    asks += 1
    const response = instructions === undefined ? {} : { response: { instructions } }
    send({ type: 'response.create', event_id: `${askPrefix}${asks}`, ...response })
  }

  function connect(start: () => void): void {
    timer = clock.setTimeout(() => lost(new EngineLost('the session was not ready in time')), openTimeoutMs)
    const baseUrl = settings.baseUrl ?? 'https://api.openai.com/v1'
    const opening = openEngineSocket(
      { ...settings, baseUrl },
      {
        opened: () => opening.send({ type: 'session.update', session: session(settings, conversation) }),
        configured: () => {
          if (socket !== opening || configured) return
          clock.clearTimeout(timer)
          configured = true
          start()
          for (const audio of early.splice(0)) append(audio)
        },
        event: (event) => {
          if (!asides.takes(event)) tell(event)
        },
        lost: (error) => {
          if (socket === opening) lost(error)
        },
      },
    )
    socket = opening
  }

  connect(() => {
    ask(exactly(conversation.greeting))
    opened.endedAt = clock.now()
    ready.resolve()
  })

  return {
    ready: ready.promise,
    opened,
    listen(given) {
      listener = given
      for (const event of held.splice(0)) given(event)
    },
    appendAudio(audio) {
      if (configured) return append(audio)
      if (early.length === maxEarlyFrames) early.shift()
      early.push(audio)
    },
    createResponse: ask,
    render(sentence) {
      const { id, audio } = asides.ask()
      const response: RealtimeResponseCreateParams = {
        ...{ conversation: 'none', input: [], tool_choice: 'none', metadata: { aside: id } },
        instructions: exactly(sentence),
      }
      send({ type: 'response.create', event_id: id, response })
      return audio
    },
    cancelResponse: (response) => send({ type: 'response.cancel', response_id: response }),
    truncate: (item, heardMs) =>
      send({ type: 'conversation.item.truncate', item_id: item, content_index: 0, audio_end_ms: heardMs }),
    deleteItem: (item) => send({ type: 'conversation.item.delete', item_id: item }),
    toolOutput: (callId, output) => createItem({ type: 'function_call_output', call_id: callId, output }),
    addText: (role, text) => createItem({ type: 'message', role, content: [{ type: 'input_text', text }] }),
    reopen(turns) {
      release()
      connect(() => {
        for (const turn of turns) createItem(spoken(turn))
        tell({ type: 'ready' })
      })
    },
    close() {
      release()
      ready.reject(new EngineLost('closed before it was ready'))
    },
  }
}

/** Instructions for a sentence that must come out word for word. */
export const exactly = (sentence: string) => `Say exactly: ${JSON.stringify(sentence)}`

function session(settings: EngineSettings, conversation: Conversation): RealtimeSessionCreateRequest {
  return {
    type: 'realtime',
    model: settings.model,
    output_modalities: ['audio'],
    instructions: conversation.instructions,
    tools: conversation.tools.map((tool) => ({ type: 'function', ...tool })),
    tool_choice: 'auto',
    audio: {
      input: {
        format: { type: 'audio/pcmu' },
        transcription: { model: settings.transcriptionModel, language: conversation.language.split('-')[0]! },
        turn_detection: {
          type: 'server_vad',
          create_response: false,
          interrupt_response: false,
          prefix_padding_ms: speechPaddingMs,
          silence_duration_ms: vadSilenceMs,
        },
      },
      output: {
        format: { type: 'audio/pcmu' },
        voice: conversation.voice,
        ...(conversation.speed === undefined ? {} : { speed: conversation.speed }),
      },
    },
  }
}

/** A turn as a text item: what was heard, never audio, so that nothing has to be truncated again. */
function spoken({ role, text }: Turn): ConversationItem {
  if (role === 'agent') return { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
}
