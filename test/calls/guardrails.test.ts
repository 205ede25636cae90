import { afterEach, describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { and, eq, isNotNull } from '../../runtime/db/drizzle.ts'
import { attempts, calls, leads } from '../../runtime/db/schema.ts'
import { sha256 } from '../../runtime/ids.ts'
import { hasten } from '../harness/jobs.ts'
import { openWorkspace, people, startServer, testWith } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const lead = { source: 'form', flow_id: 'flow_once', consent: true } as const
/** The page's flow, with its three tries. */
const pricing = { source: 'web_form', intent: 'pricing', consent: true } as const
const once = 'id: flow_once\nmatch: {source: form}\non: {no_answer: "retry(15m, max=1)"}'
/** Whoever answers hangs up at once; what is tested here is whether they are rung at all. */
const test = testWith({ chaos: { callee: { hangsUpAfterMs: 1_000 } } }, ({ deploy }) => deploy(once))
let lastNumber = 0
/** A number that nobody had before, in Turkey: one country, one zone, 9 to 20. */
const someNumber = () => `+90532200${String(++lastNumber).padStart(4, '0')}`
const later = (ms: number) => new Date(Date.now() + ms).toISOString()
const hours = 3_600_000

const ask = async (response: Promise<Response>) => {
  const it = await response
  // biome-ignore lint/suspicious/noExplicitAny: problems and receipts
  return { status: it.status, body: (await it.json()) as any }
}

describe('consent', () => {
  test('not given, nothing is stored and nobody is rung', async ({ served, talkif }) => {
    const evidence = { text: 'I agree to be called.', captured_at: later(-hours) }
    const refusals = [
      undefined,
      false,
      null,
      'true',
      1,
      {},
      { granted: false, ...evidence },
      { granted: 'yes', ...evidence },
    ]
    for (const consent of refusals) {
      const { status, body } = await ask(talkif.post('/v1/leads', { ...lead, phone: someNumber(), consent }))
      expect(status).toBe(422)
      expect(JSON.stringify(body.errors ?? body)).toMatch(/consent/)
    }
    for (const consent of [false, undefined]) {
      const { body } = await ask(talkif.post('/v1/leads', { ...lead, phone: someNumber(), consent }))
      expect(body.code).toBe('consent_required')
    }
    expect(await served.runtime.db.$count(leads, eq(leads.workspaceId, talkif.workspaceId))).toBe(0)
    expect(await served.runtime.db.$count(calls, eq(calls.workspaceId, talkif.workspaceId))).toBe(0)
    expect(talkif.inbox.hooks).toEqual([])
  })
})

describe.concurrent('an opt-out', () => {
  test('said in one call ends every other call that waits for that person, at once', async ({ onTestFinished }) => {
    const patient = await startServer()
    onTestFinished(patient.drop)
    const world = await openWorkspace(patient)
    onTestFinished(world.inbox.close)
    // Another workspace's call to the same person stays.
    const other = await openWorkspace(patient)
    onTestFinished(other.inbox.close)
    const phone = people.stop_calling
    const elsewhere = await other.api.createLead({ ...pricing, phone, not_before: later(24 * hours) })
    const waits = await world.api.createLead({ ...pricing, phone, not_before: later(24 * hours) })
    expect(waits).toMatchObject({ status: 'held', reason: 'not_before' })
    const says = await world.api.createLead({ ...pricing, phone })
    expect(await world.finished(says.call_id)).toMatchObject({ outcome: 'not_fit', reason: 'opted_out' })
    expect(await world.finished(waits.call_id)).toMatchObject({
      ...{ status: 'completed', outcome: 'not_fit', reason: 'opted_out', attempts: [] },
    })
    const [ended] = world.inbox.hooks.filter(
      ({ body }) => body.call_id === waits.call_id && body.event !== 'lead.created',
    )
    expect(ended?.body).toMatchObject({ event: 'outcome.not_fit', reason: 'opted_out' })
    expect(patient.sandbox?.rang).toHaveLength(1)
    expect(await other.api.getCall({ id: elsewhere.call_id })).toMatchObject({ status: 'held' })
  })

  test('by the key 9 is for good: the next lead for the number is refused', async ({ served, onTestFinished }) => {
    const world = await openWorkspace(served)
    onTestFinished(world.inbox.close)
    await world.deploy(once)
    await world.configure({ sandbox: { pace: 1, waits: 1 } })
    const phone = someNumber()
    const { call_id } = await world.api.createLead({ ...lead, phone })
    const { db } = served.runtime
    const attempt = await until(async () => {
      const [row] = await db.select().from(attempts).where(eq(attempts.callId, call_id))
      return row?.carrierId && row
    })
    // This test picks up before the sandbox's callee does, with a token of its own, and presses a key.
    await db
      .update(attempts)
      .set({ streamTokenHash: sha256('mine') })
      .where(eq(attempts.id, attempt.id))
    await world.configure({ sandbox: { pace: 30, waits: 900 } })
    const stream = pickUp(served.url, { attempt: attempt.id, token: 'mine' }, attempt.carrierId!)
    await until(async () => (await world.api.getCall({ id: call_id })).status === 'in_progress')
    stream.send({ event: 'dtmf', dtmf: { track: 'inbound_track', digit: '9' } })
    const isListed = async () => {
      const { body } = await ask(world.fetch('/workspace/dnc'))
      return body.data.find((it: { phone: string }) => it.phone === phone)
    }
    expect(await until(isListed)).toMatchObject({ source: 'keypress' })
    stream.socket.close()
    expect(await world.finished(call_id)).toMatchObject({ outcome: 'not_fit', reason: 'opted_out' })
    const again = await ask(world.post('/v1/leads', { ...lead, phone }))
    expect(again).toMatchObject({ status: 422, body: { code: 'opted_out', param: 'phone' } })
    expect(await db.$count(leads, eq(leads.workspaceId, world.workspaceId))).toBe(1)
  })

  test('while it rings ends the call with that ring, and promises no other', async ({ served, talkif }) => {
    // It rings for five seconds.
    await talkif.configure({ sandbox: { pace: 10, waits: 6 } })
    const phone = people.second_try
    const { call_id } = await talkif.api.createLead({ ...pricing, phone })
    await until(() =>
      served.runtime.db.$count(attempts, and(eq(attempts.callId, call_id), isNotNull(attempts.carrierId))),
    )
    expect((await ask(talkif.post('/workspace/dnc', { phones: [phone] }))).status).toBe(201)
    expect(await talkif.api.getCall({ id: call_id })).toMatchObject({ status: 'dialing' })
    const call = await talkif.finished(call_id)
    expect(call).toMatchObject({ outcome: 'not_fit', reason: 'opted_out', attempts: [{ attempt: 1 }] })
    await talkif.idle()
    const told = talkif.inbox.hooks.filter(({ body }) => body.event.startsWith('outcome.'))
    expect(told.map(({ body }) => [body.event, body.reason, body.retry])).toEqual([
      ['outcome.not_fit', 'opted_out', undefined],
    ])
  })

  test('imported ends what waits at once, and is asked again at the dial', async ({ served, talkif }) => {
    const [held, queued] = [someNumber(), someNumber()]
    const waits = await talkif.api.createLead({ ...lead, phone: held, not_before: later(24 * hours) })
    expect((await ask(talkif.post('/workspace/dnc', { phones: [held] }))).status).toBe(201)
    expect(await talkif.api.getCall({ id: waits.call_id })).toMatchObject({
      ...{ status: 'completed', outcome: 'not_fit', reason: 'opted_out', attempts: [] },
    })
    // Twenty leads against one import: whoever comes first, a number is rung or blocked, never both.
    const phones = Array.from({ length: 20 }, someNumber)
    const [leadsSent] = await Promise.all([
      Promise.all(phones.map((phone) => ask(talkif.post('/v1/leads', { ...lead, phone })))),
      ask(talkif.post('/workspace/dnc', { phones: [...phones, queued] })),
    ])
    await talkif.idle()
    for (const { status, body } of leadsSent) {
      if (status === 422) expect(body.code).toBe('opted_out')
      else {
        const call = await talkif.api.getCall({ id: body.call_id })
        const rung = served.sandbox!.rang.some(({ to }) => to === call.phone)
        expect(call.attempts.length).toBe(rung ? 1 : 0)
        if (!rung) expect(call).toMatchObject({ outcome: 'not_fit', reason: 'opted_out' })
      }
    }
    expect((await ask(talkif.post('/v1/leads', { ...lead, phone: queued }))).body.code).toBe('opted_out')
  })
})

describe.concurrent('time', () => {
  test('quiet hours hold a call until they end where the person is, and not longer', async ({ talkif }) => {
    // 08:30 there: half an hour to wait, two seconds in this time-lapse.
    await talkif.configure({ sandbox: { pace: 30, waits: 900, clock: '08:30' } })
    const receipt = await talkif.api.createLead({ ...lead, phone: someNumber() })
    expect(receipt).toMatchObject({ status: 'held', reason: 'quiet_hours' })
    const { attempts, trace } = await talkif.finished(receipt.call_id)
    expect(attempts).toHaveLength(1)
    const waited = Date.parse(attempts[0]!.dialed_at) - Date.parse(receipt.not_before!)
    expect(waited).toBeGreaterThanOrEqual(0)
    expect(trace?.milestones.map(({ name }) => name)).toContain('dial.start')
  })

  test('in the night a call waits for the morning, and so does its retry', async ({ talkif }) => {
    await talkif.configure({ sandbox: { pace: 30, waits: 60, clock: '23:00' } })
    const night = await talkif.api.createLead({ ...lead, phone: someNumber() })
    expect(night).toMatchObject({ status: 'held', reason: 'quiet_hours' })
    const clock = Date.parse(night.sandbox!.clock)
    // Ten hours of the sandbox's clock, at its pace.
    const realWait = (10 * hours) / 60
    expect(Date.parse(night.not_before!) - Date.now()).toBeLessThanOrEqual(realWait)
    expect(new Date(clock + 3 * hours).getUTCHours()).toBe(23)

    // 20:46 in Washington, where no call may begin after 21: the first try is made, its retry fifteen minutes later is not.
    await talkif.configure({ sandbox: { pace: 30, waits: 20, clock: '20:46' } })
    const evening = await talkif.api.createLead({ ...pricing, phone: people.busy })
    expect(evening.status).toBe('queued')
    const { body: missed } = await talkif.inbox.next('outcome.no_answer', evening.call_id)
    expect(missed).toMatchObject({ reason: 'busy', retry: { attempt: 2, max: 3 } })
    // What is promised is when it rings: the morning there, on the sandbox's clock.
    const call = await talkif.api.getCall({ id: evening.call_id })
    expect(call).toMatchObject({
      status: 'retry_scheduled',
      not_before: missed.retry.at,
      attempts: [{ result: 'busy' }],
    })
    const passed = Date.parse(missed.retry.at) - Date.parse(call.created_at)
    const rings = new Date(Date.parse(evening.sandbox!.clock) + 20 * passed)
    const there = { timeZone: 'America/New_York', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
    expect(rings.toLocaleTimeString('en', there)).toBe('09:00')
  })

  test('a `not_before` is so long from now, and of a test call that time passes in time-lapse', async ({ talkif }) => {
    // An hour in two seconds.
    await talkif.configure({ sandbox: { pace: 30, waits: 1800, clock: '11:00' } })
    const from = Date.now()
    const ahead = await talkif.api.createLead({ ...lead, phone: someNumber(), not_before: later(hours) })
    expect(ahead).toMatchObject({ status: 'held', reason: 'not_before' })
    const at = Date.parse(ahead.not_before!)
    expect(at).toBeGreaterThanOrEqual(from + 1_999)
    expect(at).toBeLessThanOrEqual(Date.now() + 2_001)
    const call = await talkif.finished(ahead.call_id)
    expect(Date.parse(call.attempts[0]!.dialed_at)).toBeGreaterThanOrEqual(at)
    // A time that is over holds nobody.
    const past = await talkif.api.createLead({ ...lead, phone: someNumber(), not_before: later(-hours) })
    expect(past).toMatchObject({ status: 'queued', not_before: null })

    // An hour after 19:30 it is night there, and the morning is waited for.
    await talkif.configure({ sandbox: { pace: 30, waits: 3600, clock: '19:30' } })
    const asked = Date.now()
    const night = await talkif.api.createLead({ ...lead, phone: someNumber(), not_before: later(hours) })
    expect(night).toMatchObject({ status: 'held', reason: 'quiet_hours' })
    const taken = Date.parse(night.not_before!) - (13.5 * hours) / 3600
    expect(taken).toBeGreaterThanOrEqual(asked - 1)
    expect(taken).toBeLessThanOrEqual(Date.now() + 1)
  })

  test('a target that was missed shows in the trace, by how much, and a target that was kept as well', async ({
    talkif,
  }) => {
    const dialStart = async (fields: object) => {
      const { call_id } = await talkif.api.createLead({ ...lead, phone: someNumber(), ...fields })
      const { trace, created_at } = await talkif.finished(call_id)
      const span = trace!.spans.find(({ name }) => name === 'dial.start')!
      return { took: Date.parse(span.ended_at) - Date.parse(created_at), attributes: span.attributes }
    }
    // The flow says nothing, so its target is a minute.
    const kept = await dialStart({})
    expect(kept.attributes).toMatchObject({ call_within_seconds: 60 })
    expect(kept.attributes).not.toHaveProperty('late_ms')
    // Held for an hour of the sandbox's time: four real seconds, three more than were wanted.
    const late = await dialStart({ call_within: 1, not_before: later(hours) })
    expect(late.attributes).toEqual({
      ...{ 'talkif.milestone': true, attempt: 1, provider_call_sid: expect.any(String) },
      ...{ call_within_seconds: 1, late_ms: late.took - 1_000 },
    })
    expect(late.attributes.late_ms).toBeGreaterThanOrEqual(3_000)
  })

  test('caps hold the next lead for a number that was called enough, and the gap the one that comes too soon', async ({
    talkif,
  }) => {
    const phone = someNumber()
    await talkif.configure({
      caps: {
        attempts_per_number_24h: 2,
        attempts_per_number_30d: 30,
        min_gap_seconds: 604_800,
        attempts_per_day: null,
      },
      sandbox: { pace: 30, waits: 60 },
    })
    const first = await talkif.api.createLead({ ...lead, phone })
    await talkif.finished(first.call_id)
    const soon = await talkif.api.createLead({ ...lead, phone })
    expect(soon).toMatchObject({ status: 'held', reason: 'min_gap' })
    expect((await ask(talkif.fetch(`/v1/leads/${soon.lead_id}`, { method: 'DELETE' }))).status).toBe(200)

    await talkif.configure({
      caps: { attempts_per_number_24h: 1, attempts_per_number_30d: 30, min_gap_seconds: 60, attempts_per_day: null },
    })
    const capped = await talkif.api.createLead({ ...lead, phone })
    expect(capped).toMatchObject({ status: 'held', reason: 'attempt_cap' })
    expect(Date.parse(capped.not_before!)).toBeGreaterThan(Date.now())
  })
})

describe('a second lead for a number with an open call', () => {
  test('answers with that call', async ({ talkif }) => {
    const phone = someNumber()
    const first = await talkif.api.createLead({ ...lead, phone, not_before: later(24 * hours) })
    const local = `0${phone.slice(3, 6)} ${phone.slice(6, 9)} ${phone.slice(9)}`
    for (const spelling of [phone, local]) {
      const again = await talkif.api.createLead({ ...lead, phone: spelling, country: 'TR', name: 'Somebody' })
      expect(again).toMatchObject({ call_id: first.call_id, lead_id: first.lead_id, reason: 'duplicate' })
    }
    // The sandbox's people start over with each lead.
    const held = { ...lead, phone: people.books, not_before: later(24 * hours) }
    const [a, b] = await Promise.all([talkif.api.createLead(held), talkif.api.createLead(held)])
    expect(a.call_id).not.toBe(b.call_id)
  })

  test('and twenty at once are one call, one event, one ring', async ({ served, talkif }) => {
    const phone = someNumber()
    const all = await Promise.all(Array.from({ length: 20 }, () => talkif.api.createLead({ ...lead, phone })))
    expect(new Set(all.map(({ call_id }) => call_id)).size).toBe(1)
    expect(all.filter(({ reason }) => reason === 'duplicate')).toHaveLength(19)
    await talkif.finished(all[0]!.call_id)
    expect(await served.runtime.db.$count(leads, eq(leads.phone, phone))).toBe(1)
    expect(talkif.inbox.of('lead.created')).toHaveLength(1)
    expect(served.sandbox!.rang.filter(({ to }) => to === phone)).toHaveLength(1)
  })
})

describe('a cancellation', () => {
  const cancel = (talkif: { fetch(path: string, init: RequestInit): Promise<Response> }, id: string) =>
    ask(talkif.fetch(`/v1/leads/${id}`, { method: 'DELETE' }))

  test('before the first dial is final, and may be said twice', async ({ served, talkif }) => {
    const phone = someNumber()
    const { lead_id, call_id } = await talkif.api.createLead({ ...lead, phone, not_before: later(24 * hours) })
    const [first, second] = [await cancel(talkif, lead_id), await cancel(talkif, lead_id)]
    expect(first).toMatchObject({ status: 200, body: { status: 'cancelled', call_id } })
    const { sandbox: _, ...same } = first.body
    expect(second).toMatchObject({ status: 200, body: same })
    // Its job still comes, and finds nothing to do; and the number is free again.
    await hasten(served, 'dial')
    const next = await talkif.api.createLead({ ...lead, phone })
    expect(next.call_id).not.toBe(call_id)
    await talkif.finished(next.call_id)
    expect(served.sandbox!.rang.filter(({ to }) => to === phone)).toHaveLength(1)
    expect(await talkif.api.getCall({ id: call_id })).toMatchObject({
      status: 'cancelled',
      outcome: null,
      attempts: [],
    })
  })

  test('after a dial is refused, also while a retry is still to come', async ({ talkif }) => {
    await talkif.configure({ sandbox: { pace: 30, waits: 60 } })
    const { lead_id, call_id } = await talkif.api.createLead({ ...pricing, phone: people.busy })
    await until(async () => (await talkif.api.getCall({ id: call_id })).status === 'retry_scheduled')
    expect(await cancel(talkif, lead_id)).toMatchObject({ status: 409, body: { code: 'already_dialed' } })
    expect(await talkif.api.getCall({ id: call_id })).toMatchObject({ status: 'retry_scheduled' })
  })

  test("of a lead that is not there, or another workspace's, is a 404", async ({ served, talkif, onTestFinished }) => {
    const { lead_id } = await talkif.api.createLead({ ...lead, phone: someNumber(), not_before: later(24 * hours) })
    const stranger = await openWorkspace(served)
    onTestFinished(stranger.inbox.close)
    const { key } = await talkif.newKey({ mode: 'live' })
    expect((await cancel(stranger, lead_id)).status).toBe(404)
    const live = talkif.fetch(`/v1/leads/${lead_id}`, { method: 'DELETE', headers: { authorization: `Bearer ${key}` } })
    expect((await live).status).toBe(404)
    expect((await cancel(talkif, lead_id.replace(/.$/, lead_id.endsWith('0') ? '1' : '0'))).status).toBe(404)
  })

  test('that races the dial has one winner: rung, or cancelled', async ({ served, talkif }) => {
    const all = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const phone = someNumber()
        const { lead_id, call_id } = await talkif.api.createLead({ ...lead, phone })
        return { phone, callId: call_id, answer: await cancel(talkif, lead_id) }
      }),
    )
    await talkif.idle()
    for (const { phone, callId, answer } of all) {
      const rung = served.sandbox!.rang.filter(({ to }) => to === phone).length
      const { status } = await talkif.api.getCall({ id: callId })
      expect([answer.status, status, rung]).toEqual(
        answer.status === 200 ? [200, 'cancelled', 0] : [409, 'completed', 1],
      )
    }
  })
})

afterEach<{ served?: { sandbox?: { violations: unknown[] } } }>(({ served }) => {
  expect(served?.sandbox?.violations ?? []).toEqual([])
})

/** Picks up as the carrier would, with a token of one's own. */
function pickUp(url: string, customParameters: Record<string, string>, callSid: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/carrier/twilio/media`)
  const streamSid = `MZ${'2'.repeat(32)}`
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
  const start = { streamSid, callSid, tracks: ['inbound'], mediaFormat, customParameters }
  const send = (message: object) => socket.send(JSON.stringify({ sequenceNumber: '1', streamSid, ...message }))
  socket.on('open', () => {
    send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    send({ event: 'start', start })
  })
  socket.on('error', () => {})
  return { socket, send }
}
