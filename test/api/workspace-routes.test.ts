import { Webhook } from 'standardwebhooks'
import { describe, expect } from 'vitest'
import { bookings as bookingRows, messages as messageRows } from '../../runtime/db/schema.ts'
import { newId } from '../../runtime/ids.ts'
import { type Desk, lead, rows, somebody, test } from './desk.ts'

/** Every route, as somebody would ask it who has no right to. */
const routes: [method: string, path: string][] = [
  ['GET', '/workspace'],
  ['PUT', '/workspace'],
  ['POST', '/workspace/deploy'],
  ['GET', '/workspace/flows'],
  ['GET', '/workspace/flows/flow_pricing_v3/versions/1'],
  ['POST', '/workspace/flows/flow_pricing_v3/rollback'],
  ['POST', '/workspace/route'],
  ['GET', '/workspace/calls'],
  ['GET', `/workspace/calls/${newId('call')}/trace`],
  ['GET', '/workspace/bookings'],
  ['GET', '/workspace/messages'],
  ['GET', '/workspace/numbers'],
  ['POST', '/workspace/numbers'],
  ['GET', '/workspace/dnc?format=csv'],
  ['POST', '/workspace/dnc'],
  ['DELETE', '/workspace/dnc/+12025550123'],
  ['POST', `/workspace/webhooks/${newId('whe')}/test`],
]

test('every route asks for an administrator’s key', async ({ desk, served }) => {
  const ordinary = desk.with((await desk.newKey({ scopes: ['calls:read', 'flows:write', 'leads:write'] })).key)
  const before = await rows(served)
  for (const [method, path] of routes) {
    const init = method === 'GET' || method === 'DELETE' ? { method } : { method, body: '{}' }
    const headers = { 'content-type': 'application/json' }
    const [unknown, other] = [
      await desk.with(undefined).send(path, { ...init, headers }),
      await ordinary.send(path, { ...init, headers }),
    ]
    expect([path, unknown.status, other.status]).toEqual([path, 401, 403])
  }
  expect(await rows(served)).toEqual(before)
})

/** Every page of a list, walked by its cursors. */
async function pages(
  desk: Pick<Desk, 'get'>,
  path: string,
): Promise<{ data: Record<string, string>[]; sizes: number[] }> {
  const [data, sizes]: [Record<string, string>[], number[]] = [[], []]
  for (let cursor: string | null = ''; cursor !== null && sizes.length < 20; ) {
    const { status, body } = await desk.get(`${path}${path.includes('?') ? '&' : '?'}${cursor && `cursor=${cursor}`}`)
    expect(status).toBe(200)
    expect(body.has_more).toBe(body.next_cursor !== null)
    data.push(...body.data)
    sizes.push(body.data.length)
    cursor = body.next_cursor
  }
  return { data, sizes }
}

test.for([
  '/workspace/flows',
  '/workspace/calls',
  '/workspace/bookings',
  '/workspace/messages',
  '/workspace/numbers',
  '/workspace/dnc',
])('%s: pages and filters are strict', async (path, { desk }) => {
  const wrong: [query: string, pointer: string][] = [
    ['limit=101', '/limit'],
    ['limit=0', '/limit'],
    ['limit=ten', '/limit'],
    ['cursor=nobody%20made%20this', '/cursor'],
    ['colour=red', '/colour'],
  ]
  for (const [query, pointer] of wrong) {
    const { status, body } = await desk.get(`${path}?${query}`)
    expect([query, status, body.errors.map((it: { pointer: string }) => it.pointer)]).toEqual([query, 422, [pointer]])
  }
  expect((await desk.get(`${path}?limit=100`)).status).toBe(200)
})

test('nothing travels in the query of a request that has a body', async ({ desk }) => {
  for (const path of [
    '/workspace/deploy',
    '/workspace/keys',
    '/workspace/numbers',
    '/workspace/dnc',
    '/workspace/route',
  ]) {
    const { body } = await desk.post(`${path}?dry_run=true`, {})
    expect([path, body.errors[0].pointer]).toEqual([path, '/dry_run'])
  }
})

