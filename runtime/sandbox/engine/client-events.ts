import type * as sdk from 'openai/resources/realtime/realtime'
import type { ToolChoiceFunction } from 'openai/resources/responses/responses'
import {
  anything,
  argumentsSchema,
  base64,
  either,
  type Fields,
  flag,
  json,
  like,
  list,
  number,
  oneOf,
  orNull,
  type Shape,
  text,
  variants,
} from './shape.ts'

/** Every event a client may send, field by field: those of the SDK's own types, to which `tsc` holds them. */

type UserContent = sdk.RealtimeConversationItemUserMessage.Content
type AssistantContent = sdk.RealtimeConversationItemAssistantMessage.Content
type SystemContent = sdk.RealtimeConversationItemSystemMessage.Content
/** The SDK has one type for contents of all kinds; each kind has its own fields, and needs them. */
const content = <T, Needs extends keyof T, May extends keyof T = never>(
  fields: Fields<Pick<T, Needs | May>, Needs>,
): Shape => like<Pick<T, Needs | May>, Needs>(fields)

const id = { 'type!': anything, event_id: text }
const status = oneOf('completed', 'incomplete', 'in_progress')
const itemCommon = { 'type!': anything, id: text, object: oneOf('realtime.item'), status }

const userContent = variants('type', {
  input_text: content<UserContent, 'type' | 'text'>({ 'type!': anything, 'text!': text }),
  input_audio: content<UserContent, 'type' | 'audio', 'transcript'>({
    'type!': anything,
    'audio!': base64,
    transcript: text,
  }),
  input_image: content<UserContent, 'type' | 'image_url', 'detail'>({
    'type!': anything,
    'image_url!': text,
    detail: oneOf('auto', 'low', 'high'),
  }),
})
// "cannot populate assistant audio messages" (ConversationItemCreateEvent).
const assistantContent = variants('type', {
  output_text: content<AssistantContent, 'type' | 'text'>({ 'type!': anything, 'text!': text }),
})
const systemContent = variants('type', {
  input_text: content<SystemContent, 'type' | 'text'>({ 'type!': anything, 'text!': text }),
})

const item = variants('type', {
  message: variants('role', {
    user: like<sdk.RealtimeConversationItemUserMessage>({
      ...itemCommon,
      'role!': anything,
      'content!': list(userContent),
    }),
    assistant: like<sdk.RealtimeConversationItemAssistantMessage>({
      ...itemCommon,
      'role!': anything,
      'content!': list(assistantContent),
    }),
    system: like<sdk.RealtimeConversationItemSystemMessage>({
      ...itemCommon,
      'role!': anything,
      'content!': list(systemContent),
    }),
  }),
  function_call: like<sdk.RealtimeConversationItemFunctionCall>({
    ...itemCommon,
    'name!': text,
    'arguments!': text,
    call_id: text,
  }),
  function_call_output: like<sdk.RealtimeConversationItemFunctionCallOutput>({
    ...itemCommon,
    'call_id!': text,
    'output!': text,
  }),
})

const functionTool = variants('type', {
  function: like<sdk.RealtimeFunctionTool, 'type' | 'name'>({
    'type!': anything,
    'name!': text,
    description: text,
    parameters: argumentsSchema,
  }),
})
const toolChoice = either(
  variants('type', { function: like<ToolChoiceFunction>({ 'type!': anything, 'name!': text }) }),
  oneOf('none', 'auto', 'required'),
)
const format = variants('type', {
  'audio/pcm': like<sdk.RealtimeAudioFormats.AudioPCM, 'type'>({ 'type!': anything, rate: oneOf(24000) }),
  'audio/pcmu': like<sdk.RealtimeAudioFormats.AudioPCMU, 'type'>({ 'type!': anything }),
  'audio/pcma': like<sdk.RealtimeAudioFormats.AudioPCMA, 'type'>({ 'type!': anything }),
})
const voice = either(
  like<sdk.RealtimeAudioConfigOutput.ID>({ 'id!': text }),
  oneOf('alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin', 'cedar'),
)
const maxTokens = either(oneOf('inf'), number(1, 4096, true))
const modalities: Shape = (value, at) => {
  list(oneOf('text', 'audio'))(value, at)
  // "It is not possible to request both text and audio at the same time" (RealtimeSessionCreateRequest).
  oneOf('text', 'audio')((value as string[]).join('+'), at)
}
const reasoning = like<sdk.RealtimeReasoning>({ effort: oneOf('minimal', 'low', 'medium', 'high', 'xhigh') })

