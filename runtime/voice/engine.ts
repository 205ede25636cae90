import type {
  ConversationItem,
  RealtimeResponseCreateParams,
  RealtimeSessionCreateRequest,
} from 'openai/resources/realtime/realtime'
import type { Clock } from '../clock.ts'
import { createAsides } from './asides.ts'
import { askPrefix, type EngineEvent, speechPaddingMs } from './engine-events.ts'
import { openSession } from './engine-session.ts'
import type { Said } from './memory.ts'
import type { Conversation } from './port.ts'

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
  /** `realtime` answers what it hears, `cascade` what was transcribed. */
  readonly kind: 'realtime' | 'cascade'
  /**
   * Resolves once the session is configured and the greeting was asked for; rejects with {@link EngineRefused} (final) or
   * {@link EngineLost}. Nobody has to wait for it: a failure is also told as a `lost` event.
   */
  readonly ready: Promise<void>
  /** When `openEngine` was called and when the session was ready (null until then), in epoch milliseconds. */
  readonly opened: { startedAt: number; endedAt: number | null }
  /** Set once; what was told before is told now, in order. */
  listen(listener: (event: EngineEvent) => void): void
  /** The caller's audio, μ-law at 8 kHz. Kept (the last 10 s) until the session is ready: answers how many ms had to go for it. */
  appendAudio(audio: Buffer): number
  createResponse(instructions?: string): void
  /** A sentence in the session's voice, whole: beside the conversation, which does not remember it. Rejects when it fails. */
  render(sentence: string): Promise<Buffer>
  cancelResponse(response: string): void
  truncate(item: string, heardMs: number): void
  deleteItem(item: string): void
  toolOutput(callId: string, output: string): void
  /** A note that the model reads as the caller's (`user`) or the platform's (`system`) words. */
  addText(role: 'user' | 'system', text: string): void
  /** Lets go of the session there is: the caller's audio is kept for the next. */
  letGo(): void
  /**
   * A new session with the same settings and, as text, what was said until it stands; `ready` or `lost` is told when it is
   * decided. What is sent before that is lost.
   */
  reopen(said: () => readonly Said[]): void
  close(): void
}

export const vadSilenceMs = 500

/**
 * Opens a Realtime session (GA protocol: https://platform.openai.com/docs/guides/realtime) and asks for the greeting, so that
 * its audio waits here when the phone is picked up. `create_response` and `interrupt_response` stay off for good: the loop
 * alone decides when the model speaks, which leaves no way to greet twice or to answer a "yeah" in mid-sentence.
 */
export function openEngine(settings: EngineSettings, conversation: Conversation): Engine {
  const asides = createAsides()
  const line = openSession({
    ...{ settings, target: { model: settings.model }, session: session(settings, conversation) },
    ...{ takes: asides.takes, released: asides.lost },
  })
  const { send } = line
  let asks = 0

  const createItem = (item: ConversationItem) => send({ type: 'conversation.item.create', item })
  const ask = (instructions?: string) => {
    asks += 1
    // A line of ours is a line, and no occasion for a tool.
    const response = instructions === undefined ? {} : { response: { instructions, tool_choice: 'none' as const } }
    send({ type: 'response.create', event_id: `${askPrefix}${asks}`, ...response })
  }

  line.connect(() => {
    ask(exactly(conversation.greeting))
    line.stands()
  })

  return {
    kind: 'realtime',
    ready: line.ready,
    opened: line.opened,
    listen: line.listen,
    appendAudio: line.append,
    createResponse: ask,
    render(sentence) {
      const { id, audio } = asides.ask()
      const response: RealtimeResponseCreateParams = {
        ...{ conversation: 'none', input: [], tool_choice: 'none', metadata: { aside: id } },
        instructions: exactly(sentence),
      }
      if (!send({ type: 'response.create', event_id: id, response })) asides.lost()
      return audio
    },
    cancelResponse: (response) => send({ type: 'response.cancel', response_id: response }),
    truncate: (item, heardMs) =>
      send({ type: 'conversation.item.truncate', item_id: item, content_index: 0, audio_end_ms: heardMs }),
    deleteItem: (item) => send({ type: 'conversation.item.delete', item_id: item }),
    toolOutput: (callId, output) => createItem({ type: 'function_call_output', call_id: callId, output }),
    addText: (role, text) => createItem({ type: 'message', role, content: [{ type: 'input_text', text }] }),
    letGo: line.letGo,
    reopen(said) {
      line.connect(() => {
        for (const one of said()) createItem(asText(one))
        line.tell({ type: 'ready' })
      })
    },
    close: line.close,
  }
}

/** Instructions for a sentence that must come out word for word. */
export const exactly = (sentence: string) => `${exactPrefix}${JSON.stringify(sentence)}`

/** The sentence that such instructions ask for; undefined for all others. */
export const exactSentence = (instructions: string): string | undefined =>
  instructions.startsWith(exactPrefix) ? JSON.parse(instructions.slice(exactPrefix.length)) : undefined

const exactPrefix = 'Say exactly: '

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

/** What was said as a text item: what was heard, never audio, so that nothing has to be truncated again. */
function asText({ role, text }: Said): ConversationItem {
  if (role === 'agent') return { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }
  return { type: 'message', role: role === 'lead' ? 'user' : 'system', content: [{ type: 'input_text', text }] }
}