describe('calls', () => {
  test('are listed newest first, page by page, by what is asked for, in the mode of the key', async ({
    desk,
    stranger,
  }) => {
    const phones = Array.from({ length: 5 }, somebody)
    const made: string[] = []
    for (const phone of phones) made.push((await desk.post('/v1/leads', { ...lead, phone })).body.call_id)
    await stranger.post('/v1/leads', { ...lead, phone: somebody() })
    const { data, sizes } = await pages(desk, '/workspace/calls?limit=2')
    expect(data.map(({ id }) => id)).toEqual(made.toReversed())
    expect(sizes).toEqual([2, 2, 1])
    expect(data[0]).toEqual({
      id: made[4],
      ...{ status: 'queued', outcome: null, reason: null, test: true, phone: phones[4] },
      ...{ lead_id: expect.stringMatching(/^lead_/), flow_id: 'flow_pricing_v3', flow_version: 1, attempts: 0 },
      ...{ not_before: null, booking: null, created_at: expect.any(String), updated_at: expect.any(String) },
    })
    const found = async (query: string) => (await desk.get(`/workspace/calls?${query}`)).body.data.length
    expect(await found(`phone=${encodeURIComponent(phones[0]!)}`)).toBe(1)
    // As a shell sends it, where the plus means a space.
    expect(await found(`phone=${phones[0]}`)).toBe(1)
    expect(await found('status=queued&flow_id=flow_pricing_v3')).toBe(5)
    expect(await found('status=held')).toBe(0)
    expect(await found('outcome=booked')).toBe(0)
    expect((await desk.get('/workspace/calls?phone=123')).body.code).toBe('phone_invalid')
    expect((await desk.get('/workspace/calls?status=lost&outcome=won')).body.errors).toHaveLength(2)
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    expect((await live.get('/workspace/calls')).body.data).toEqual([])
  })

  test('have their trace, for their own workspace and mode alone', async ({ desk, stranger }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const path = `/workspace/calls/${body.call_id}/trace`
    const trace = await desk.get(path)
    expect(trace.body).toMatchObject({ call_id: body.call_id, status: 'queued', trace_id: body.trace_id })
    expect(trace.body.milestones.map(({ name }: { name: string }) => name)).toEqual([
      'lead.received',
      'flow.match',
      'queue.enqueue',
    ])
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    for (const other of [stranger, live]) expect((await other.get(path)).status).toBe(404)
  })
})