const turnDetection = variants('type', {
  server_vad: like<sdk.RealtimeAudioInputTurnDetection.ServerVad>({
    'type!': anything,
    threshold: number(0, 1),
    prefix_padding_ms: number(0, 5000, true),
    silence_duration_ms: number(0, 10_000, true),
    idle_timeout_ms: orNull(number(5000, 30_000, true)),
    create_response: flag,
    interrupt_response: flag,
  }),
  semantic_vad: like<sdk.RealtimeAudioInputTurnDetection.SemanticVad>({
    'type!': anything,
    eagerness: oneOf('low', 'medium', 'high', 'auto'),
    create_response: flag,
    interrupt_response: flag,
  }),
})

const transcription = like<sdk.AudioTranscription>({
  model: text,
  language: text,
  languages: list(text),
  prompt: text,
  keywords: list(text),
  delay: oneOf('minimal', 'low', 'medium', 'high', 'xhigh'),
})

const noiseReduction = orNull(
  like<sdk.RealtimeAudioConfigInput.NoiseReduction>({ type: oneOf('near_field', 'far_field'), strength: number(0, 1) }),
)

const session = variants('type', {
  realtime: like<sdk.RealtimeSessionCreateRequest>({
    'type!': anything,
    model: text,
    instructions: text,
    output_modalities: modalities,
    audio: like<sdk.RealtimeAudioConfig>({
      input: like<sdk.RealtimeAudioConfigInput>({
        format,
        noise_reduction: noiseReduction,
        transcription: orNull(transcription),
        turn_detection: orNull(turnDetection),
      }),
      output: like<sdk.RealtimeAudioConfigOutput>({ format, voice, speed: number(0.25, 1.5) }),
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

const response = like<sdk.RealtimeResponseCreateParams>({
  audio: like<sdk.RealtimeResponseCreateAudioOutput>({
    output: like<sdk.RealtimeResponseCreateAudioOutput.Output>({ format, voice }),
  }),
  conversation: oneOf('auto', 'none'),
  input: list(either(item, like<sdk.ResponseItemReference>({ 'type!': oneOf('item_reference'), 'id!': text }))),
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
  'session.update': like<sdk.SessionUpdateEvent>({ ...id, 'session!': session }),
  'input_audio_buffer.append': like<sdk.InputAudioBufferAppendEvent>({ ...id, 'audio!': base64 }),
  'input_audio_buffer.commit': like<sdk.InputAudioBufferCommitEvent>(id),
  'input_audio_buffer.clear': like<sdk.InputAudioBufferClearEvent>(id),
  'conversation.item.create': like<sdk.ConversationItemCreateEvent>({ ...id, 'item!': item, previous_item_id: text }),
  'conversation.item.retrieve': like<sdk.ConversationItemRetrieveEvent>({ ...id, 'item_id!': text }),
  'conversation.item.truncate': like<sdk.ConversationItemTruncateEvent>({
    ...id,
    'item_id!': text,
    'content_index!': number(0, 0, true),
    'audio_end_ms!': number(0, Number.MAX_SAFE_INTEGER, true),
  }),
  'conversation.item.delete': like<sdk.ConversationItemDeleteEvent>({ ...id, 'item_id!': text }),
  'response.create': like<sdk.ResponseCreateEvent>({ ...id, response }),
  'response.cancel': like<sdk.ResponseCancelEvent>({ ...id, response_id: text }),
} satisfies Partial<Record<sdk.RealtimeClientEvent['type'], Shape>>

/** `output_audio_buffer.clear` is for WebRTC and SIP only, and so is not among them. */
export type AcceptedEvent = Extract<sdk.RealtimeClientEvent, { type: keyof typeof events }>

const event = variants('type', events)

/** @throws {Refusal} in the API's words at the first fault */
export function parseClientEvent(raw: unknown): AcceptedEvent {
  event(raw, '')
  return raw as AcceptedEvent
}

/** A session that transcribes has no conversation to change and nothing to say. */
const transcriptionEvents = {
  'session.update': like<sdk.SessionUpdateEvent>({
    ...id,
    'session!': variants('type', {
      transcription: like<sdk.RealtimeTranscriptionSessionCreateRequest>({
        'type!': anything,
        audio: like<sdk.RealtimeTranscriptionSessionAudio>({
          input: like<sdk.RealtimeTranscriptionSessionAudioInput>({
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
} satisfies Partial<Record<sdk.RealtimeClientEvent['type'], Shape>>

const transcriptionEvent = variants('type', transcriptionEvents)

/** @throws {Refusal} in the API's words at the first fault */
export function parseTranscriptionEvent(
  raw: unknown,
): Extract<sdk.RealtimeClientEvent, { type: keyof typeof transcriptionEvents }> {
  transcriptionEvent(raw, '')
  return raw as Extract<sdk.RealtimeClientEvent, { type: keyof typeof transcriptionEvents }>
}
