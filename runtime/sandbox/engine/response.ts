import type {
  ConversationItem,
  RealtimeResponse,
  RealtimeResponseCreateParams,
} from 'openai/resources/realtime/realtime'
import { type Speech, sentences } from '../speech/speech.ts'
import type { Timers } from '../timers.ts'
import { newId } from './conversation.ts'
import { think } from './mind.ts'
import { callFunction, type Outlet, openMessage, usage } from './output.ts'
import type { Settings } from './settings.ts'

export interface Responding extends Outlet {
  settings: Settings
  speech: Speech
  /** On the engine's pace. */
  timers: Timers
  pace: number
  /** From request to first output, in milliseconds of conversation. */
  latencyMs: number
  /** Called once, with how long its audio plays. */
  done(playedMs: number): void
}

export interface ActiveResponse {
  readonly id: string
  /** Stops it; every open part is closed and `response.done` says why. */
  cancel(reason: 'turn_detected' | 'client_cancelled'): void
  /** Stops it without a word: the session is gone. */
  drop(): void
}

/** Audio leaves in bursts of this much, much faster than it plays, as from the real server. */
const BURST_MS = 400
const BURST_EVERY_MS = 40

/** Runs one response: thinks, speaks, calls functions, and reports it all in the API's order of events. */
export function respond(on: Responding, params: RealtimeResponseCreateParams = {}): ActiveResponse {
  const id = newId('resp')
  const outside = params.conversation === 'none'
  const output: ConversationItem[] = []
  let stopped = false
  let open: { close(status: 'incomplete'): void } | undefined
  let audioBytes = 0

  const response = (status: RealtimeResponse['status']): RealtimeResponse => ({
    object: 'realtime.response',
    id,
    status,
    output: [...output],
    conversation_id: outside ? undefined : on.settings.conversationId,
    output_modalities: params.output_modalities ?? on.settings.session.output_modalities,
    max_output_tokens: params.max_output_tokens ?? on.settings.session.max_output_tokens,
    audio: { output: { format: { type: 'audio/pcmu' }, voice: on.settings.voice } },
    metadata: params.metadata ?? null,
  })

  function finish(status: RealtimeResponse['status'], details?: RealtimeResponse['status_details']): void {
    if (stopped) return
    stopped = true
    if (status !== 'completed') open?.close('incomplete')
    const ended = { ...response(status), status_details: details, usage: usage(on.conversation, audioBytes) }
    on.send({ type: 'response.done', response: ended })
    on.done(audioBytes / 8)
  }

  const later = (ms: number) => new Promise<void>((resolve) => on.timers.after(ms, resolve))

  async function say(text: string, outputIndex: number): Promise<void> {
    const message = openMessage(on, { responseId: id, outputIndex, outside, output })
    open = message
    const parts = sentences(text)
    const rendering = parts.map((part) => on.speech.say('agent', part))
    // Each is awaited below; a failure of a later one must not go unhandled while an earlier one is spoken.
    for (const promise of rendering) promise.catch(() => undefined)
    // In time-lapse a sentence may be over before the next is rendered, and the pause would be nobody's.
    if (on.pace > 1) await Promise.all(rendering)
    for (const [i, part] of parts.entries()) {
      const audio = await rendering[i]!
      if (stopped) return
      message.begin(part, i === 0)
      for (let at = 0; at < audio.length; at += BURST_MS * 8) {
        const burst = audio.subarray(at, at + BURST_MS * 8)
        message.audio(burst)
        audioBytes += burst.length
        await later(BURST_EVERY_MS)
        if (stopped) return
      }
    }
    message.close('completed')
    open = undefined
  }

  async function run(): Promise<void> {
    on.send({ type: 'response.created', response: response('in_progress') })
    // "Emitted at the beginning of a Response" (RateLimitsUpdatedEvent).
    on.send({
      type: 'rate_limits.updated',
      rate_limits: [{ name: 'tokens', limit: 800_000, remaining: 799_000, reset_seconds: 0.05 }],
    })
    await later(on.latencyMs)
    if (stopped) return
    const { session } = on.settings
    const steps = think({
      instructions: session.instructions ?? '',
      override: params.instructions,
      tools: (params.tools ?? session.tools ?? []).flatMap((tool) =>
        tool.type === 'function'
          ? [{ name: tool.name ?? '', description: tool.description ?? '', parameters: tool.parameters }]
          : [],
      ),
      mayCall: (params.tool_choice ?? session.tool_choice) !== 'none',
      items: on.conversation.seen(),
    })
    for (const [outputIndex, step] of steps.entries()) {
      if (stopped) return
      if ('say' in step) await say(step.say, outputIndex)
      else callFunction(on, step, { responseId: id, outputIndex, outside, output })
    }
    finish('completed')
  }

  run().catch((error: Error) => {
    finish('failed', { type: 'failed', error: { type: 'server_error', code: error.message } })
  })

  return {
    id,
    cancel: (reason) => finish('cancelled', { type: 'cancelled', reason }),
    drop: () => {
      stopped = true
    },
  }
}