describe('flows', () => {
  const flow = (id: string, intent: string, more = '') => `id: ${id}\nmatch:\n  intent: ${intent}\n${more}`

  test('are listed with their current version, and every version can be read', async ({ desk, stranger }) => {
    for (const id of ['a', 'b', 'c']) await desk.deploy(flow(id, id))
    await desk.deploy(flow('b', 'b', 'call:\n  within: 30s\n'))
    const { data } = await pages(desk, '/workspace/flows?limit=2')
    expect(data.map(({ id, version }) => `${id} ${version}`)).toEqual(['a 1', 'b 2', 'c 1', 'flow_pricing_v3 1'])
    expect(data[1]).toEqual({
      ...{
        id: 'b',
        version: 2,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        updated_at: expect.stringMatching(/Z$/),
        retired_at: null,
      },
    })
    const { body } = await desk.get('/workspace/flows/b/versions/1')
    expect(body).toMatchObject({
      id: 'b',
      version: 1,
      yaml: flow('b', 'b'),
      definition: { call: { within_seconds: 60 } },
    })
    for (const path of ['/workspace/flows/b/versions/3', '/workspace/flows/nothing/versions/1'])
      expect((await desk.get(path)).status).toBe(404)
    expect((await desk.get('/workspace/flows/b/versions/one')).status).toBe(422)
    expect((await stranger.get('/workspace/flows/b/versions/1')).status).toBe(404)
  })

  test('go back to an older version, and forward again', async ({ desk, stranger }) => {
    await desk.deploy(flow('a', 'a'))
    await desk.deploy(flow('a', 'a', 'call:\n  within: 30s\n'))
    const back = await desk.post('/workspace/flows/a/rollback', {})
    expect([back.status, back.body.version, back.body.change]).toEqual([200, 1, 'rolled_back'])
    expect((await desk.post('/workspace/flows/a/rollback', { version: 2 })).body.version).toBe(2)
    expect((await desk.post('/workspace/flows/a/rollback', { version: 2 })).body.change).toBe('unchanged')
    expect((await desk.post('/workspace/flows/a/rollback', { version: 9 })).status).toBe(404)
    expect((await desk.post('/workspace/flows/flow_pricing_v3/rollback', {})).status).toBe(404)
    expect((await desk.post('/workspace/flows/a/rollback', { version: 0, to: 1 })).body.errors).toHaveLength(2)
    expect((await stranger.post('/workspace/flows/a/rollback', { version: 1 })).status).toBe(404)
  })

  test('say which of them a lead would get, and why not the others', async ({ desk, served }) => {
    await desk.deploy(flow('german', 'pricing', '').replace('match:', 'match:\n  language: de'))
    const before = await rows(served)
    const route = async (body: object) => (await desk.post('/workspace/route', body)).body
    const routed = await route({ source: 'web_form', intent: 'pricing', phone: '+905321234567' })
    expect(routed).toMatchObject({ flow_id: 'flow_pricing_v3', version: 1, language: 'tr' })
    expect(routed.flows.map(({ flow_id, verdict }: Record<string, string>) => `${flow_id} ${verdict}`)).toEqual([
      'flow_pricing_v3 chosen',
      'german outranked',
    ])
    const german = await route({ source: 'trade_fair', intent: 'pricing', language: 'de-AT' })
    expect(german.flow_id).toBe('german')
    expect(german.flows[1].why).toContain('source')
    expect(await route({ source: 'x', flow_id: 'german' })).toMatchObject({
      flow_id: 'german',
      why: 'named by the lead',
      flows: [
        { flow_id: 'german', verdict: 'chosen', why: 'named by the lead' },
        { flow_id: 'flow_pricing_v3', verdict: 'refused' },
      ],
    })
    const unknown = await desk.post('/workspace/route', { source: 'x', flow_id: 'grman' })
    const sent = await desk.post('/v1/leads', { source: 'x', flow_id: 'grman', phone: somebody(), consent: true })
    expect([unknown.status, unknown.body.errors]).toEqual([sent.status, sent.body.errors])
    expect(unknown.body).toMatchObject({ code: 'no_flow_matches', param: 'flow_id' })
    expect(await route({ source: 'x', intent: 'y' })).toMatchObject({
      flow_id: null,
      version: null,
      why: expect.any(String),
    })
    const { status, body } = await desk.post('/workspace/route', { source: 'x', phone: '123' })
    expect([status, body.code]).toEqual([422, 'phone_invalid'])
    const nowhere = await desk.post('/workspace/route', { source: 'x', phone: '(202) 555-0123', country: 'ZZ' })
    expect(nowhere.body).toMatchObject({ code: 'lead_invalid', param: 'country' })
    expect((await desk.post('/workspace/route', { intent: 'x', colour: 'red' })).body.errors).toHaveLength(2)
    expect(await rows(served)).toEqual(before)
  })
})

describe('numbers', () => {
  test('are added in any spelling, once, and listed for every key of the workspace', async ({ desk, stranger }) => {
    const made = await desk.post('/workspace/numbers', { phone: '(202) 555-0123', country: 'US', label: 'Main' })
    expect([made.status, made.body]).toEqual([
      201,
      { id: expect.stringMatching(/^num_/), phone: '+12025550123', label: 'Main', created_at: expect.any(String) },
    ])
    const again = await desk.post('/workspace/numbers', { phone: '+12025550123' })
    expect([again.status, again.body]).toEqual([200, made.body])
    const renamed = await desk.post('/workspace/numbers', { phone: '+1 202 555 0123', label: 'Sales' })
    expect([renamed.status, renamed.body]).toEqual([200, { ...made.body, label: 'Sales' }])
    await stranger.post('/workspace/numbers', { phone: '+12025550124' })
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    for (const key of [desk, live]) expect((await key.get('/workspace/numbers')).body.data).toEqual([renamed.body])
    const wrong = await desk.post('/workspace/numbers', { phone: '555-0123' })
    expect([wrong.body.code, wrong.body.param]).toEqual(['phone_invalid', 'phone'])
    expect((await desk.post('/workspace/numbers', { number: '+12025550123' })).body.errors).toHaveLength(2)
  })
})

