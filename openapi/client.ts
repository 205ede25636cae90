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
  signal?: AbortSignal
}

/** One function an operation, named as in the contract. */
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

/** A typed client of the eight operations, made from their table. */
export function createClient(options: ClientOptions): Client {
  const functions = operationIds.map((id) => [
    id,
    (input: Record<string, unknown>, request?: RequestOptions) => send(options, operations[id], input, request),
  ])
  return Object.fromEntries(functions) as Client
}

async function send(
  { url, key, fetch: via = fetch }: ClientOptions,
  it: Operation,
  input: Record<string, unknown>,
  { idempotencyKey, signal }: RequestOptions = {},
): Promise<unknown> {
  const inPath = pathParameters(it)
  const path = inPath.reduce(
    (text, name) => text.replace(`{${name}}`, encodeURIComponent(String(input[name]))),
    it.path,
  )
  const rest = Object.entries(input).filter(([name, value]) => !inPath.includes(name) && value !== undefined)
  const isPost = it.method === 'post'
  const query = isPost
    ? ''
    : new URLSearchParams(rest.map(([name, value]): [string, string] => [name, String(value)])).toString()
  const response = await via(`${url}${path}${query ? `?${query}` : ''}`, {
    method: it.method.toUpperCase(),
    headers: {
      authorization: `Bearer ${key}`,
      ...(isPost ? { 'content-type': 'application/json' } : {}),
      ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
    },
    ...(isPost ? { body: JSON.stringify(Object.fromEntries(rest)) } : {}),
    ...(signal ? { signal } : {}),
  })
  const answer = await response.json()
  if (!response.ok) throw new TalkifError(answer as Problem)
  return answer
}
