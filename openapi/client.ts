import { type Operation, pathParameters } from './operation.ts'
import { type Input, type OperationId, type Output, operationIds, operations } from './operations.ts'
import type { Problem } from './schemas/problem.ts'

export interface ClientOptions {
  /** E.g. `http://127.0.0.1:8787`. */
  url: string
  key: string
  /** The platform's own when not given. */
  fetch?: typeof fetch
}

export interface RequestOptions {
  /** For operations that create: a repeat with the same key and body gets the same answer. */
  idempotencyKey?: string
  /** Gives up on the answer; what the server has begun, it ends. */
  signal?: AbortSignal
}

/**
 * One function an operation, named as in the contract. Each throws a `TalkifError` when the server refuses, a `ConnectionError` when
 * no Talkif server answers, and the signal's reason when it was aborted.
 */
export type Client = {
  [K in OperationId]: (input: Input<K>, options?: RequestOptions) => Promise<Output<K>>
}

/** A request that the server refused; `problem` says what happened and what to do next. */
export class TalkifError extends Error {
  override name = 'TalkifError'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.title}: ${problem.detail} ${problem.suggested_action}`)
    this.problem = problem
  }
}

/** Nobody answered, or not as Talkif does. Whether the request was executed is unknown: repeat it with the same idempotency key. */
export class ConnectionError extends Error {
  override name = 'ConnectionError'
  /** HTTP status of an answer that was not Talkif's. */
  readonly status: number | undefined
  constructor(message: string, { status, cause }: { status?: number; cause?: unknown } = {}) {
    super(message, { cause })
    this.status = status
  }
}

/** Whether a key can travel in a header; the ellipsis of a placeholder cannot. */
export const canBeKey = (key: string): boolean => /^[\x21-\x7e]+$/.test(key)

/** A typed client of the eight operations, made from their table. @throws TypeError for a key that can be none. */
export function createClient(options: ClientOptions): Client {
  if (!canBeKey(options.key))
    throw new TypeError('This is no API key: keys begin with tk_ and hold visible ASCII alone.')
  const functions = operationIds.map((id) => [
    id,
    (input: Record<string, unknown>, request?: RequestOptions) => send(options, operations[id], input, request),
  ])
  return Object.fromEntries(functions) as Client
}

async function send(
  options: ClientOptions,
  it: Operation,
  input: Record<string, unknown>,
  request: RequestOptions = {},
): Promise<unknown> {
  const { url, init } = requestOf(options, it, input, request)
  return exchange(options, url, init)
}

type Via = Pick<ClientOptions, 'url' | 'fetch'>

/** Sends a request and reads the JSON of its answer. @throws as the functions of `Client` do. */
export const exchange = async (options: Via, url: string, init: RequestInit): Promise<unknown> =>
  jsonOf(options, await accepted(options, url, init), init)

/** Sends a request; the answer, unread, is a success. @throws as the functions of `Client` do. */
export async function accepted(options: Via, url: string, init: RequestInit): Promise<Response> {
  const { fetch: via = fetch } = options
  const response = await via(url, init).catch((cause) => {
    if (init.signal?.aborted) throw cause
    throw new ConnectionError(`${options.url} could not be reached.`, { cause })
  })
  if (response.ok) return response
  const answer = await jsonOf(options, response, init)
  throw isProblem(answer) ? new TalkifError(answer) : notTalkif(options, response)
}

const jsonOf = (options: Via, response: Response, init: RequestInit): Promise<unknown> =>
  response.json().catch((cause) => {
    if (init.signal?.aborted) throw cause
    throw notTalkif(options, response, cause)
  })

function requestOf(
  { url, key }: ClientOptions,
  it: Operation,
  input: Record<string, unknown>,
  request: RequestOptions,
) {
  const inPath = pathParameters(it)
  const path = inPath.reduce(
    (text, name) => text.replace(`{${name}}`, encodeURIComponent(String(input[name]))),
    it.path,
  )
  const rest = Object.entries(input).filter(([name, value]) => !inPath.includes(name) && value !== undefined)
  const hasBody = it.method === 'post'
  const query = hasBody
    ? ''
    : `${new URLSearchParams(rest.map(([name, value]): [string, string] => [name, String(value)]))}`
  const headers: Record<string, string> = { authorization: `Bearer ${key}` }
  if (hasBody) headers['content-type'] = 'application/json'
  if (request.idempotencyKey) headers['idempotency-key'] = request.idempotencyKey
  return {
    url: `${url.replace(/\/+$/, '')}${path}${query ? `?${query}` : ''}`,
    init: {
      method: it.method.toUpperCase(),
      headers,
      ...(hasBody ? { body: JSON.stringify(Object.fromEntries(rest)) } : {}),
      ...(request.signal ? { signal: request.signal } : {}),
    },
  }
}

/** Whether an answer is a problem (RFC 9457) as Talkif tells it. */
export const isProblem = (answer: unknown): answer is Problem =>
  typeof answer === 'object' && answer !== null && 'code' in answer && 'suggested_action' in answer

const notTalkif = ({ url }: Via, { status }: Response, cause?: unknown) =>
  new ConnectionError(`${url} answered ${status}, but not as a Talkif server does.`, { status, cause })
