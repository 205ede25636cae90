import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime'

/** The engine said no for good: the key, the quota or the model. Trying again changes nothing. */
export class EngineRefused extends Error {
  override name = 'EngineRefused'
}

/** The engine is gone or did not answer; another session may work. */
export class EngineLost extends Error {
  override name = 'EngineLost'
  /** The vendor's, or an HTTP status, where there was one. */
  code: string | undefined
  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

/** What the engine tells the loop, in our words. Times are milliseconds of the audio that was appended since the session began. */
export type EngineEvent =
  /** The session is configured; only after `reopen` does the loop see it. */
  | { type: 'ready' }
  /** `aside`: it is beside the conversation, under the name it was asked for by. */
  | { type: 'response_started'; response: string; aside?: string }
  | { type: 'audio'; response: string; item: string; audio: Buffer }
  | { type: 'text'; response: string; item: string; delta: string }
  | { type: 'audio_done'; response: string; item: string }
  /** `failure`: what went wrong; with a `code` where that is not all of it. */
  | {
      type: 'response_done'
      response: string
      failure: string | null
      code?: string | undefined
      toolCalls: ToolCall[]
    }
  | { type: 'speech_started'; item: string; atMs: number }
  | { type: 'speech_stopped'; item: string; atMs: number }
  | { type: 'committed'; item: string }
  /** The caller's words; empty when there were none, null when they could not be understood. */
  | { type: 'heard'; item: string; text: string | null }
  /** Our last ask for a response was refused; `busy` when another one is active. */
  | { type: 'ask_refused'; busy: boolean; message: string }
  /** A sentence beside the conversation was refused. */
  | { type: 'aside_refused'; aside: string; message: string }
  /** A stage of a cascade failed before its first result, and was begun once more. */
  | { type: 'retried'; stage: 'llm' | 'tts'; why: string }
  /** Something else that we sent was refused; nothing depends on it. */
  | { type: 'complaint'; code: string; message: string }
  | { type: 'lost'; error: EngineRefused | EngineLost }

export interface ToolCall {
  callId: string
  name: string
  /** As the model wrote it: JSON, usually. */
  arguments: string
}

/** What the engine keeps from before a voice begins; `audio_start_ms` is where that begins, not the voice. */
export const speechPaddingMs = 300

/** Events that we send with this in front of their id ask for a response. */
export const askPrefix = 'ask_'
/** And these for a sentence beside the conversation, under that name. */
export const asidePrefix = 'aside_'

/** And this one, under which a session is configured: without it there is none. */
export const configureId = 'session_update'

const finalCodes = new Set([
  'invalid_api_key',
  'insufficient_quota',
  'billing_hard_limit_reached',
  'account_deactivated',
  'organization_deactivated',
  'model_not_found',
  'unsupported_model',
  'invalid_model',
])

/** Names a failure by the vendor's code, an HTTP status or a close reason (`invalid_request_error.invalid_api_key`). */
export function engineFailure(code: string, message: string): EngineRefused | EngineLost {
  const last = code.split('.').at(-1) ?? code
  const final = finalCodes.has(last) || ['401', '403', '404'].includes(last)
  const what = `${code}: ${message}`.slice(0, 500)
  return final ? new EngineRefused(what) : new EngineLost(what, last)
}

/**
 * One server event of the GA protocol (openai/resources/realtime/realtime.d.ts) in our words; null for those we do not need.
 */
export function translate(event: RealtimeServerEvent): EngineEvent | null {
  switch (event.type) {
    case 'response.created':
      return started(event.response)
    case 'response.output_audio.delta':
      return audio(event.response_id, event.item_id, event.delta)
    case 'response.output_audio_transcript.delta':
      return { type: 'text', response: event.response_id, item: event.item_id, delta: event.delta }
    case 'response.output_audio.done':
      return { type: 'audio_done', response: event.response_id, item: event.item_id }
    case 'response.done':
      return responseDone(event.response)
    case 'input_audio_buffer.speech_started':
      return { type: 'speech_started', item: event.item_id, atMs: event.audio_start_ms + speechPaddingMs }
    case 'input_audio_buffer.speech_stopped':
      return { type: 'speech_stopped', item: event.item_id, atMs: event.audio_end_ms }
    case 'input_audio_buffer.committed':
      return { type: 'committed', item: event.item_id }
    case 'conversation.item.input_audio_transcription.completed':
      return { type: 'heard', item: event.item_id, text: event.transcript }
    case 'conversation.item.input_audio_transcription.failed':
      return { type: 'heard', item: event.item_id, text: null }
    case 'error':
      return refusal(event.error)
    default:
      return null
  }
}

function started({ id = '', metadata }: Response): EngineEvent {
  const aside = metadata?.aside
  return { type: 'response_started', response: id, ...(aside === undefined ? {} : { aside }) }
}

function audio(response: string, item: string, delta: string): EngineEvent {
  return { type: 'audio', response, item, audio: Buffer.from(delta, 'base64') }
}

type Response = Extract<RealtimeServerEvent, { type: 'response.done' }>['response']

function responseDone(response: Response): EngineEvent {
  const failed = response.status === 'failed'
  const { code, message } = response.status_details?.error ?? {}
  if (failed && finalCodes.has(code ?? '')) return { type: 'lost', error: engineFailure(code!, message ?? '') }
  const toolCalls: ToolCall[] = []
  // The calls of a response that was cut may be half written: only a completed one speaks for the model.
  for (const item of response.status === 'completed' ? (response.output ?? []) : []) {
    if (item.type !== 'function_call' || !item.call_id) continue
    toolCalls.push({ callId: item.call_id, name: item.name, arguments: item.arguments })
  }
  const failure = failed ? (code ?? message ?? 'failed') : null
  return { type: 'response_done', response: response.id ?? '', failure, toolCalls }
}

function refusal(error: Extract<RealtimeServerEvent, { type: 'error' }>['error']): EngineEvent {
  const code = error.code ?? error.type
  if (finalCodes.has(code) || code === 'session_expired') {
    return { type: 'lost', error: engineFailure(code, error.message) }
  }
  if (error.event_id === configureId) {
    const what = error.param ? `${error.param}: ${error.message}` : error.message
    const Failure = error.type === 'server_error' ? EngineLost : EngineRefused
    return { type: 'lost', error: new Failure(`${code}: ${what}`.slice(0, 500)) }
  }
  if (error.event_id?.startsWith(asidePrefix)) {
    return { type: 'aside_refused', aside: error.event_id, message: error.message }
  }
  const busy = code === 'conversation_already_has_active_response'
  if (busy || error.event_id?.startsWith(askPrefix)) return { type: 'ask_refused', busy, message: error.message }
  return { type: 'complaint', code, message: error.message }
}