describe('the do-not-call list', () => {
  const csv = (desk: Pick<Desk, 'send'>, body: string, query = '') =>
    desk.send(`/workspace/dnc${query}`, { method: 'POST', body, headers: { 'content-type': 'text/csv' } })

  test('takes a file row by row, and ends what waits to ring', async ({ desk, stranger }) => {
    const [waiting, known, fresh] = [somebody(), somebody(), somebody()]
    const { call_id } = (await desk.post('/v1/leads', { ...lead, phone: waiting })).body
    const { call_id: theirs } = (await stranger.post('/v1/leads', { ...lead, phone: waiting })).body
    await desk.post('/workspace/dnc', { phones: [known] })
    const file = `\ufeffname;Phone Number\r\n"Öz; Ece";${waiting}\r\nAli;${known}\r\n\r\nNobody;12\r\nAyşe;0${fresh.slice(3)}\r\nAyşe;${fresh}\r\n`
    const { status, body } = await csv(desk, file, '?country=TR')
    expect([status, body]).toEqual([
      200,
      {
        ...{ added: 2, already_there: 2, refused: 1 },
        rows: [
          { row: 2, phone: waiting, result: 'added', detail: null },
          { row: 3, phone: known, result: 'already_there', detail: null },
          { row: 5, phone: '12', result: 'refused', detail: expect.any(String) },
          { row: 6, phone: fresh, result: 'added', detail: null },
          { row: 7, phone: fresh, result: 'already_there', detail: null },
        ],
      },
    ])
    const ended = (await desk.get(`/v1/calls/${call_id}`)).body
    expect([ended.status, ended.outcome, ended.reason]).toEqual(['completed', 'not_fit', 'opted_out'])
    expect((await stranger.get(`/v1/calls/${theirs}`)).body.status).toBe('queued')
    expect((await stranger.get('/workspace/dnc')).body.data).toEqual([])
    expect((await csv(desk, file, '?country=TR')).body).toMatchObject({ added: 0, already_there: 4, refused: 1 })
  })

  test('understands files without a header and the flat file of the FTC, and says what it cannot read', async ({
    desk,
  }) => {
    expect((await csv(desk, '+12025550143\n202,5550144\n')).body.rows.map((it: { phone: string }) => it.phone)).toEqual(
      ['+12025550143', '+12025550144'],
    )
    for (const [body, detail] of [
      ['', 'There is no row in it'],
      ['phone\n', 'no row under its header'],
      ['name,city\nEce,Izmir\n', 'None of its columns is called phone: name, city.'],
      ['phone\n"open', 'It is not CSV'],
    ] as const) {
      const answer = await csv(desk, body)
      expect([answer.status, answer.body.detail]).toEqual([422, expect.stringContaining(detail)])
    }
    expect((await csv(desk, '+12025550143', '?land=TR')).status).toBe(422)
    expect((await csv(desk, '+12025550143\n'.repeat(50_001))).body.detail).toContain('more than 50000 rows')
    expect((await csv(desk, 'x'.repeat(2 * 1024 * 1024 + 1))).status).toBe(413)
  })

  test('is exported as CSV that imports again, and as the FTC’s flat file', async ({ desk, stranger }) => {
    const turkish = somebody()
    await desk.post('/workspace/dnc', { phones: [turkish, '+12025550143', '+12125550199', '+16135550123'] })
    const file = await desk.get('/workspace/dnc?format=csv')
    expect(file.headers.get('content-type')).toMatch(/^text\/csv/)
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="do-not-call.csv"')
    const [header, ...lines] = file.body.trimEnd().split('\r\n')
    expect([header, lines.length]).toEqual(['phone,source,created_at', 4])
    expect(lines[0]).toMatch(/^\+12025550143,import,\d{4}-.*Z$/)
    expect((await csv(stranger, file.body)).body).toMatchObject({ added: 4, refused: 0 })
    // Canada shares the country code, and has a list of its own.
    expect((await desk.get('/workspace/dnc?format=ftc')).body).toBe('202,5550143\r\n212,5550199\r\n')
    const { data, sizes } = await pages(desk, '/workspace/dnc?limit=3')
    expect([data.map(({ phone }) => phone), sizes]).toEqual([
      ['+12025550143', '+12125550199', '+16135550123', turkish].toSorted(),
      [3, 1],
    ])
  })

  test('of test calls can be taken back, of real ones never', async ({ desk, stranger, served }) => {
    const phone = somebody()
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    for (const key of [desk, live]) await key.post('/workspace/dnc', { phones: [phone] })
    const path = `/workspace/dnc/${encodeURIComponent(phone)}`
    const before = await rows(served)
    const refused = await live.delete(path)
    expect([refused.status, refused.body.code]).toEqual([409, 'permanent'])
    expect((await stranger.delete(path)).status).toBe(404)
    expect((await desk.delete('/workspace/dnc/nobody')).body.code).toBe('phone_invalid')
    expect(await rows(served)).toEqual(before)
    expect((await desk.delete(path)).status).toBe(204)
    expect((await desk.delete(path)).status).toBe(404)
    expect((await live.get('/workspace/dnc')).body.data).toHaveLength(1)
  })
})

