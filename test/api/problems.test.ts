import { request } from 'node:http'
import { describe, expect } from 'vitest'
import { type Operation, pathParameters } from '../../openapi/operation.ts'
import { type OperationId, operationIds, operations } from '../../openapi/operations.ts'
import { eq, sql } from '../../runtime/db/drizzle.ts'
import { apiKeys } from '../../runtime/db/schema.ts'
import { checkedFetch } from './checked.ts'
import { type Desk, lead, rows, somebody, test } from './desk.ts'

const json = { 'content-type': 'application/json' }
const pointersOf = (body: { errors?: { pointer: string; code: string }[] }) =>
  (body.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`).toSorted()

/** A request of an operation that is well-formed in every way. */
function requestOf(id: OperationId): { path: string; init: RequestInit } {
  const it: Operation = operations[id]
  const input = it.examples.input
  const inPath = pathParameters(it)
  const path = inPath.reduce((text, name) => text.replace(`{${name}}`, String(input[name])), it.path)
  const body = it.method === 'post' ? { body: JSON.stringify(input), headers: json } : {}
  return { path, init: { method: it.method.toUpperCase(), ...body } }
}

const adminRoutes = [
  ['GET', '/workspace'],
  ['PUT', '/workspace'],
  ['GET', '/workspace/keys'],
  ['POST', '/workspace/keys'],
  ['DELETE', '/workspace/keys/key_01kb4t2m7ye8q9v3x5z6c7d8f9'],
  ['POST', '/workspace/webhooks/whe_01kb4t2m7ye8q9v3x5z6c7d8f9/rotate'],
  ['GET', '/workspace/dead-letters'],
  ['POST', '/workspace/deliveries/dlv_01kb4t2m7ye8q9v3x5z6c7d8f9/resend'],
  ['GET', '/workspace/dnc'],
  ['POST', '/workspace/dnc'],
] as const
const bodyOf = (method: string) => (['POST', 'PUT'].includes(method) ? { body: '{}', headers: json } : {})

describe('who is asking', () => {
  const wellFormed = `tk_test_${'a'.repeat(32)}`
  test.for([
    ['no key', {}],
    ['another scheme', { authorization: `Basic ${wellFormed}` }],
    ['nothing after the scheme', { authorization: 'Bearer' }],
    ['something else than a key', { authorization: 'Bearer hello' }],
    ['a key nobody has', { authorization: `Bearer ${wellFormed}` }],
    ['a key of 100 kB', { authorization: `Bearer tk_test_${'a'.repeat(10_000)}` }],
    ['quotes', { authorization: "Bearer tk_test_' or 1=1 --" }],
  ] as const)('%s is unauthenticated on every route', async ([, headers], { desk, served }) => {
    const before = await rows(served)
    const routes = [
      ...operationIds.map((id) => requestOf(id)),
      ...adminRoutes.map(([method, path]) => ({ path, init: { method, ...bodyOf(method) } })),
    ]
    for (const { path, init } of routes) {
      const withKey = { ...init, headers: { ...(init.headers as object), ...headers } }
      const { status, body } = await desk.with(undefined).send(path, withKey)
      expect([status, body.code, path]).toEqual([401, 'unauthenticated', path])
    }
    expect(await rows(served)).toEqual(before)
  })

  test('a revoked key is refused from that instant, and no other', async ({ desk }) => {
    const { id, key } = await desk.newKey()
    expect((await desk.with(key).get('/v1/numbers')).status).toBe(200)
    expect((await desk.delete(`/workspace/keys/${id}`)).status).toBe(204)
    expect((await desk.with(key).get('/v1/numbers')).body).toMatchObject({
      code: 'unauthenticated',
      detail: 'This API key was revoked.',
    })
    expect((await desk.get('/v1/numbers')).status).toBe(200)
    // Revoking again finds nothing to revoke.
    expect((await desk.delete(`/workspace/keys/${id}`)).body.code).toBe('not_found')
  })

  test('the scheme may be spelled in any case, the key in one only', async ({ desk }) => {
    const as = (authorization: string) => desk.with(undefined).get('/v1/numbers', { authorization })
    expect((await as(`bearer ${desk.key}`)).status).toBe(200)
    expect((await as(`BEARER   ${desk.key}`)).status).toBe(200)
    expect((await as(`Bearer ${desk.key.slice(0, -1)}`)).status).toBe(401)
    expect((await as(`Bearer ${desk.key}x`)).status).toBe(401)
    // A key of the other mode's spelling is another key.
    expect((await as(`Bearer ${desk.key.replace('test', 'live')}`)).status).toBe(401)
  })

  test('keys are kept as hashes only', async ({ desk, served }) => {
    const all = await served.runtime.db.select().from(apiKeys).where(eq(apiKeys.workspaceId, desk.workspaceId))
    expect(all.length).toBeGreaterThan(0)
    expect(JSON.stringify(all)).not.toContain(desk.key)
  })

  test.for(operationIds)('%s needs its scope, and its scope is enough', async (id, { desk }) => {
    const { scope } = operations[id]
    const all = [...new Set(operationIds.map((it) => operations[it].scope)), 'workspace:admin' as const]
    const lacking = await desk.newKey({ scopes: all.filter((it) => it !== scope) })
    const { path, init } = requestOf(id)
    const refused = await desk.with(lacking.key).send(path, init)
    expect(refused.status).toBe(403)
    expect(refused.body).toMatchObject({ code: 'forbidden', detail: `This key lacks the scope ${scope}.` })
    const enough = await desk.newKey({ scopes: [scope] })
    expect((await desk.with(enough.key).send(path, init)).status).not.toBe(403)
  })

  test.for(adminRoutes)('%s %s needs an administrator', async ([method, path], { desk }) => {
    const all = operationIds.map((it) => operations[it].scope)
    const { key } = await desk.newKey({ scopes: [...new Set(all)] })
    const { status, body } = await desk.with(key).send(path, { method, ...bodyOf(method) })
    expect([status, body.code, body.detail]).toEqual([403, 'forbidden', 'This key lacks the scope workspace:admin.'])
  })
})

describe('bodies that are not one', () => {
  const refusals: [name: string, init: RequestInit, code: string, status: number][] = [
    ['half an object', { body: '{"source": "web_form",', headers: json }, 'malformed_json', 400],
    ['nothing', { body: '', headers: json }, 'malformed_json', 400],
    ['single quotes', { body: "{'source': 'web_form'}", headers: json }, 'malformed_json', 400],
    ['two objects', { body: '{}{}', headers: json }, 'malformed_json', 400],
    ['a list', { body: '[]', headers: json }, 'invalid_request', 422],
    ['null', { body: 'null', headers: json }, 'invalid_request', 422],
    ['a string', { body: '"lead"', headers: json }, 'invalid_request', 422],
    ['a number', { body: '1', headers: json }, 'invalid_request', 422],
    [
      'a form',
      { body: 'source=web_form', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      'unsupported_media_type',
      415,
    ],
    ['text', { body: '{}', headers: { 'content-type': 'text/plain' } }, 'unsupported_media_type', 415],
    [
      'JSON of another kind',
      { body: '{}', headers: { 'content-type': 'application/json5' } },
      'unsupported_media_type',
      415,
    ],
    [
      'YAML where none is read',
      { body: 'a: 1', headers: { 'content-type': 'application/yaml' } },
      'unsupported_media_type',
      415,
    ],
    ['no type at all', { body: new Uint8Array([123, 125]) }, 'unsupported_media_type', 415],
  ]
  test.for(refusals)('%s', async ([, init, code, status], { desk, served }) => {
    const before = await rows(served)
    for (const path of ['/v1/leads', '/v1/lists', '/v1/handoffs']) {
      const answer = await desk.send(path, { method: 'POST', ...init })
      expect([answer.status, answer.body.code]).toEqual([status, code])
    }
    expect(await rows(served)).toEqual(before)
  })

  test('a charset beside the media type is fine', async ({ desk }) => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' }
    expect((await desk.post('/v1/leads', { ...lead, phone: somebody() }, headers)).status).toBe(202)
  })

  const limits = [
    ['/v1/leads', 256 * 1024],
    ['/v1/flows', 256 * 1024],
    ['/v1/handoffs', 256 * 1024],
    ['/v1/lists', 8 * 1024 * 1024],
  ] as const
  test.for(limits)(
    '%s takes %d bytes and not one more, said before or not',
    async ([path, limit], { desk, served }) => {
      const before = await rows(served)
      const padded = (bytes: number) => `{}${' '.repeat(bytes - 2)}`
      const sent = async (body: string, isChunked: boolean) => rawPost(`${desk.url}${path}`, desk.key, body, isChunked)
      for (const isChunked of [false, true]) {
        const over = await sent(padded(limit + 1), isChunked)
        expect([over.status, over.body.code]).toEqual([413, 'payload_too_large'])
        expect(over.body.detail).toContain(`${limit / 1024} kB`)
        expect(over.headers['request-id']).toBe(over.body.request_id)
        const within = await sent(padded(limit), isChunked)
        expect([within.status, within.body.code]).toEqual([422, 'invalid_request'])
      }
      expect(await rows(served)).toEqual(before)
    },
  )

  test('a length that promises too much is refused before it comes', async ({ desk }) => {
    const length = { 'content-length': String(10 ** 9) }
    const answer = await new Promise<{ status: number | undefined }>((resolve, reject) => {
      const headers = { ...json, ...length, authorization: `Bearer ${desk.key}` }
      const sent = request(`${desk.url}/v1/leads`, { method: 'POST', headers }, (response) => {
        resolve({ status: response.statusCode })
        sent.destroy()
      })
      sent.on('error', reject)
      sent.write('{')
    })
    expect(answer.status).toBe(413)
  })

  test('after a body that was too large, the same client is answered again', async ({ desk }) => {
    for (let tries = 0; tries < 5; tries++) {
      // Some megabytes are still on their way when the answer is there.
      const tooLarge = await desk.post('/v1/leads', { ...lead, phone: 'x'.repeat(300_000 * 10 ** (tries % 2)) })
      expect(tooLarge.status).toBe(413)
      expect((await desk.post('/v1/leads', { ...lead, phone: somebody() })).status).toBe(202)
    }
  })

  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  test('nesting: 32 levels are looked at, 33 are not, 40,000 neither', async ({ desk, served }) => {
    const before = await rows(served)
    const post = (body: string) => desk.send('/v1/leads', { method: 'POST', body, headers: json })
    expect((await post(nested(32))).body.detail).not.toContain('nested')
    for (const levels of [33, 40_000]) {
      const { status, body } = await post(nested(levels))
      expect([status, body.code]).toEqual([422, 'invalid_request'])
      expect(body.detail).toBe('The body is nested deeper than 32 levels.')
      expect(pointersOf(body)).toEqual([' invalid_request'])
    }
    expect(await rows(served)).toEqual(before)
  })

  test('__proto__ is a field like any other that does not exist, in any depth', async ({ desk }) => {
    const phone = somebody()
    const whole = JSON.stringify({ ...lead, phone })
    for (const [body, pointer] of [
      [whole.replace('{', '{"__proto__": {"consent": true}, '), '/__proto__'],
      [whole.replace('{', '{"metadata": {"__proto__": "x"}, '), '/metadata/__proto__'],
      [whole.replace('{', '{"constructor": {"prototype": {}}, '), '/constructor'],
    ] as const) {
      const answer = await desk.send('/v1/leads', { method: 'POST', body, headers: json })
      expect([answer.status, answer.body.code]).toEqual([422, 'invalid_request'])
      expect(pointersOf(answer.body)).toEqual([`${pointer} invalid_request`])
    }
    expect(({} as { consent?: boolean }).consent).toBe(undefined)
  })

  test('a name that is given twice is refused, however it is written', async ({ desk, served }) => {
    const before = await rows(served)
    const whole = JSON.stringify({ ...lead, phone: somebody() })
    for (const [path, body, pointer] of [
      ['/v1/leads', whole.replace('{', '{"consent": false, '), '/consent'],
      ['/v1/leads', whole.replace('{', '{"\\u0063onsent": false, '), '/consent'],
      ['/v1/leads', whole.replace('{', '{"metadata": {"a": 1, "a": 2}, '), '/metadata/a'],
      ['/v1/lists', `{"leads": [${whole}, ${whole.replace('{', '{"phone": "+1", ')}]}`, '/leads/1/phone'],
    ] as const) {
      const answer = await desk.send(path, { method: 'POST', body, headers: json })
      expect([answer.status, answer.body.code]).toEqual([422, 'invalid_request'])
      expect(pointersOf(answer.body)).toEqual([`${pointer} invalid_request`])
    }
    const body = '{"time_zone": "Europe/Istanbul", "time_zone": "Asia/Tokyo"}'
    const put = await desk.send('/workspace', { method: 'PUT', body, headers: json })
    expect([put.status, put.body.param]).toEqual([422, 'time_zone'])
    expect(await rows(served)).toEqual(before)
  })

  test('text that no database can keep is a fault of the request, at its place', async ({ desk, served }) => {
    const before = await rows(served)
    const phone = somebody()
    for (const bad of ['a\u0000b', '\ud800', 'x\udc00y']) {
      const { status, body } = await desk.post('/v1/leads', {
        ...lead,
        phone,
        name: bad,
        source: bad,
        metadata: { note: bad, [`k${bad}`]: 'v' },
        consent: { granted: true, text: bad, captured_at: '2026-11-01T10:00:00Z' },
      })
      expect([status, body.code]).toEqual([422, 'invalid_request'])
      expect(pointersOf(body).length).toBe(5)
      expect(pointersOf(body)).toEqual(
        expect.arrayContaining(['/name invalid_request', '/consent/text invalid_request']),
      )
    }
    const workspace = await desk.put('/workspace', { name: 'a\u0000b' })
    expect([workspace.status, pointersOf(workspace.body)]).toEqual([422, ['/name invalid_request']])
    const flow = await desk.post('/v1/flows', { yaml: 'id: flow_a\nagent:\n  business: "a\\0b"\n' })
    expect([flow.status, flow.body.code]).toEqual([422, 'flow_invalid'])
    const raw = await desk.send('/v1/flows', {
      method: 'POST',
      body: 'id: flow_a # \u0000\n',
      headers: { 'content-type': 'application/yaml' },
    })
    expect(raw.status).toBe(422)
    expect(await rows(served)).toEqual(before)
  })

  test('every other character comes through as it was', async ({ desk, served }) => {
    const external_id = 'Ece 🦊 Yılmaz\u2028\u200f\u{10FFFF}"\\\''
    const { status, body } = await desk.post('/v1/leads', { ...lead, phone: somebody(), external_id })
    expect(status).toBe(202)
    const [row] = await served.runtime.sql`select external_id from leads where id = ${body.lead_id}`
    expect(row?.external_id).toBe(external_id)
  })
})

describe('faults of a lead', () => {
  interface Case {
    body: (phone: string) => object
    code: string
    pointers: string[]
    param?: string | null
  }
  const cases: Record<string, Case> = {
    'wrong types': {
      body: () => ({ source: 1, phone: ['+1'], consent: 'yes', call_within: '60', metadata: [], name: null }),
      code: 'invalid_request',
      pointers: [
        '/call_within invalid_request',
        '/consent invalid_request',
        '/metadata invalid_request',
        '/name invalid_request',
        '/phone invalid_request',
        '/source invalid_request',
      ],
      param: null,
    },
    'unknown fields, each at its own place': {
      body: (phone) => ({
        ...lead,
        phone,
        'a/b~c': 1,
        foo: 1,
        consent: { granted: true, text: 'Yes.', captured_at: '2026-11-01T10:00:00Z', by: 'me' },
      }),
      code: 'invalid_request',
      pointers: ['/a~1b~0c invalid_request', '/consent/by invalid_request', '/foo invalid_request'],
    },
    'shape before consent before phone, all of them told': {
      body: () => ({ source: '', phone: '123', event: 'lead.deleted' }),
      code: 'invalid_request',
      pointers: [
        '/consent consent_required',
        '/event invalid_request',
        '/phone phone_invalid',
        '/source invalid_request',
      ],
    },
    'consent before phone': {
      body: () => ({ ...lead, consent: false, phone: '+90 532 12' }),
      code: 'consent_required',
      pointers: ['/consent consent_required', '/phone phone_invalid'],
    },
    'no consent at all': {
      body: (phone) => ({ ...lead, phone, consent: undefined }),
      code: 'consent_required',
      pointers: ['/consent consent_required'],
      param: 'consent',
    },
    'evidence that it was not granted': {
      body: (phone) => ({
        ...lead,
        phone,
        consent: { granted: false, text: 'No.', captured_at: '2026-11-01T10:00:00Z' },
      }),
      code: 'consent_required',
      pointers: ['/consent consent_required'],
    },
    'an impossible phone': {
      body: () => ({ ...lead, phone: '+90 000 000 00 00' }),
      code: 'phone_invalid',
      pointers: ['/phone phone_invalid'],
      param: 'phone',
    },
    'the page’s masked phone': {
      body: () => ({ ...lead, phone: '+90••••4218' }),
      code: 'phone_invalid',
      pointers: ['/phone phone_invalid'],
    },
    'a national phone without its country': {
      body: () => ({ ...lead, phone: '0532 123 42 18' }),
      code: 'phone_invalid',
      pointers: ['/phone phone_invalid'],
    },
    'an unknown flow': {
      body: (phone) => ({ ...lead, phone, flow_id: 'flow_of_nobody' }),
      code: 'no_flow_matches',
      pointers: ['/flow_id no_flow_matches'],
      param: 'flow_id',
    },
    'an unknown flow beside other faults': {
      body: () => ({ ...lead, phone: '12', flow_id: 'flow_of_nobody' }),
      code: 'phone_invalid',
      pointers: ['/flow_id no_flow_matches', '/phone phone_invalid'],
      param: null,
    },
    'a flow_id that is none, told once': {
      body: () => ({ ...lead, phone: '12', flow_id: 'nobody\0' }),
      code: 'invalid_request',
      pointers: ['/flow_id invalid_request', '/phone phone_invalid'],
    },
    'a country that does not exist, whatever the phone': {
      body: () => ({ ...lead, phone: '0532 123 42 18', country: 'ZZ' }),
      code: 'lead_invalid',
      pointers: ['/country lead_invalid'],
      param: 'country',
    },
    'a country that is no code': {
      body: () => ({ ...lead, phone: '0532 123 42 18', country: 'tur' }),
      code: 'invalid_request',
      pointers: ['/country invalid_request'],
    },
    'a consent in words': {
      body: (phone) => ({ ...lead, phone, consent: 'yes' }),
      code: 'invalid_request',
      pointers: ['/consent invalid_request'],
      param: 'consent',
    },
    'a lead that no flow wants': {
      body: (phone) => ({ ...lead, phone, source: 'fax', intent: 'complaint' }),
      code: 'no_flow_matches',
      pointers: [],
    },
    'too many pairs of metadata': {
      body: (phone) => ({
        ...lead,
        phone,
        metadata: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'v'])),
      }),
      code: 'invalid_request',
      pointers: ['/metadata invalid_request'],
    },
    'a time zone that does not exist': {
      body: (phone) => ({ ...lead, phone, time_zone: 'Mars/Phobos' }),
      code: 'lead_invalid',
      pointers: ['/time_zone lead_invalid'],
      param: 'time_zone',
    },
    'an offset for a time zone, and a time that names one': {
      body: (phone) => ({ ...lead, phone, time_zone: '2020-01-01T00:00+01:00[Europe/Paris]' }),
      code: 'lead_invalid',
      pointers: ['/time_zone lead_invalid'],
    },
    'two spellings of one field that differ': {
      body: (phone) => ({ ...lead, phone, call_within: 60, call_within_seconds: 30 }),
      code: 'lead_invalid',
      pointers: ['/call_within_seconds lead_invalid'],
    },
    'a consent of the future': {
      body: (phone) => ({
        ...lead,
        phone,
        consent: { granted: true, text: 'Yes.', captured_at: '2099-01-01T00:00:00Z' },
      }),
      code: 'lead_invalid',
      pointers: ['/consent/captured_at lead_invalid'],
      param: 'consent.captured_at',
    },
    'a call in 70 years': {
      body: (phone) => ({ ...lead, phone, not_before: '2099-01-01T00:00:00Z' }),
      code: 'lead_invalid',
      pointers: ['/not_before lead_invalid'],
    },
    'a call in 8,000 years': {
      body: (phone) => ({ ...lead, phone, not_before: '9999-01-01T00:00:00Z' }),
      code: 'invalid_request',
      pointers: ['/not_before invalid_request'],
    },
    'phone before what does not add up, all of it told': {
      body: () => ({ ...lead, phone: '123', time_zone: 'UTC+3', call_within: 1, call_within_seconds: 2 }),
      code: 'phone_invalid',
      pointers: ['/call_within_seconds lead_invalid', '/phone phone_invalid', '/time_zone lead_invalid'],
    },
    'a time without an offset': {
      body: (phone) => ({ ...lead, phone, not_before: '2026-11-01T10:00:00' }),
      code: 'invalid_request',
      pointers: ['/not_before invalid_request'],
    },
  }

  test.for(Object.entries(cases))('%s', async ([, { body, code, pointers, param }], { desk, served }) => {
    const before = await rows(served)
    const answer = await desk.post('/v1/leads', body(somebody()), { 'idempotency-key': 'refused' })
    expect([answer.status, answer.body.code]).toEqual([422, code])
    expect(pointersOf(answer.body)).toEqual(pointers)
    if (param !== undefined) expect(answer.body.param).toBe(param)
    expect(await rows(served)).toEqual(before)
  })

  test('details are sentences, also where there are more faults', async ({ desk }) => {
    const detail = async (body: object) => (await desk.post('/v1/leads', { ...lead, ...body })).body.detail
    expect(await detail({ phone: '12' })).toBe('Write it with + and the country code, or add the country.')
    expect(await detail({ phone: '+90••••4218' })).toBe('The number is masked; send all of its digits.')
    expect(await detail({ phone: '12', source: 7 })).toBe('source must be text (and 1 more, see errors).')
    const fax = { phone: somebody(), source: 'fax', intent: 'complaint' }
    expect(await detail(fax)).toMatch(/^No flow takes this lead; the closest, flow_\w+, wants .+\.$/)
    expect(await detail({ phone: '+1', country: 'tur' })).not.toContain('TUR')
  })

  test('a flow whose quiet hours leave no time is one that does not match, not a fault of the request', async ({
    desk,
  }) => {
    await desk.deploy('id: flow_never\nmatch:\n  source: never\ncall:\n  quiet_hours: 07:00-22:00\n')
    const { status, body } = await desk.post('/v1/leads', { ...lead, phone: somebody(), flow_id: 'flow_never' })
    expect([status, body.code]).toEqual([422, 'no_flow_matches'])
    expect(body.suggested_action).toContain('quiet_hours')
  })

  test('opted out comes before the flow, and nothing of the lead is kept', async ({ desk, served }) => {
    const phone = somebody()
    expect((await desk.post('/workspace/dnc', { phones: [phone] })).body).toEqual({ added: 1 })
    const before = await rows(served)
    for (const more of [{}, { flow_id: 'flow_of_nobody' }, { source: 'fax', intent: 'complaint' }]) {
      const { status, body } = await desk.post('/v1/leads', { ...lead, phone, ...more })
      expect([status, body.code, body.param]).toEqual([422, 'opted_out', 'phone'])
    }
    expect(await rows(served)).toEqual(before)
    const { body } = await desk.post('/v1/leads', { ...lead, phone, consent: false })
    expect(body.code).toBe('consent_required')
  })

  test('an opt-out counts in its own workspace and mode alone', async ({ desk, stranger }) => {
    const phone = somebody()
    const { key } = await desk.newKey({ mode: 'live' })
    await desk.post('/workspace/dnc', { phones: [phone] })
    expect((await stranger.post('/v1/leads', { ...lead, phone })).status).toBe(202)
    expect((await desk.with(key).post('/v1/leads', { ...lead, phone })).status).toBe(202)
    expect((await desk.post('/v1/leads', { ...lead, phone })).status).toBe(422)
  })
})

describe('things of others', () => {
  /** A thing of each kind that has an id, and where one could ask for it. */
  async function things(desk: Desk) {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const [delivery] = await desk.served.runtime.sql<{ id: string }[]>`
      select d.id from deliveries d join events e on e.id = d.event_id where e.call_id = ${body.call_id}`
    // Only what was given up can be sent again.
    await desk.served.runtime.sql`update deliveries set status = 'dead' where id = ${delivery!.id}`
    const endpoint = (await desk.get('/workspace')).body.webhooks[0].id
    return {
      ofMode: [
        ['GET', `/v1/calls/${body.call_id}`],
        ['GET', `/v1/calls/${body.call_id}?wait=1&include=transcript,trace`],
        ['DELETE', `/v1/leads/${body.lead_id}`],
        ['POST', `/workspace/deliveries/${delivery!.id}/resend`],
      ],
      ofWorkspace: [
        ['GET', '/v1/flows/flow_of_mine'],
        ['DELETE', `/workspace/keys/${(await desk.newKey()).id}`],
        ['POST', `/workspace/webhooks/${endpoint}/rotate`],
      ],
    } as const
  }

  test('the parameter at fault is the id', async ({ desk }) => {
    for (const [method, path] of [
      ['GET', `/v1/calls/call_${'0'.repeat(26)}`],
      ['DELETE', `/v1/leads/lead_${'0'.repeat(26)}`],
      ['GET', '/v1/flows/flow_of_nobody'],
    ] as const) {
      const { status, body } = await desk.send(path, { method })
      expect([status, body.code, body.param]).toEqual([404, 'not_found', 'id'])
    }
  })

  test('an id of another workspace is not found, on every route', async ({ desk, stranger, served }) => {
    await desk.deploy('id: flow_of_mine\nmatch:\n  source: mine\n')
    const { ofMode, ofWorkspace } = await things(desk)
    const before = await rows(served)
    for (const [method, path] of [...ofMode, ...ofWorkspace]) {
      const theirs = await stranger.send(path, { method })
      expect([path, theirs.status, theirs.body.code]).toEqual([path, 404, 'not_found'])
    }
    const named = await stranger.post('/v1/leads', { ...lead, phone: somebody(), flow_id: 'flow_of_mine' })
    expect(named.body.code).toBe('no_flow_matches')
    expect(await rows(served)).toEqual(before)
    // The owner finds them all, so that it was the asker.
    for (const [method, path] of [...ofMode, ...ofWorkspace]) {
      expect((await desk.send(path, { method })).status, path).toBeLessThan(300)
    }
  })

  test('an id of the other mode is not found either', async ({ desk, served }) => {
    const { ofMode } = await things(desk)
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    const before = await rows(served)
    for (const [method, path] of ofMode) {
      const theirs = await live.send(path, { method })
      expect([path, theirs.status, theirs.body.code]).toEqual([path, 404, 'not_found'])
    }
    expect(await rows(served)).toEqual(before)
    const made = await live.post('/v1/leads', { ...lead, phone: somebody() })
    expect(made.body.test).toBe(false)
    expect((await desk.get(`/v1/calls/${made.body.call_id}`)).body.code).toBe('not_found')
    expect((await desk.delete(`/v1/leads/${made.body.lead_id}`)).body.code).toBe('not_found')
    expect((await live.get(`/v1/calls/${made.body.call_id}`)).status).toBe(200)
    expect((await live.delete(`/v1/leads/${made.body.lead_id}`)).body.status).toBe('cancelled')
  })

  test('an answer about a thing that is not there does not tell why', async ({ desk, stranger }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const foreign = await stranger.get(`/v1/calls/${body.call_id}`)
    const nobodys = `call_${'0'.repeat(26)}`
    const none = await stranger.get(`/v1/calls/${nobodys}`)
    const { request_id: _, ...one } = foreign.body
    const { request_id: __, ...other } = none.body
    expect(one).toEqual(JSON.parse(JSON.stringify(other).replaceAll(nobodys, body.call_id)))
  })
})

describe('queries', () => {
  const cases: [path: string, pointers: string[]][] = [
    ['/v1/numbers?limit=0', ['/limit']],
    ['/v1/numbers?limit=101', ['/limit']],
    ['/v1/numbers?limit=ten', ['/limit']],
    ['/v1/numbers?limit=1&limit=2', ['/limit']],
    ['/v1/numbers?limit=1.5', ['/limit']],
    ['/v1/numbers?limit=', ['/limit']],
    ['/v1/numbers?limit=-1&page=2&cursor=', ['/cursor', '/limit', '/page']],
    ['/v1/numbers?__proto__=1', ['/__proto__']],
    ['/v1/numbers?cursor=bm90aGluZw', ['/cursor']],
    ['/v1/numbers?cursor=%00', ['/cursor']],
    ['/v1/calls/nonsense', ['/id']],
    [`/v1/calls/lead_${'0'.repeat(26)}`, ['/id']],
    [`/v1/calls/call_${'0'.repeat(26)}?wait=61&include=secrets`, ['/include/0', '/wait']],
    [`/v1/calls/call_${'0'.repeat(26)}?wait=-1`, ['/wait']],
    ['/v1/calls/%00', ['/id']],
    ['/v1/calls/%E0%A4%A', ['/id']],
    ['/v1/flows/Flow%20One', ['/id']],
  ]
  test.for(cases)('%s', async ([path, pointers], { desk }) => {
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    for (const asker of [desk, live]) {
      const { status, body } = await asker.get(path)
      expect([status, body.code]).toEqual([422, 'invalid_request'])
      expect(body.errors.map((fault: { pointer: string }) => fault.pointer).toSorted()).toEqual(pointers)
      expect(body.param).toBe(pointers.length === 1 ? pointers[0]!.slice(1).replaceAll('/', '.') : null)
    }
  })

  test('DELETE takes no query and no wrong id', async ({ desk }) => {
    expect((await desk.delete('/v1/leads/nonsense')).body.code).toBe('invalid_request')
    expect(pointersOf((await desk.delete(`/v1/leads/lead_${'0'.repeat(26)}?force=1`)).body)).toEqual([
      '/force invalid_request',
    ])
  })
})

describe('an Idempotency-Key', () => {
  test.for([
    ['of 256 characters', 'k'.repeat(256)],
    ['with a space', 'a b'],
    ['of another alphabet', 'clé'],
  ])('%s is refused', async ([, key], { desk, served }) => {
    const before = await rows(served)
    const answer = await desk.post('/v1/leads', { ...lead, phone: somebody() }, { 'idempotency-key': key! })
    expect([answer.status, answer.body.code, answer.body.param]).toEqual([422, 'invalid_request', 'Idempotency-Key'])
    expect(pointersOf(answer.body)).toEqual([' invalid_request'])
    expect(answer.body.errors[0].detail).toBe(answer.body.detail)
    const both = await desk.post('/v1/leads', { ...lead, phone: 7 }, { 'idempotency-key': key! })
    expect([both.body.param, pointersOf(both.body)]).toEqual([null, [' invalid_request', '/phone invalid_request']])
    expect(await rows(served)).toEqual(before)
  })

  test('of 255 visible characters is fine', async ({ desk }) => {
    const key = `~!${'k'.repeat(253)}`
    expect((await desk.post('/v1/leads', { ...lead, phone: somebody() }, { 'idempotency-key': key })).status).toBe(202)
  })
})

describe('what is nowhere, and what is our own fault', () => {
  test.for([
    ['GET', '/nowhere'],
    ['POST', '/v1/leads/'],
    ['GET', '/v1/calls'],
    ['GET', '/docs/problems/nothing'],
    ['GET', '/docs/problems/constructor'],
    ['GET', '/%2e%2e/package.json'],
  ] as const)('%s %s is a problem like any other', async ([method, path], { desk }) => {
    const { status, body } = await desk.send(path, { method })
    expect([status, body.code]).toEqual([404, 'not_found'])
    expect(body.suggested_action).toContain('/openapi.json')
  })

  test('a fault of ours says nothing of the inside', async ({ desk, served }) => {
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    await served.runtime.db.execute(sql`alter table numbers rename to numbers_away`)
    try {
      const { status, body, headers } = await live.get('/v1/numbers')
      expect([status, body.code]).toEqual([503, 'unavailable'])
      expect(body.detail).toBe('Something failed on our side.')
      expect(body.suggested_action).toContain('with its `Idempotency-Key`')
      expect(headers.get('retry-after')).toBe('5')
    } finally {
      await served.runtime.db.execute(sql`alter table numbers_away rename to numbers`)
    }
    expect((await live.get('/v1/numbers')).status).toBe(200)
  })

  test('every answer has an id of its own, whatever the caller sent', async ({ desk }) => {
    const ids = new Set<string | null>()
    for (const path of [
      '/healthz',
      '/readyz',
      '/openapi.json',
      '/docs/problems/not_found',
      '/nowhere',
      '/v1/numbers',
    ]) {
      const response = await checkedFetch(`${desk.url}${path}`, { headers: { 'request-id': 'mine' } })
      ids.add(response.headers.get('request-id'))
    }
    expect(ids.size).toBe(6)
  })
})

/** A POST with its length said, or in chunks without it. */
function rawPost(url: string, key: string, body: string, isChunked: boolean) {
  // biome-ignore lint/suspicious/noExplicitAny: a problem, or an answer
  return new Promise<{ status: number; headers: Record<string, unknown>; body: any }>((resolve, reject) => {
    const length: Record<string, string> = isChunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const headers = { ...json, ...length, authorization: `Bearer ${key}` }
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: JSON.parse(Buffer.concat(chunks).toString()),
        }),
      )
    })
    // Once the answer is here, the server need not take the rest.
    sent.on('error', reject)
    for (let at = 0; at < body.length; at += 65_536) sent.write(body.slice(at, at + 65_536))
    sent.end()
  })
}
