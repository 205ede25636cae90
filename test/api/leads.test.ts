import { describe, expect } from 'vitest'
import { isPerson } from '../../openapi/sandbox-people.ts'
import { people, pricingYaml } from '../harness/talkif.ts'
import { lead, rows, somebody, test } from './desk.ts'

const key = (name: string) => ({ 'idempotency-key': name })

describe('the product page, as printed', () => {
  const phone = '+905321234218'
  const hero = `{
  "event": "lead.created",
  "source": "web_form",
  "phone": "${phone}",
  "intent": "pricing",
  "consent": true,
  "call_within": 60
}`
  const quickstart = `{
    "source": "web_form",
    "phone": "${phone}",
    "intent": "pricing",
    "consent": true,
    "flow_id": "flow_pricing_v3"
  }`
  /** As printed: its indentation is no-break spaces. */
  const yaml = pricingYaml.replaceAll('  ', '\u00a0\u00a0')

  test.for([
    ['the hero’s body', hero],
    ['the quickstart’s body', quickstart],
  ])('%s is accepted', async ([, body], { desk, served }) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await desk.send('/v1/leads', { method: 'POST', body: body!, headers })
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({
      status: 'queued',
      flow_id: 'flow_pricing_v3',
      flow_version: 1,
      not_before: null,
      reason: null,
      test: true,
    })
    const [row] = await served.runtime
      .sql`select phone, call_within_seconds from leads where id = ${answer.body.lead_id}`
    expect(row).toMatchObject({ phone, call_within_seconds: body === hero ? 60 : null })
    const call = await desk.get(`/v1/calls/${answer.body.call_id}`)
    expect(call.body).toMatchObject({ phone, status: 'queued', outcome: null, qualified: null, attempts: [] })
  })

  test.for([
    ['application/yaml', yaml, 'application/yaml'],
    ['application/yaml; charset=utf-8', yaml, 'application/yaml; charset=utf-8'],
    ['a member of JSON', JSON.stringify({ yaml }), 'application/json'],
  ])('its flow is accepted as %s', async ([, body, type], { desk }) => {
    const headers = { 'content-type': type! }
    const { status, body: flow } = await desk.send('/v1/flows', { method: 'POST', body: body!, headers })
    // The workspace has it already: the printed spaces make no other flow of it.
    expect([status, flow.change, flow.version]).toEqual([200, 'unchanged', 1])
    expect(flow.definition).toMatchObject({
      match: { source: ['web_form', 'meta_lead_ads'], intent: ['pricing'], language: ['tr', 'en'] },
      call: { within_seconds: 60, voice: 'voice_warm_tr', quiet_hours: { from: '22:00', to: '09:00' } },
      on: {
        qualified: [{ type: 'book', calendar: 'mehmet' }],
        no_answer: [
          { type: 'retry', delay_seconds: 900, max: 3 },
          { type: 'whatsapp', template: null },
        ],
        not_fit: [{ type: 'log', reason: 'out_of_scope' }],
      },
    })
    expect(flow.definition.qualify.map(({ name }: { name: string }) => name)).toEqual([
      'need',
      'timing',
      'budget',
      'location',
    ])
  })
})

