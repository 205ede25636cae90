import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, type TestContext, test } from 'vitest'
import { type Client, createClient } from '../../openapi/client.ts'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { unbook } from '../../runtime/bookings/settle.ts'
import { type Clock, faster, systemClock } from '../../runtime/clock.ts'
import { and, eq } from '../../runtime/db/drizzle.ts'
import { bookings, spans } from '../../runtime/db/schema.ts'
import { openLog } from '../../runtime/log.ts'
import { type Sandbox, startSandbox } from '../../runtime/sandbox/server.ts'
import { speechDir } from '../harness/cache.ts'
import { freePort } from '../harness/ports.ts'
import { openWorkspace, startServer, type Workspace } from '../harness/talkif.ts'
import { EVENT_TYPE } from './cal-com-host.ts'
import { API_KEY, type CalComServer, startCalCom } from './cal-com-server.ts'

/** How much faster than life both sides run; a live call itself knows no time-lapse. */
const PACE = 8
const start = systemClock.now()
const noon = Date.parse('2026-05-26T16:00:00Z')
/** Noon in Washington on a Tuesday, and on from there. */
const clock: Clock = faster({ ...systemClock, now: () => noon + (systemClock.now() - start) }, PACE)

/** Everything that the server logged, of whatever level. */
const logged: string[] = []
const credentials = {
  accountSid: `AC${randomBytes(16).toString('hex')}`,
  authToken: randomBytes(16).toString('hex'),
  apiKey: `sk-${randomBytes(16).toString('hex')}`,
}
/** Keys and webhook secrets of the workspaces that were opened. */
const given: string[] = [API_KEY, 'cal_wrong', credentials.authToken, credentials.apiKey]

let vendors: Sandbox
let served: Awaited<ReturnType<typeof startServer>>