describe('a webhook endpoint', () => {
  test('gets a signed example, and what it said is told', async ({ desk, stranger, served }) => {
    const [hook] = (await desk.get('/workspace')).body.webhooks
    const before = await rows(served)
    const { status, body } = await desk.send(`/workspace/webhooks/${hook.id}/test`, { method: 'POST' })
    expect([status, body]).toEqual([
      200,
      {
        event_id: expect.stringMatching(/^evt_/),
        url: hook.url,
        ...{ ok: true, status: 204, error: null, took_ms: expect.any(Number) },
      },
    ])
    const [arrival] = desk.inbox.of('outcome.booked')
    expect(arrival!.body).toMatchObject({ event: 'outcome.booked', test: true, id: body.event_id })
    expect(() => new Webhook(desk.webhookSecret).verify(arrival!.raw, arrival!.headers)).not.toThrow()
    expect((await stranger.send(`/workspace/webhooks/${hook.id}/test`, { method: 'POST' })).status).toBe(404)
    // Nothing of it is kept, and nobody else hears of it.
    expect(await rows(served)).toEqual(before)
    expect(stranger.inbox.of('outcome.booked')).toEqual([])
  })

  test('that cannot be reached, or was removed', async ({ desk }) => {
    const url = 'http://127.0.0.1:9/nobody'
    const [hook] = (await desk.put('/workspace', { webhooks: [{ url, events: ['*'] }] })).body.webhooks
    const { body } = await desk.send(`/workspace/webhooks/${hook.id}/test`, { method: 'POST' })
    expect(body).toMatchObject({ ok: false, status: null, error: expect.stringContaining('ECONNREFUSED') })
    await desk.put('/workspace', { webhooks: [] })
    expect((await desk.send(`/workspace/webhooks/${hook.id}/test`, { method: 'POST' })).status).toBe(404)
  })
})

test('bookings and messages are those of the workspace and the mode of the key', async ({ desk, stranger, served }) => {
  const { db } = served.runtime
  const [mine, other] = [desk.workspaceId, stranger.workspaceId]
  for (const [workspace, mode, id] of [
    [mine, 'test', 'bkg_1'],
    [mine, 'test', 'bkg_2'],
    [mine, 'live', 'bkg_3'],
    [other, 'test', 'bkg_4'],
  ] as const) {
    const [at, endsAt] = [new Date(), new Date(Date.now() + 1_800_000)]
    const row = { workspaceId: workspace, mode, createdAt: at }
    const booked = { calendar: 'mehmet', callId: 'call_x', slotAt: at, endsAt, status: 'confirmed' } as const
    await db.insert(bookingRows).values({ ...row, ...booked, id })
    const sent = { direction: 'out', channel: 'sms', toPhone: '+905321234567', status: 'queued' } as const
    await db.insert(messageRows).values({ ...row, ...sent, id: id.replace('bkg', 'msg'), updatedAt: at })
  }
  const bookings = await pages(desk, '/workspace/bookings?limit=1&calendar=mehmet&status=confirmed')
  expect(bookings.data.map(({ id }) => id)).toEqual(['bkg_2', 'bkg_1'])
  expect((await desk.get('/workspace/bookings?calendar=ayse')).body.data).toEqual([])
  const messages = await pages(desk, '/workspace/messages?limit=1')
  expect(messages.data.map(({ id }) => id)).toEqual(['msg_2', 'msg_1'])
  const live = desk.with((await desk.newKey({ mode: 'live' })).key)
  expect((await live.get('/workspace/bookings')).body.data.map(({ id }: { id: string }) => id)).toEqual(['bkg_3'])
})