describe('createLead', () => {
  test('keeps everything it was given, normalised', async ({ desk, served }) => {
    const evidence = {
      granted: true,
      text: 'Call me about prices.',
      captured_at: '2026-11-01T10:00:00+03:00',
      url: 'https://helena.example/form',
      ip: '203.0.113.9',
    }
    const given = {
      ...lead,
      event: 'lead.created',
      campaign: 'fall',
      phone: ' 0532 765 43 21 ',
      country: 'tr',
      language: 'tr-TR',
      name: '  Ece\u202e\r\n Y.\u200f ',
      email: 'ece@example.org',
      consent: evidence,
      call_within_seconds: 30,
      external_id: 'crm-1',
      metadata: { utm: 'x', constructor: 'y' },
    }
    const { status, body } = await desk.post('/v1/leads', given)
    expect(status).toBe(202)
    const [row] = await served.runtime.sql`select * from leads where id = ${body.lead_id}`
    expect(row).toMatchObject({
      phone: '+905327654321',
      country: 'TR',
      campaign: 'fall',
      language: 'tr-TR',
      name: 'Ece Y.',
      email: 'ece@example.org',
      consent: evidence,
      call_within_seconds: 30,
      external_id: 'crm-1',
      metadata: { utm: 'x', constructor: 'y' },
      mode: 'test',
      workspace_id: desk.workspaceId,
    })
  })

  test('lead, call, event, delivery and job are written together', async ({ desk, served }) => {
    const before = await rows(served)
    await desk.post('/v1/leads', { ...lead, phone: somebody() }, key('together'))
    const after = await rows(served)
    const more = Object.entries(after).filter(([table, n]) => n !== before[table])
    expect(Object.fromEntries(more.map(([table, n]) => [table, n - before[table]!]))).toEqual({
      leads: 1,
      calls: 1,
      events: 1,
      deliveries: 1,
      idempotency: 1,
      // dial and deliver
      jobs: 2,
      // lead.received, flow.match, queue.enqueue
      spans: 3,
    })
  })

  test('a lead that must wait is held, and says until when and why', async ({ desk }) => {
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    // A Monday afternoon in Istanbul.
    const not_before = '2027-03-01T15:00:00+03:00'
    const { body } = await live.post('/v1/leads', { ...lead, phone: somebody(), not_before })
    const held = { status: 'held', reason: 'not_before', not_before: '2027-03-01T12:00:00.000Z' }
    expect(body).toMatchObject({ ...held, test: false })
    expect(body).not.toHaveProperty('sandbox')
    expect((await live.get(`/v1/calls/${body.call_id}`)).body).toMatchObject(held)
  })

  test('a number with an open call is answered with that call', async ({ desk, served }) => {
    const phone = somebody()
    const first = await desk.post('/v1/leads', { ...lead, phone })
    const before = await rows(served)
    const again = await desk.post('/v1/leads', { ...lead, phone: phone.replace('+90', '0'), country: 'TR' })
    expect(again.body).toMatchObject({
      lead_id: first.body.lead_id,
      call_id: first.body.call_id,
      reason: 'duplicate',
    })
    expect(await rows(served)).toEqual(before)
    // Once that call is over, the number is free again.
    await desk.delete(`/v1/leads/${first.body.lead_id}`)
    const later = await desk.post('/v1/leads', { ...lead, phone })
    expect(later.body.reason).toBe(null)
    expect(later.body.call_id).not.toBe(first.body.call_id)
  })

  test('ten at once for one number make one call', async ({ desk, served }) => {
    const phone = somebody()
    const before = await rows(served)
    const answers = await Promise.all(Array.from({ length: 10 }, () => desk.post('/v1/leads', { ...lead, phone })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(answers.map(({ body }) => body.call_id)).size).toBe(1)
    expect(answers.filter(({ body }) => body.reason === null).length).toBe(1)
    const after = await rows(served)
    expect([after.leads! - before.leads!, after.calls! - before.calls!, after.jobs! - before.jobs!]).toEqual([1, 1, 2])
  })

  test('people of the sandbox may be asked for as often as one likes', async ({ desk }) => {
    expect(isPerson(people.books)).toBe(true)
    const [one, other] = await Promise.all([
      desk.post('/v1/leads', { ...lead, phone: people.books }),
      desk.post('/v1/leads', { ...lead, phone: people.books }),
    ])
    expect(one.body.call_id).not.toBe(other.body.call_id)
  })
})

describe('cancelLead', () => {
  test('ends a call that waits, and says the same again', async ({ desk }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const first = await desk.delete(`/v1/leads/${body.lead_id}`)
    expect([first.status, first.body.status, first.body.call_id]).toEqual([200, 'cancelled', body.call_id])
    const again = await desk.delete(`/v1/leads/${body.lead_id}`)
    expect(again.body).toEqual(first.body)
    expect((await desk.get(`/v1/calls/${body.call_id}`)).body).toMatchObject({ status: 'cancelled', outcome: null })
  })

  test('is too late once a dial was tried, also while another is to come', async ({ desk, served }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    for (const status of ['dialing', 'in_progress', 'retry_scheduled', 'completed']) {
      await served.runtime.sql`update calls set status = ${status}, attempts_made = 1 where id = ${body.call_id}`
      const refused = await desk.delete(`/v1/leads/${body.lead_id}`)
      expect([refused.status, refused.body.code]).toEqual([409, 'already_dialed'])
      expect(refused.body.suggested_action).toContain(body.call_id)
    }
  })

  test('an opt-out ends what waits for that number', async ({ desk }) => {
    const phone = somebody()
    const { body } = await desk.post('/v1/leads', { ...lead, phone })
    await desk.post('/workspace/dnc', { phones: [phone] })
    expect((await desk.get(`/v1/calls/${body.call_id}`)).body).toMatchObject({
      status: 'completed',
      outcome: 'not_fit',
      reason: 'opted_out',
    })
  })
})

describe('an Idempotency-Key', () => {
  test('replays the stored answer to the same body, however it is written', async ({ desk, served }) => {
    const body = { ...lead, phone: somebody(), metadata: { a: '1', b: '2' } }
    const first = await desk.post('/v1/leads', body, key('k'))
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([202, null])
    const before = await rows(served)
    const { metadata: _, ...others } = body
    const reordered = { metadata: { b: '2', a: '1' }, ...Object.fromEntries(Object.entries(others).reverse()) }
    for (const same of [body, reordered]) {
      const again = await desk.post('/v1/leads', same, key('k'))
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true'])
      expect(again.body).toEqual(first.body)
      expect(again.headers.get('request-id')).not.toBe(first.headers.get('request-id'))
    }
    expect(await rows(served)).toEqual(before)
  })

  test('with another body is a mistake, and does nothing', async ({ desk, served }) => {
    const phone = somebody()
    await desk.post('/v1/leads', { ...lead, phone }, key('k'))
    const before = await rows(served)
    const { status, body } = await desk.post('/v1/leads', { ...lead, phone, name: 'Bea' }, key('k'))
    expect([status, body.code]).toEqual([422, 'idempotency_mismatch'])
    expect(await rows(served)).toEqual(before)
  })

  test('is one a workspace, mode and operation', async ({ desk, stranger }) => {
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    const body = { ...lead, phone: somebody() }
    const answers = [
      await desk.post('/v1/leads', body, key('k')),
      await stranger.post('/v1/leads', body, key('k')),
      await live.post('/v1/leads', body, key('k')),
      await desk.post('/v1/lists', { leads: [{ ...lead, phone: somebody() }] }, key('k')),
    ]
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202])
    expect(answers.map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, null, null, null])
    expect(new Set(answers.slice(0, 3).map(({ body: { call_id } }) => call_id)).size).toBe(3)
  })

  test('sent ten times at once has one effect, and one answer', async ({ desk, served }) => {
    const body = { ...lead, phone: people.books }
    const before = await rows(served)
    const all = Array.from({ length: 10 }, () => desk.post('/v1/leads', body, key('at_once')))
    const answers = await Promise.all(all)
    for (const { status, body: receipt } of answers) {
      expect([status, receipt.detail]).toEqual([202, undefined])
      expect(receipt).toEqual(answers[0]!.body)
    }
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null).length).toBe(1)
    expect((await rows(served)).calls! - before.calls!).toBe(1)
  })

  test('whose first request still runs after two seconds is a conflict', async ({ desk, served }) => {
    const body = { ...lead, phone: somebody() }
    await served.runtime.sql.begin(async (sql) => {
      await sql`insert into idempotency (workspace_id, mode, operation, key, fingerprint, created_at)
        values (${desk.workspaceId}, 'test', 'createLead', 'slow', 'x', now())`
      const refused = await desk.post('/v1/leads', body, key('slow'))
      expect([refused.status, refused.body.code]).toEqual([409, 'idempotency_conflict'])
      await sql`delete from idempotency where key = 'slow'`
    })
    expect((await desk.post('/v1/leads', body, key('slow'))).status).toBe(202)
  })

  test('of a refused request may be used for the mended one', async ({ desk }) => {
    const phone = somebody()
    const refusals: [object, string][] = [
      [{ ...lead, phone, consent: false }, 'consent_required'],
      [{ ...lead, phone: '123' }, 'phone_invalid'],
      [{ ...lead, phone, flow_id: 'nothing' }, 'no_flow_matches'],
    ]
    for (const [body, code] of refusals) expect((await desk.post('/v1/leads', body, key('k'))).body.code).toBe(code)
    const mended = await desk.post('/v1/leads', { ...lead, phone }, key('k'))
    expect([mended.status, mended.headers.get('idempotency-replayed')]).toEqual([202, null])
  })

  test('replays also when the world has changed: after an opt-out, a cancellation, a new flow', async ({ desk }) => {
    const phone = somebody()
    const first = await desk.post('/v1/leads', { ...lead, phone }, key('k'))
    await desk.delete(`/v1/leads/${first.body.lead_id}`)
    await desk.post('/workspace/dnc', { phones: [phone] })
    await desk.deploy(pricingYaml.replace('60s', '30s'))
    const again = await desk.post('/v1/leads', { ...lead, phone }, key('k'))
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true'])
    expect(again.body).toEqual(first.body)
    expect((await desk.post('/v1/leads', { ...lead, phone }, key('other'))).body.code).toBe('opted_out')
  })

  test('is forgotten after 24 hours', async ({ desk, served }) => {
    const first = await desk.post('/v1/leads', { ...lead, phone: people.books }, key('k'))
    const age = (hours: number) =>
      served.runtime.sql`update idempotency set created_at = now() - make_interval(hours => ${hours}, mins => 1)
        where workspace_id = ${desk.workspaceId}`
    await age(23)
    expect((await desk.post('/v1/leads', { ...lead, phone: people.books }, key('k'))).body).toEqual(first.body)
    await age(24)
    const later = await desk.post('/v1/leads', { ...lead, phone: people.books, name: 'Bea' }, key('k'))
    expect([later.status, later.headers.get('idempotency-replayed')]).toEqual([202, null])
    expect(later.body.call_id).not.toBe(first.body.call_id)
  })

  test('works for every operation that makes something', async ({ desk, served }) => {
    const posts: [string, object, number][] = [
      ['/v1/flows', { yaml: 'id: flow_once\n' }, 201],
      ['/v1/handoffs', { name: 'sales', targets: [{ phone: '+902125550123' }] }, 201],
      ['/v1/lists', { leads: [{ ...lead, phone: somebody() }] }, 202],
    ]
    for (const [path, body, status] of posts) {
      const first = await desk.post(path, body, key('k'))
      expect([path, first.status]).toEqual([path, status])
      const before = await rows(served)
      const again = await desk.post(path, body, key('k'))
      expect([path, again.status, again.headers.get('idempotency-replayed')]).toEqual([path, status, 'true'])
      expect(again.body).toEqual(first.body)
      expect(await rows(served)).toEqual(before)
    }
  })
})