beforeAll(async () => {
  const port = await freePort()
  vendors = await startSandbox({ clock: systemClock, credentials, cacheDir: speechDir })
  served = await startServer({
    clock,
    log: openLog('debug', { write: (line) => void logged.push(line) }),
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
})

afterAll(async () => {
  await served?.drop()
  await vendors?.close()
})

/** A workspace that calls live, and whose one calendar is an event type of Cal.com. */
async function openLive(
  onTestFinished: TestContext['onTestFinished'],
  api_key = API_KEY,
): Promise<{ talkif: Workspace; live: Client; calCom: CalComServer }> {
  const talkif = await openWorkspace(served)
  const calCom = await startCalCom(() => clock.now())
  onTestFinished(async () => {
    await talkif.inbox.close()
    await calCom.close()
  })
  const { key } = await talkif.newKey({ mode: 'live' })
  given.push(key, talkif.key, talkif.webhookSecret)
  const mehmet = { name: 'mehmet', owner: 'mehmet@helena.example', time_zone: 'Europe/Istanbul' }
  const cal_com = { event_type_id: EVENT_TYPE, api_key, url: calCom.url }
  await talkif.configure({
    numbers: [{ phone: sandboxNumber, label: 'Main' }],
    calendars: [{ ...mehmet, kind: 'cal_com', cal_com }],
  })
  return { talkif, live: createClient({ url: talkif.url, key }), calCom }
}

/** Every number that is nobody's in particular picks up and books. */
const lead = {
  ...{ source: 'web_form', intent: 'pricing', consent: true },
  ...{ name: 'ליאת אברהם', email: 'liat@example.org' },
} as const

describe.concurrent('live calls', () => {
  test('a live call books in the owner’s own calendar, and both sides get the appointment as a file', async ({
    expect,
    onTestFinished,
  }) => {
    const { talkif, live, calCom } = await openLive(onTestFinished)
    const { call_id } = await live.createLead({ ...lead, phone: '+12025550141' })
    const hook = await talkif.inbox.next('outcome.booked', call_id)
    const [booked, ...rest] = calCom.bookings.values()
    expect(rest).toEqual([])
    expect(booked).toMatchObject({ start: hook.body.booking.slot, attendees: [{ email: lead.email }] })
    expect(calCom.violations).toEqual([])

    const file = await fetch(hook.body.artifacts.calendar_url)
    expect(file.headers.get('content-type')).toBe('text/calendar; charset=utf-8')
    expect(file.headers.get('content-disposition')).toBe(`attachment; filename="${call_id}.ics"`)
    const text = (await file.text()).replaceAll('\r\n ', '')
    expect(text).toContain('METHOD:REQUEST\r\n')
    expect(text).toContain('SUMMARY:\u2068ליאת אברהם\u2069 · Helena Education\r\n')
    expect(text).toContain(`DTSTART:${hook.body.booking.slot.replace(/[-:]|\.000/g, '')}\r\n`)
    const forged = hook.body.artifacts.calendar_url.replace('/artifacts/c/', '/artifacts/t/')
    expect((await fetch(forged)).status).toBe(404)
  })

  test('a calendar that fails in mid-call costs the booking, not the lead; the person hears a way out, the trace says why', async ({
    expect,
    onTestFinished,
  }) => {
    const { talkif, live } = await openLive(onTestFinished, 'cal_wrong')
    const { call_id } = await live.createLead({ ...lead, phone: '+12025550142' })
    const hook = await talkif.inbox.next('outcome.qualified', call_id)
    expect(hook.body).toMatchObject({ qualified: true, artifacts: { calendar_url: null } })
    await served.runtime.telemetry.flush()
    const call = await live.getCall({ id: call_id, include: ['trace', 'transcript'] })
    expect(call).toMatchObject({ outcome: 'qualified', booking: null })
    const failed = call.trace!.spans.find(({ name }) => name === 'booking')
    expect(failed).toMatchObject({ status: 'failed', attributes: { error: expect.stringContaining('401') } })
    expect(failed!.attributes.advice).toContain('cal_com.api_key')
    expect(JSON.stringify(call)).not.toContain('cal_wrong')
    const said = call.transcript!.filter(({ role }) => role === 'agent').at(-1)!.text
    expect(said).toMatch(/call(s)? (you )?back|in touch|colleague/i)
  })

  test('an appointment that was made without an answer, and that nobody agreed to, is taken back', async ({
    expect,
    onTestFinished,
  }) => {
    const { talkif, live, calCom } = await openLive(onTestFinished)
    calCom.cutAfter('POST /v2/bookings')
    const { call_id } = await live.createLead({ ...lead, phone: '+12025550143' })
    const hook = await talkif.inbox.next('outcome.booked', call_id)
    const accepted = () => [...calCom.bookings.values()].filter(({ status }) => status === 'accepted')
    // The first was made and never heard of; the person then agreed to another time.
    expect([...calCom.bookings.values()].map(({ status }) => status)).toEqual(['cancelled', 'accepted'])
    expect(accepted()[0]!.start).toBe(hook.body.booking.slot)

    // Nor does one stay that a process left half undone; the job may run twice.
    const { db } = served.runtime
    const confirmed = and(eq(bookings.callId, call_id), eq(bookings.status, 'confirmed'))
    const [left] = await db.update(bookings).set({ status: 'releasing' }).where(confirmed).returning()
    for (const _ of [1, 2]) await unbook(served.runtime, { bookingId: left!.id })
    expect(accepted()).toEqual([])
  })

  test('a test call never touches a real calendar', async ({ expect, onTestFinished }) => {
    const { talkif, calCom } = await openLive(onTestFinished)
    await talkif.configure({ sandbox: { pace: 3, waits: 900 } })
    const { call_id } = await talkif.api.createLead({ ...lead, phone: '+12025550144' })
    const hook = await talkif.inbox.next('outcome.booked', call_id)
    expect(hook.body.test).toBe(true)
    expect(calCom.bookings.size).toBe(0)
    const [row] = await served.runtime.db.select().from(bookings).where(eq(bookings.callId, call_id))
    expect(row).toMatchObject({ kind: 'embedded', mode: 'test' })
  })
})

test('of all that, no secret and no person is in the log, and no secret in the traces', async ({ expect }) => {
  await served.runtime.telemetry.flush()
  const log = logged.join('')
  const traces = JSON.stringify(await served.runtime.db.select().from(spans))
  // It was written much of both, of what failed as well.
  for (const words of ['a calendar cannot be asked', '"event":"rang"']) expect(log).toContain(words)
  expect(traces).toContain('cal_com.api_key')
  expect(given.length).toBeGreaterThan(10)
  expect(given.filter((secret) => log.includes(secret))).toEqual([])
  expect(given.filter((secret) => traces.includes(secret))).toEqual([])
  for (const person of ['ליאת', 'liat@', '2025550141', '2025550142', '2025550143', '2025550144'])
    expect(log.split('\n').filter((line) => line.includes(person))).toEqual([])
})
