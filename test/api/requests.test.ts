import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect } from 'vitest'
import { zonesOf } from '../../runtime/guardrails/lead-zone.ts'
import { type Desk, lead, rows, somebody, test } from './desk.ts'

const json = { 'content-type': 'application/json' }
const pointersOf = (body: { errors?: { pointer: string }[] }) => (body.errors ?? []).map(({ pointer }) => pointer)
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

describe('a method that a path does not have', () => {
  test.for([
    ['PUT', '/v1/leads', 'POST'],
    ['GET', '/v1/leads', 'POST'],
    ['POST', `/v1/leads/lead_${'0'.repeat(26)}`, 'DELETE'],
    ['DELETE', `/v1/calls/call_${'0'.repeat(26)}`, 'GET, HEAD'],
    ['PATCH', '/v1/numbers', 'GET, HEAD'],
    ['PATCH', '/workspace', 'GET, HEAD, PUT'],
    ['PROPFIND', '/v1/flows', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['POST', '/llms.txt', 'GET, HEAD'],
  ] as const)('%s %s: the ones it has are named', async ([method, path, allow], { desk }) => {
    for (const asker of [desk, desk.with(undefined)]) {
      const { status, headers, body } = await asker.send(path, { method })
      expect([status, body.code, headers.get('allow')]).toEqual([405, 'method_not_allowed', allow])
      expect(body.detail).toContain(`${method} is not possible at ${path}`)
    }
  })

  test('a browser that follows a link to one is told so too', async ({ desk }) => {
    const { status, body } = await desk.get('/v1/leads', { accept: 'text/html' })
    expect([status, body.code]).toEqual([405, 'method_not_allowed'])
  })

  test('HEAD is GET without its body, and OPTIONS names the methods', async ({ desk }) => {
    const [head, get] = await Promise.all(
      ['HEAD', 'GET'].map((method) =>
        fetch(`${desk.url}/v1/numbers`, { method, headers: { authorization: `Bearer ${desk.key}` } }),
      ),
    )
    expect([head!.status, await head!.text()]).toEqual([200, ''])
    for (const name of ['etag', 'cache-control', 'content-type'])
      expect(head!.headers.get(name)).toBe(get!.headers.get(name))
    const known = await fetch(`${desk.url}/v1/numbers`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${desk.key}`, 'if-none-match': get!.headers.get('etag')! },
    })
    expect(known.status).toBe(304)
    for (const [path, allow] of [
      ['/v1/leads', 'POST'],
      ['/workspace', 'GET, HEAD, PUT'],
      ['/llms.txt', 'GET, HEAD, OPTIONS'],
    ] as const) {
      const answer = await fetch(`${desk.url}${path}`, { method: 'OPTIONS' })
      expect([answer.status, answer.headers.get('allow')]).toEqual([204, allow])
    }
    expect((await fetch(`${desk.url}/nowhere`, { method: 'OPTIONS' })).status).toBe(404)
  })
})

describe('what travels beside the body', () => {
  test('a query on a POST is refused by name, and nothing is stored', async ({ desk, served }) => {
    const before = await rows(served)
    const body = { ...lead, phone: somebody() }
    const wrong = await desk.post('/v1/leads?dry_run=true&source=web_form&a/b=', body)
    expect([wrong.status, wrong.body.code, pointersOf(wrong.body)]).toEqual([
      422,
      'invalid_request',
      ['/dry_run', '/source', '/a~1b'],
    ])
    expect(wrong.body.errors[0].detail).toBe('There is no query parameter dry_run here.')
    expect(wrong.body.errors[1].detail).toBe('source belongs into the body, not into the query.')
    expect((await desk.with(undefined).post('/v1/leads?x=1', body)).status).toBe(401)
    expect(await rows(served)).toEqual(before)
    expect((await desk.post('/v1/leads?', body)).status).toBe(202)
  })

  test('a body on DELETE and GET is not read, and leaves the connection as it was', async ({ desk }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const bodies = ['{"force": true}', 'not json', gzipSync('{}')]
    for (const sent of bodies) {
      const answer = await desk.send(`/v1/leads/${body.lead_id}`, { method: 'DELETE', body: sent, headers: json })
      expect([answer.status, answer.body.status]).toEqual([200, 'cancelled'])
      expect((await desk.get('/v1/numbers')).status).toBe(200)
    }
    // `fetch` gives GET no body.
    const status = await new Promise((resolve, reject) => {
      const headers = { ...json, authorization: `Bearer ${desk.key}`, 'content-length': '2' }
      const asked = request(`${desk.url}/v1/numbers`, { method: 'GET', headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      })
      asked.on('error', reject).end('{}')
    })
    expect(status).toBe(200)
  })
})

describe('how a body is written', () => {
  const send = (
    desk: Desk,
    body: NonNullable<RequestInit['body']>,
    headers: Record<string, string>,
    path = '/v1/leads',
  ) => desk.send(path, { method: 'POST', body, headers: { ...json, ...headers } })

  test('compressed bodies are refused by the name of their coding', async ({ desk, served }) => {
    const before = await rows(served)
    for (const path of ['/v1/leads', '/v1/lists', '/v1/flows', '/workspace/keys']) {
      const answer = await send(desk, gzipSync(JSON.stringify({ ...lead })), { 'content-encoding': 'gzip' }, path)
      expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type'])
      expect(answer.body.detail).toContain('gzip')
      expect(answer.body.suggested_action).toBe('Send the body without `Content-Encoding`.')
      expect(answer.headers.get('accept-encoding')).toBe('identity')
    }
    const yaml = { 'content-type': 'application/yaml', 'content-encoding': 'br' }
    expect((await send(desk, 'id: flow_a\n', yaml, '/v1/flows')).body.detail).toContain('br')
    expect(await rows(served)).toEqual(before)
    const body = JSON.stringify({ ...lead, phone: somebody() })
    expect((await send(desk, body, { 'content-encoding': 'identity' })).status).toBe(202)
  })

  test('another charset than UTF-8 is refused, and so are bytes that are none', async ({ desk, served }) => {
    const before = await rows(served)
    for (const type of ['application/json; charset=latin1', 'application/json;charset="ISO-8859-9"']) {
      const { status, body } = await send(desk, '{}', { 'content-type': type })
      expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
      expect(body.detail).toMatch(/latin1|ISO-8859-9/)
    }
    const latin5 = Buffer.from(
      JSON.stringify({ ...lead, phone: somebody(), name: 'Ayşe' }).replace('ş', '\u00fe'),
      'latin1',
    )
    const bytes = await send(desk, latin5, {})
    expect([bytes.status, bytes.body.code, bytes.body.detail]).toEqual([
      400,
      'malformed_json',
      'The body is not UTF-8.',
    ])
    expect(await rows(served)).toEqual(before)
    for (const type of ['application/json; charset="UTF-8"', 'application/json; charset=utf8; x=1'])
      expect((await send(desk, JSON.stringify({ ...lead, phone: somebody() }), { 'content-type': type })).status).toBe(
        202,
      )
    const marked = `\ufeff${JSON.stringify({ ...lead, phone: somebody() })}`
    expect((await send(desk, marked, {})).status).toBe(202)
  })

  test('YAML by another name is not YAML', async ({ desk }) => {
    const { status, body } = await send(desk, 'id: a\n', { 'content-type': 'application/yamlish' }, '/v1/flows')
    expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
  })
})

describe('times of a lead', () => {
  const consentOf = (captured_at: string) => ({ granted: true, text: 'Call me.', captured_at })

  test('a clock that goes a little fast is no future, a quarter of an hour is', async ({ desk }) => {
    const minutes = (n: number) => ({ ...lead, phone: somebody(), consent: consentOf(inDays(n / 1440)) })
    expect((await desk.post('/v1/leads', minutes(4))).status).toBe(202)
    expect((await desk.post('/v1/leads', minutes(15))).body.code).toBe('lead_invalid')
  })

  test('a lead may ask for a call within a year, or for one in the past', async ({ desk }) => {
    const on = (not_before: string) => desk.post('/v1/leads', { ...lead, phone: somebody(), not_before })
    expect((await on(inDays(364))).body).toMatchObject({ status: 'held' })
    expect((await on(inDays(366))).body).toMatchObject({
      code: 'lead_invalid',
      detail: 'not_before must be at most 365 days ahead.',
    })
    expect((await on('2020-01-01T00:00:00Z')).status).toBe(202)
    expect((await on('9999-01-01T00:00:00Z')).body.detail).toContain('in a year from 1900 to 2099')
  })

  test('both spellings of call_within may be sent when they say the same', async ({ desk }) => {
    const within = { call_within: 60, call_within_seconds: 60 }
    expect((await desk.post('/v1/leads', { ...lead, phone: somebody(), ...within })).status).toBe(202)
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody(), ...within, call_within: 30 })
    expect(body.detail).toBe('call_within is 30 and call_within_seconds is 60, which mean the same: send one of them.')
  })

  test('every consent of a list is judged, also the common one', async ({ desk }) => {
    const common = { flow_id: 'flow_pricing_v3', consent: consentOf(inDays(30)) }
    const leads = [{ phone: somebody() }, { phone: somebody(), consent: true }]
    const { body } = await desk.post('/v1/lists', { ...common, leads })
    expect(body.results.map(({ status, reason }: { status: string; reason: string }) => [status, reason])).toEqual([
      ['rejected', 'lead_invalid'],
      ['queued', null],
    ])
  })

  test('a zone is the same in every spelling, and the number’s state stays with it', async () => {
    const florida = '+13055550100'
    const { subdivision } = await zonesOf(florida)
    expect(subdivision).toBe('FL')
    for (const timeZone of ['America/New_York', 'america/new_york', 'US/Eastern'])
      expect((await zonesOf(florida, { timeZone })).subdivision, timeZone).toBe('FL')
    expect((await zonesOf(florida, { timeZone: 'Europe/Paris' })).subdivision).toBe(null)
  })
})
