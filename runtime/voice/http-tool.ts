import type { FlowTool } from '../../openapi/schemas/flow-document.ts'
import { z } from '../../openapi/zod.ts'
import { type FetchOutside, OutboundFailed } from '../outbound.ts'
import { MAX_ANSWER, type ToolAnswer, type ToolLimits } from './tool-answer.ts'

export type HttpTool = Extract<FlowTool, { kind: 'http' }>
type Args = Record<string, unknown>

export interface HttpToolRun extends ToolLimits {
  fetchOutside: FetchOutside
  /** Fills in the secrets of a text. */
  resolve(text: string): string
}

/**
 * One request, with the input in the URL's `{fields}`, and what is left of it in the query (GET, DELETE) or a JSON body. The answer is
 * JSON or text, of 64 kB at most. Never rejects: no answer, or one that is not 2xx, is an error in one sentence.
 */
export async function runHttpTool(tool: HttpTool, args: Args, run: HttpToolRun): Promise<ToolAnswer> {
  const request = requestOf(tool, args, run.resolve)
  if (typeof request === 'string') return { error: request }
  const { url, ...given } = request
  try {
    const { timeoutMs, signal } = run
    const response = await run.fetchOutside(url, { ...given, timeoutMs, signal, maxBytes: MAX_ANSWER })
    const { status } = response
    if (!response.ok) return { status, error: `The server answered ${status}.` }
    return { status, data: bodyOf(await response.text()) }
  } catch (error) {
    if (!(error instanceof OutboundFailed)) throw error
    return { error: `There was no answer: ${error.message}.` }
  }
}

/** JSON as what it says, anything else as text. */
function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The request, or why there can be none. */
function requestOf({ method, url, headers, input }: HttpTool, args: Args, resolve: HttpToolRun['resolve']) {
  const wrong = input && faultOf(input, args)
  if (wrong) return wrong
  const used = new Set<string>()
  // Before the secrets, so that no input can ask for one.
  const filled = url.replace(/(?<!\$)\{([^{}]*)\}/g, (_, name: string) => {
    used.add(name)
    return encodeURIComponent(textOf(args[name]))
  })
  const whole = URL.parse(resolve(filled))
  const shape = URL.parse(resolve(url.replace(/(?<!\$)\{[^{}]*\}/g, 'x')))
  if (!whole || !shape) return 'The URL of this tool cannot be used.'
  // A ".." would lead elsewhere.
  if (whole.pathname.split('/').length !== shape.pathname.split('/').length) {
    return `${[...used].join(' and ')} cannot be used.`
  }
  const rest = Object.entries(args).filter(([name]) => !used.has(name))
  const own = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, resolve(text)]))
  const accepting = { accept: 'application/json, text/plain;q=0.9, */*;q=0.5', ...own }
  if (method === 'GET' || method === 'DELETE') {
    for (const [name, value] of rest) whole.searchParams.append(name, textOf(value))
    return { method, url: whole.href, headers: accepting }
  }
  const body = JSON.stringify(Object.fromEntries(rest))
  return { method, url: whole.href, headers: { ...accepting, 'content-type': 'application/json' }, body }
}

/** What is wrong with a model's arguments, in a sentence by which it can mend them; undefined when nothing is. */
function faultOf(input: Record<string, unknown>, args: Args): string | undefined {
  const required = Array.isArray(input.required) ? (input.required as string[]) : []
  const missing = required.find((name) => args[name] === undefined || args[name] === null || args[name] === '')
  if (missing !== undefined) return `${missing} is missing.`
  const [issue] = z.fromJSONSchema(input).safeParse(args).error?.issues ?? []
  return issue && `${issue.path.join('.') || 'The input'} cannot be used: ${issue.message}.`
}

const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
