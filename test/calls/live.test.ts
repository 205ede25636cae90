import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../openapi/client.ts'
import { sandboxColleagues, sandboxNumber } from '../../openapi/sandbox-people.ts'
import { type Clock, faster, systemClock } from '../../runtime/clock.ts'
import { type Sandbox, startSandbox } from '../../runtime/sandbox/server.ts'
import { speechDir } from '../harness/cache.ts'
import { freePort } from '../harness/ports.ts'
import { openWorkspace, people, startServer, type Workspace } from '../harness/talkif.ts'

/** How much faster than life both sides run; a live call itself knows no time-lapse. */
const PACE = 8

/** Noon in Washington on a Tuesday, and on from there. */
function noonClock(): Clock {
  const start = systemClock.now()
  const noon = Date.parse('2026-05-26T16:00:00Z')
  return faster({ ...systemClock, now: () => noon + (systemClock.now() - start) }, PACE)
}

let vendors: Sandbox
let served: Awaited<ReturnType<typeof startServer>>
let talkif: Workspace

beforeAll(async () => {
  const credentials = {
    accountSid: `AC${randomBytes(16).toString('hex')}`,
    authToken: randomBytes(16).toString('hex'),
    apiKey: `sk-${randomBytes(16).toString('hex')}`,
  }
  const port = await freePort()
  vendors = await startSandbox({ clock: systemClock, credentials, cacheDir: speechDir })
  served = await startServer({
    clock: noonClock(),
    environment: {
      TWILIO_ACCOUNT_SID: credentials.accountSid,
      TWILIO_AUTH_TOKEN: credentials.authToken,
      TWILIO_API_BASE_URL: vendors.carrierUrl({ pace: PACE, waits: 60 }),
      TWILIO_CALLS_PER_SECOND: '20',
      OPENAI_API_KEY: credentials.apiKey,
      OPENAI_BASE_URL: vendors.engineUrl({ pace: PACE }),
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
    },
  })
  talkif = await openWorkspace(served)
})

afterAll(async () => {
  await talkif?.inbox.close()
  await served?.drop()
  await vendors?.close()
})

test('a live key takes the same way over the configured carrier and engine', async () => {
  const { key } = await talkif.newKey({ mode: 'live' })
  const live = createClient({ url: talkif.url, key })
  await talkif.configure({ numbers: [{ phone: sandboxNumber, label: 'Main' }] })
  const { data } = await live.listNumbers({})
  expect(data).toMatchObject([{ phone: sandboxNumber, label: 'Main', test: false, can_dial: true }])

  const lead = { source: 'web_form', intent: 'pricing', consent: true } as const
  const receipt = await live.createLead({ ...lead, phone: people.books })
  expect(receipt).toMatchObject({ test: false, status: 'queued' })
  expect(receipt).not.toHaveProperty('sandbox')
  const hook = await talkif.inbox.next('outcome.booked', receipt.call_id)
  expect(hook.body).toMatchObject({ test: false, qualified: true, artifacts: { recording_url: null } })

  const call = await live.getCall({ id: receipt.call_id, include: ['transcript'] })
  expect(call).toMatchObject({
    status: 'completed',
    outcome: 'booked',
    attempts: [{ from: sandboxNumber, result: 'answered' }],
  })
  // The page's flow does not record, so the greeting does not say so.
  const greeting = call.transcript?.find((turn) => turn.role === 'agent')?.text
  expect(greeting).toContain('Helena Education')
  expect(greeting).not.toContain('recorded')
  expect(vendors.rang.map((rang) => rang.to)).toEqual([people.books])
  expect(served.sandbox?.rang).toEqual([])
  expect(vendors.violations).toEqual([])

  // Test and live are separate: a test key sees none of it.
  const response = await talkif.fetch(`/v1/calls/${receipt.call_id}`)
  expect(response.status).toBe(404)
})

test('a live lead is handed over through the configured carrier, at the pace of its account', async () => {
  const { key } = await talkif.newKey({ mode: 'live' })
  const live = createClient({ url: talkif.url, key })
  const targets = [{ name: 'Ada', phone: sandboxColleagues[0]!.number }]
  await live.upsertHandoff({ name: 'sales', targets })
  const lead = { source: 'web_form', intent: 'pricing', consent: true } as const
  const { call_id } = await live.createLead({ ...lead, phone: people.asks_for_human })
  const hook = await talkif.inbox.next('outcome.qualified', call_id)
  expect(hook.body).toMatchObject({
    test: false,
    reason: 'transferred',
    handoff: { result: 'accepted', target: 'Ada' },
  })
  expect(vendors.rang.slice(-2).map((rang) => rang.to)).toEqual([people.asks_for_human, targets[0]!.phone])
  expect(served.sandbox?.rang).toEqual([])
  expect(vendors.violations).toEqual([])
})

test('a live lead in the night of its person is held until their morning', async () => {
  const { key } = await talkif.newKey({ mode: 'live' })
  const live = createClient({ url: talkif.url, key })
  const receipt = await live.createLead({
    source: 'web_form',
    phone: '+14155550123',
    time_zone: 'Asia/Tokyo',
    intent: 'pricing',
    consent: true,
  })
  expect(receipt).toMatchObject({ status: 'held', reason: 'quiet_hours' })
  expect(new Date(receipt.not_before!).toISOString()).toBe('2026-05-27T00:00:00.000Z')
  expect(await live.cancelLead({ id: receipt.lead_id })).toMatchObject({ status: 'cancelled' })
})

test('without numbers to call from nobody is rung, and the call says why', async () => {
  const other = await openWorkspace(served)
  const { key } = await other.newKey({ mode: 'live' })
  const live = createClient({ url: other.url, key })
  const { call_id } = await live.createLead({
    source: 'web_form',
    phone: '+12025550133',
    intent: 'pricing',
    consent: true,
  })
  const call = await live.getCall({ id: call_id, wait: 30 })
  expect(call).toMatchObject({ status: 'completed', outcome: 'no_answer', reason: 'no_outbound_number', attempts: [] })
  await other.inbox.close()
})
