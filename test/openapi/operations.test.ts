import { getRefId } from '@asteasolutions/zod-to-openapi'
import { describe, expect, test } from 'vitest'
import { covers, eventNames, events } from '../../openapi/events.ts'
import { problemsOf } from '../../openapi/failures.ts'
import { readShape } from '../../openapi/faults.ts'
import { kebab, type Operation, pathParameters, scopes, snake } from '../../openapi/operation.ts'
import { operationIds, operations } from '../../openapi/operations.ts'
import { problemCodes, problems } from '../../openapi/schemas/problem.ts'

describe('the table of operations', () => {
  test.each(operationIds)('%s is whole', (id) => {
    const it: Operation = operations[id]
    expect(it.path).toMatch(/^\/v1\/[a-z]+(\/\{[a-z]+\})?$/)
    for (const name of pathParameters(it)) {
      expect(Object.keys(it.input.shape)).toContain(name)
      expect(it.input.shape[name]!.safeParse(undefined).success, `${name} travels in the path: it is needed`).toBe(
        false,
      )
    }
    expect(scopes).toContain(it.scope)
    for (const code of problemsOf(it)) expect(problemCodes).toContain(code)
    expect(new Set(problemsOf(it)).size).toBe(problemsOf(it).length)
    expect(it.problems).toContain('invalid_request')
    expect(pathParameters(it).length > 0).toBe(it.problems.includes('not_found'))
    for (const text of [it.summary, it.description]) expect(text).toMatch(/\.$/)
    expect(getRefId(it.output)).toMatch(/^[A-Z]\w+$/)
    if (it.method === 'post') expect(getRefId(it.input)).toMatch(/^[A-Z]\w+$/)
    expect(it.hints.readOnly ?? false).toBe(it.method === 'get')
    expect(it.hints.destructive).toBe(it.method === 'delete')
    expect(it.success).toBeGreaterThanOrEqual(200)
    expect(it.success).toBeLessThan(300)
    // Unknown members are refused, and by name.
    const { data, faults } = readShape(it.input, { ...it.examples.input, 'no such~/field': 1 })
    expect(data).toBe(undefined)
    expect(faults).toEqual([
      {
        pointer: '/no such~0~1field',
        code: 'invalid_request',
        detail: expect.stringMatching(/^There is no field no such~\/field here; known: [\w, ]+\.$/),
      },
    ])
  })

  test('names are one name in every casing, unique, and short enough for every client of MCP', () => {
    expect(operationIds.map(kebab)).toEqual([
      'create-lead',
      'get-call',
      'upsert-flow',
      'get-flow',
      'create-list',
      'list-numbers',
      'upsert-handoff',
      'cancel-lead',
    ])
    expect(operationIds.map(snake)).toEqual(operationIds.map((id) => kebab(id).replaceAll('-', '_')))
    for (const name of operationIds.map(snake)) expect(name).toMatch(/^[a-z0-9_]{1,64}$/)
    const routes = operationIds.map((id) => `${operations[id].method} ${operations[id].path}`)
    expect(new Set(routes).size).toBe(operationIds.length)
  })

  test('every scope but the administrator’s is of use', () => {
    const used = new Set<string>(operationIds.map((id) => operations[id].scope))
    expect(scopes.filter((scope) => !used.has(scope))).toEqual(['workspace:admin'])
  })
})

describe('problems', () => {
  test.each(problemCodes)('%s says in one sentence what to do next', (code) => {
    const [status, title, action] = problems[code]
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(600)
    expect(title).toMatch(/^[A-Z][^.]+$/)
    expect(action).toMatch(/^[A-Z].*\.$/)
    expect(action.match(/[.!?](?=\s+[A-Z])/g)).toBe(null)
  })

  test('the statuses are those of the contract', () => {
    expect(Object.fromEntries(problemCodes.map((code) => [code, problems[code][0]]))).toEqual({
      unauthenticated: 401,
      forbidden: 403,
      quota_exceeded: 402,
      not_found: 404,
      already_dialed: 409,
      permanent: 409,
      plan_changed: 409,
      idempotency_conflict: 409,
      idempotency_mismatch: 422,
      invalid_request: 422,
      consent_required: 422,
      phone_invalid: 422,
      opted_out: 422,
      no_flow_matches: 422,
      flow_invalid: 422,
      payload_too_large: 413,
      lead_invalid: 422,
      method_not_allowed: 405,
      unsupported_media_type: 415,
      malformed_json: 400,
      rate_limited: 429,
      unavailable: 503,
    })
  })

  test('shape comes before consent, then the phone, what does not add up, an opt-out, and the flow', () => {
    const inOrder = [
      'invalid_request',
      'consent_required',
      'phone_invalid',
      'lead_invalid',
      'opted_out',
      'no_flow_matches',
    ] as const
    const places = inOrder.map((code) => problemCodes.indexOf(code))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
  })
})

describe('events', () => {
  test('each payload names its event, and carries what all carry', () => {
    for (const name of eventNames) {
      const { shape } = events[name].payload
      expect(shape.event.value).toBe(name)
      expect(Object.keys(shape).slice(0, 7)).toEqual([
        'event',
        'id',
        'created_at',
        'test',
        'call_id',
        'lead_id',
        'flow_id',
      ])
    }
  })

  test('subscriptions take a name, a family, or everything', () => {
    const covered = (pattern: string) => eventNames.filter((name) => covers(pattern, name))
    expect(covered('*')).toEqual(eventNames)
    expect(covered('outcome.*')).toEqual(eventNames.filter((name) => name.startsWith('outcome.')))
    expect(covered('call.*')).toEqual(['call.started', 'call.answered'])
    expect(covered('lead.created')).toEqual(['lead.created'])
    expect(covered('outcome.book')).toEqual([])
    expect(covered('outcome')).toEqual([])
    expect(covered('')).toEqual([])
  })
})
