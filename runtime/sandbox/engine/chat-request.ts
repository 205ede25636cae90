import type { ChatCompletionCreateParams, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import {
  anything,
  argumentsSchema,
  either,
  flag,
  json,
  list,
  number,
  object,
  oneOf,
  orNull,
  Refusal,
  type Shape,
  text,
  variants,
} from './shape.ts'

/** A chat completion's request, field by field, after the SDK's own types (`ChatCompletionCreateParams` and below). */

const content = either(text, list(variants('type', { text: object({ 'type!': anything, 'text!': text }) })))
const call = variants('type', {
  function: object({
    'type!': anything,
    'id!': text,
    'function!': object({ 'name!': text, 'arguments!': text }),
  }),
})
const common = { 'role!': anything, name: text }

const message = variants('role', {
  system: object({ ...common, 'content!': content }),
  developer: object({ ...common, 'content!': content }),
  user: object({ ...common, 'content!': content }),
  assistant: object({ ...common, content: orNull(content), refusal: orNull(text), tool_calls: list(call) }),
  tool: object({ 'role!': anything, 'content!': content, 'tool_call_id!': text }),
})

/** "The name of the function to be called. Must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64." */
const functionName: Shape = (value, at) => {
  text(value, at)
  if (/^[\w-]{1,64}$/.test(value as string)) return
  const message = `Invalid '${at}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`
  throw new Refusal('invalid_value', message, at)
}
const tool = variants('type', {
  function: object({
    'type!': anything,
    'function!': object({
      'name!': functionName,
      description: text,
      parameters: argumentsSchema,
      strict: orNull(flag),
    }),
  }),
})
const filled: Shape = (value, at) => {
  list(anything)(value, at)
  if ((value as unknown[]).length > 0) return
  const message = `Invalid '${at}': empty array. Expected an array with minimum length 1, but got an empty array instead.`
  throw new Refusal('empty_array', message, at)
}
const both =
  (first: Shape, second: Shape): Shape =>
  (value, at) => {
    first(value, at)
    second(value, at)
  }

const request = object({
  'model!': text,
  'messages!': both(filled, list(message)),
  tools: both(filled, list(tool)),
  tool_choice: either(oneOf('none', 'auto', 'required'), variants('type', { function: json })),
  parallel_tool_calls: flag,
  stream: orNull(flag),
  stream_options: orNull(object({ include_usage: flag, include_obfuscation: flag })),
  max_completion_tokens: orNull(number(1, 1_000_000, true)),
  temperature: orNull(number(0, 2)),
  top_p: orNull(number(0, 1)),
  frequency_penalty: orNull(number(-2, 2)),
  presence_penalty: orNull(number(-2, 2)),
  reasoning_effort: orNull(oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh')),
  verbosity: orNull(oneOf('low', 'medium', 'high')),
  service_tier: orNull(oneOf('auto', 'default', 'flex', 'priority')),
  safety_identifier: text,
  prompt_cache_key: text,
  metadata: orNull(json),
  store: orNull(flag),
  seed: orNull(number(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true)),
  user: text,
})

/** @throws {Refusal} in the API's words at the first fault */
export function parseChatRequest(raw: unknown): ChatCompletionCreateParams {
  request(raw, '')
  const params = raw as ChatCompletionCreateParams
  requireResults(params.messages)
  if (params.stream !== true) {
    throw new Refusal(
      'sandbox_unsupported',
      'The real API answers whole, the sandbox only with `stream: true`.',
      'stream',
    )
  }
  return params
}

/** Each call is followed by its results, and each result answers a call right before it. */
function requireResults(messages: ChatCompletionMessageParam[]): void {
  let open: string[] = []
  messages.forEach((message, at) => {
    if (message.role === 'tool') {
      if (!open.includes(message.tool_call_id)) {
        const text =
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
        throw new Refusal('invalid_request_error', text, `messages.[${at}].role`)
      }
      open = open.filter((id) => id !== message.tool_call_id)
      return
    }
    requireNone(open)
    if (message.role !== 'assistant') return
    open = (message.tool_calls ?? []).map(({ id }) => id)
    if (open.length === 0 && !message.content) {
      const text = `Invalid value for 'content': expected a string, got null.`
      throw new Refusal('invalid_type', text, `messages.[${at}].content`)
    }
  })
  requireNone(open)
}

function requireNone(open: string[]): void {
  if (open.length === 0) return
  const rule =
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
  const text = `${rule} The following tool_call_ids did not have response messages: ${open.join(', ')}`
  throw new Refusal('invalid_request_error', text, 'messages')
}
