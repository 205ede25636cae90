import type { ServerResponse } from 'node:http'
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParams,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import type { Timers } from '../timers.ts'
import { newId, parsed, told } from './conversation.ts'
import { type Context, type MindItem, type Step, think } from './mind.ts'

export interface ChatOptions {
  response: ServerResponse
  /** On the engine's pace. */
  timers: Timers
  /** From request to first output, in milliseconds of conversation. */
  latencyMs: number
  /** Epoch seconds. */
  created: number
}

/** A model writes about fifty words a second. */
const WORD_MS = 20
/** What somebody was interrupted at ends with it. */
const CUT = /\s*—$/

/** Streams one completion: SDK type `ChatCompletionChunk`, as server-sent events. */
export function complete(
  { response, timers, latencyMs, created }: ChatOptions,
  params: ChatCompletionCreateParams,
): void {
  const base = { id: newId('chatcmpl'), object: 'chat.completion.chunk' as const, created, model: params.model }
  const send = (
    delta: ChatCompletionChunk.Choice.Delta,
    finish_reason: ChatCompletionChunk.Choice['finish_reason'] = null,
  ) => {
    const chunk: ChatCompletionChunk = { ...base, choices: [{ index: 0, delta, finish_reason, logprobs: null }] }
    response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  const deltas: ChatCompletionChunk.Choice.Delta[] = []
  const steps = think(contextOf(params))
  let calls = 0
  for (const step of steps)
    deltas.push(...('say' in step ? spoken(step.say, deltas.length > 0) : called(step, calls++)))

  timers.after(latencyMs, () => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'x-request-id': newId('req') })
    send({ role: 'assistant', content: '', refusal: null })
    next()
  })

  function next(): void {
    const delta = deltas.shift()
    if (delta) {
      send(delta)
      timers.after(WORD_MS, next)
      return
    }
    send({}, calls > 0 ? 'tool_calls' : 'stop')
    response.end('data: [DONE]\n\n')
  }
}

const spoken = (text: string, isMore: boolean): ChatCompletionChunk.Choice.Delta[] =>
  (`${isMore ? ' ' : ''}${text}`.match(/\s*\S+/g) ?? []).map((content) => ({ content }))

function called({ call, args }: Extract<Step, { call: string }>, index: number): ChatCompletionChunk.Choice.Delta[] {
  const pieces = JSON.stringify(args).match(/.{1,24}/gs) ?? []
  const id = newId('call')
  return [
    { tool_calls: [{ index, id, type: 'function', function: { name: call, arguments: '' } }] },
    ...pieces.map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ]
}

/** A note of the platform at the very end says what this one completion is to be; elsewhere it is news. */
function contextOf({ messages, tools = [], tool_choice }: ChatCompletionCreateParams): Context {
  const [first, ...rest] = messages
  const last = rest.at(-1)
  const override = last?.role === 'system' && told(parsed(textOf(last))) === undefined ? textOf(last) : undefined
  return {
    instructions: first ? textOf(first) : '',
    override,
    tools: tools.flatMap((tool) =>
      tool.type === 'function'
        ? [
            {
              name: tool.function.name,
              description: tool.function.description ?? '',
              parameters: tool.function.parameters,
            },
          ]
        : [],
    ),
    mayCall: tool_choice !== 'none',
    items: rest.flatMap(mindItems),
  }
}

function mindItems(message: ChatCompletionMessageParam): MindItem[] {
  const text = textOf(message)
  switch (message.role) {
    case 'user':
      return [{ kind: 'heard', text }]
    case 'assistant':
      return [
        ...(text === '' ? [] : [{ kind: 'said' as const, text: text.replace(CUT, ''), cut: CUT.test(text) }]),
        ...(message.tool_calls ?? []).flatMap((call): MindItem[] =>
          call.type === 'function'
            ? [{ kind: 'called', name: call.function.name, callId: call.id, args: parsed(call.function.arguments) }]
            : [],
        ),
      ]
    case 'tool':
      return [{ kind: 'output', callId: message.tool_call_id, output: parsed(text) }]
    default:
      return [told(parsed(text)) ?? []].flat()
  }
}

function textOf({ content }: ChatCompletionMessageParam): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => ('text' in part ? part.text : '')).join('')
}
