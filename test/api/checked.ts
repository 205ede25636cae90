import { expect } from 'vitest'
import type { z } from 'zod'
import { problemsOf } from '../../openapi/failures.ts'
import { type Operation, pathParameters } from '../../openapi/operation.ts'
import { operationIds, operations } from '../../openapi/operations.ts'
import { Problem } from '../../openapi/schemas/problem.ts'
import { WorkspaceView } from '../../openapi/schemas/workspace.ts'

/** What a page about a problem, or any answer, must never show. */
const internals =
  /node_modules|\bat \S+ \(|\.ts:\d|\bstack\b|postgres|pg-?boss|\bdrizzle|\bselect\b.+\bfrom\b|\binsert into\b|violates/i

const operationOf = (method: string, path: string): Operation | undefined =>
  operationIds
    .map((id): Operation => operations[id])
    .find((it) => it.method.toUpperCase() === method && patternOf(it).test(path))

const patternOf = (it: Operation) =>
  new RegExp(`^${pathParameters(it).reduce((path, name) => path.replace(`{${name}}`, '[^/]+'), it.path)}$`)

/** `body` is what the schema says and nothing besides: outputs are printed open, but what we send is all written down. */
export function expectExactly(schema: z.ZodType, body: unknown): void {
  expect(schema.parse(body)).toStrictEqual(body)
}

/** Which problem pages have been seen to be served. */
const served = new Set<string>()

/**
 * `fetch` that holds every answer of the API against the contract: the output's or the problem's schema, the status, the codes the
 * operation may answer with, Request-Id, the media type, and that nothing of the inside shows.
 */
export const checkedFetch: typeof fetch = async (input, init) => {
  const url = new URL(String(input))
  const method = init?.method?.toUpperCase() ?? 'GET'
  const response = await fetch(input, init)
  const what = `${method} ${url.pathname} → ${response.status}`
  expect(response.headers.get('request-id'), what).toMatch(/^req_[0-9a-z]{26}$/)
  const operation = operationOf(method, url.pathname)
  if (response.status === 304) {
    expect(await response.clone().text(), what).toBe('')
    return response
  }
  if (response.status >= 400) {
    const problem = await expectProblem(url.origin, response.clone(), what)
    if (operation) expect(problemsOf(operation), what).toContain(problem.code)
    return response
  }
  if (operation) {
    expect([operation.success, ...Object.keys(operation.successes ?? {}).map(Number)], what).toContain(response.status)
    expect(response.headers.get('content-type'), what).toBe('application/json')
    expectExactly(operation.output, await response.clone().json())
    if (method === 'GET') expect(response.headers.get('etag'), what).toMatch(/^(W\/)?"[\w-]+"$/)
  }
  if (url.pathname === '/workspace') expectExactly(WorkspaceView, await response.clone().json())
  return response
}

async function expectProblem(origin: string, response: Response, what: string): Promise<Problem> {
  expect(response.headers.get('content-type'), what).toBe('application/problem+json')
  const text = await response.text()
  expect(text, what).not.toMatch(internals)
  const problem = JSON.parse(text) as Problem
  expectExactly(Problem, problem)
  expect(problem.status, what).toBe(response.status)
  expect(problem.request_id, what).toBe(response.headers.get('request-id'))
  expect(problem.type, what).toBe(`${origin}/docs/problems/${problem.code}`)
  expect(problem.detail, what).not.toBe('')
  expect(response.headers.has('www-authenticate'), what).toBe(response.status === 401)
  expect(problem.suggested_action, what).not.toContain('Retry-After')
  const wait = /^Wait (\d+) seconds, /.exec(problem.suggested_action)?.[1] ?? null
  expect(response.headers.get('retry-after'), what).toBe(wait)
  expect(response.headers.get('allow') !== null, what).toBe(response.status === 405)
  for (const fault of problem.errors ?? []) expect(fault.pointer, what).toMatch(/^(\/([^~]|~[01])*)?$/)
  if (!served.has(problem.type)) {
    const page = await fetch(problem.type)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain(`<code>${problem.code}</code>, HTTP ${problem.status}`)
    served.add(problem.type)
  }
  return problem
}

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every operation
  body: any
}

export interface Door {
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  put(path: string, body: unknown): Promise<Answer>
  delete(path: string): Promise<Answer>
  /** Whatever request; the key and the check are added. */
  send(path: string, init: RequestInit): Promise<Answer>
}

/** Raw HTTP at `url` with `key`, every answer checked. */
export function door(url: string, key: string | undefined): Door {
  const send: Door['send'] = async (path, init) => {
    const headers = { ...(key ? { authorization: `Bearer ${key}` } : {}), ...(init.headers as Record<string, string>) }
    const response = await checkedFetch(`${url}${path}`, { ...init, headers })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, body: isJson && text ? JSON.parse(text) : text }
  }
  const json = { 'content-type': 'application/json' }
  return {
    send,
    get: (path, headers) => send(path, { headers }),
    post: (path, body, headers) =>
      send(path, { method: 'POST', body: JSON.stringify(body), headers: { ...json, ...headers } }),
    put: (path, body) => send(path, { method: 'PUT', body: JSON.stringify(body), headers: json }),
    delete: (path) => send(path, { method: 'DELETE' }),
  }
}
