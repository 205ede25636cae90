import type { RealtimeClientEvent } from 'openai/resources/realtime/realtime'
import {
  anything,
  base64,
  either,
  flag,
  json,
  list,
  number,
  object,
  oneOf,
  orNull,
  type Shape,
  text,
  variants,
} from './shape.ts'

/** Every event a client may send, field by field, after the SDK's own types (`RealtimeClientEvent` and below). */

const id = { 'type!': anything, event_id: text }
const status = oneOf('completed', 'incomplete', 'in_progress')
const itemCommon = { 'type!': anything, id: text, object: oneOf('realtime.item'), status }

const userContent = variants('type', {
  input_text: object({ 'type!': anything, 'text!': text }),
  input_audio: object({ 'type!': anything, 'audio!': base64, transcript: text }),
  input_image: object({ 'type!': anything, 'image_url!': text, detail: oneOf('auto', 'low', 'high') }),
})
// "cannot populate assistant audio messages" (ConversationItemCreateEvent).
const assistantContent = variants('type', { output_text: object({ 'type!': anything, 'text!': text }) })
const systemContent = variants('type', { input_text: object({ 'type!': anything, 'text!': text }) })

const item = variants('type', {
  message: variants('role', {
    user: object({ ...itemCommon, 'role!': anything, 'content!': list(userContent) }),
    assistant: object({ ...itemCommon, 'role!': anything, 'content!': list(assistantContent) }),
    system: object({ ...itemCommon, 'role!': anything, 'content!': list(systemContent) }),
  }),
  function_call: object({ ...itemCommon, 'name!': text, 'arguments!': text, call_id: text }),
  function_call_output: object({ ...itemCommon, 'call_id!': text, 'output!': text }),
})

const functionTool = variants('type', {
  function: object({ 'type!': anything, 'name!': text, description: text, parameters: json }),
})
const toolChoice = either(
  variants('type', { function: object({ 'type!': anything, 'name!': text }) }),
  oneOf('none', 'auto', 'required'),
)
const format = variants('type', {
  'audio/pcm': object({ 'type!': anything, rate: oneOf(24000) }),
  'audio/pcmu': object({ 'type!': anything }),
  'audio/pcma': object({ 'type!': anything }),
})
const voice = either(
  object({ 'id!': text }),
  oneOf('alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin', 'cedar'),
)
const maxTokens = either(oneOf('inf'), number(1, 4096, true))
const modalities: Shape = (value, at) => {
  list(oneOf('text', 'audio'))(value, at)
  // "It is not possible to request both text and audio at the same time" (RealtimeSessionCreateRequest).
  oneOf('text', 'audio')((value as string[]).join('+'), at)
}
const reasoning = object({ effort: oneOf('minimal', 'low', 'medium', 'high', 'xhigh') })

const turnDetection = variants('type', {
  server_vad: object({
    'type!': anything,
    threshold: number(0, 1),
    prefix_padding_ms: number(0, 5000, true),
    silence_duration_ms: number(0, 10_000, true),
    idle_timeout_ms: orNull(number(5000, 30_000, true)),
    create_response: flag,
    interrupt_response: flag,
  }),
  semantic_vad: object({
    'type!': anything,
    eagerness: oneOf('low', 'medium', 'high', 'auto'),
    create_response: flag,
    interrupt_response: flag,
  }),
})

const transcription = object({
  model: text,
  language: text,
  languages: list(text),
  prompt: text,
  keywords: list(text),
  delay: oneOf('minimal', 'low', 'medium', 'high', 'xhigh'),
})

const noiseReduction = orNull(object({ type: oneOf('near_field', 'far_field'), strength: number(0, 1) }))

const session = variants('type', {
  realtime: object({
    'type!': anything,
    model: text,
    instructions: text,
    output_modalities: modalities,
    audio: object({
      input: object({
        format,
        noise_reduction: noiseReduction,
        transcription: orNull(transcription),
        turn_detection: orNull(turnDetection),
      }),
      output: object({ format, voice, speed: number(0.25, 1.5) }),
    }),
    include: list(oneOf('item.input_audio_transcription.logprobs')),
    max_output_tokens: maxTokens,
    parallel_tool_calls: flag,
    prompt: orNull(json),
    reasoning,
    tools: list(functionTool),
    tool_choice: toolChoice,
    tracing: orNull(either(oneOf('auto'), json)),
    truncation: either(oneOf('auto', 'disabled'), json),
  }),
})

const response = object({
  audio: object({ output: object({ format, voice }) }),
  conversation: oneOf('auto', 'none'),
  input: list(either(item, object({ 'type!': oneOf('item_reference'), 'id!': text }))),
  instructions: text,
  max_output_tokens: maxTokens,
  metadata: orNull(json),
  output_modalities: modalities,
  parallel_tool_calls: flag,
  prompt: orNull(json),
  reasoning,
  tools: list(functionTool),
  tool_choice: toolChoice,
})

const events = {
  'session.update': object({ ...id, 'session!': session }),
  'input_audio_buffer.append': object({ ...id, 'audio!': base64 }),
  'input_audio_buffer.commit': object(id),
  'input_audio_buffer.clear': object(id),
  'conversation.item.create': object({ ...id, 'item!': item, previous_item_id: text }),
  'conversation.item.retrieve': object({ ...id, 'item_id!': text }),
  'conversation.item.truncate': object({
    ...id,
    'item_id!': text,
    'content_index!': number(0, 0, true),
    'audio_end_ms!': number(0, Number.MAX_SAFE_INTEGER, true),
  }),
  'conversation.item.delete': object({ ...id, 'item_id!': text }),
  'response.create': object({ ...id, response }),
  'response.cancel': object({ ...id, response_id: text }),
} satisfies Partial<Record<RealtimeClientEvent['type'], Shape>>

/** `output_audio_buffer.clear` is for WebRTC and SIP only, and so is not among them. */
export type AcceptedEvent = Extract<RealtimeClientEvent, { type: keyof typeof events }>

const event = variants('type', events)

/** @throws {Refusal} in the API's words at the first fault */
export function parseClientEvent(raw: unknown): AcceptedEvent {
  event(raw, '')
  return raw as AcceptedEvent
}

/** A session that transcribes has no conversation to change and nothing to say. */
const transcriptionEvents = {
  'session.update': object({
    ...id,
    'session!': variants('type', {
      transcription: object({
        'type!': anything,
        audio: object({
          input: object({
            format,
            noise_reduction: noiseReduction,
            transcription: orNull(transcription),
            turn_detection: orNull(turnDetection),
          }),
        }),
        include: list(oneOf('item.input_audio_transcription.logprobs')),
      }),
    }),
  }),
  'input_audio_buffer.append': events['input_audio_buffer.append'],
  'input_audio_buffer.commit': events['input_audio_buffer.commit'],
  'input_audio_buffer.clear': events['input_audio_buffer.clear'],
} satisfies Partial<Record<RealtimeClientEvent['type'], Shape>>

const transcriptionEvent = variants('type', transcriptionEvents)

/** @throws {Refusal} in the API's words at the first fault */
export function parseTranscriptionEvent(
  raw: unknown,
): Extract<RealtimeClientEvent, { type: keyof typeof transcriptionEvents }> {
  transcriptionEvent(raw, '')
  return raw as Extract<RealtimeClientEvent, { type: keyof typeof transcriptionEvents }>
}
