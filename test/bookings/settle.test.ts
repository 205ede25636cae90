import { describe, expect } from 'vitest'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { prepareConversation } from '../../runtime/calls/conversation.ts'
import { conversationTools } from '../../runtime/calls/conversation-tools.ts'
import { settle } from '../../runtime/calls/settle.ts'
import { sweep } from '../../runtime/calls/sweep.ts'
import { openTransfer } from '../../runtime/calls/transfer/transfer.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { attempts, type BookingStatus, bookings, calls } from '../../runtime/db/schema.ts'
import { newId } from '../../runtime/ids.ts'
import { rawServer } from '../carrier/raw-server.ts'
import { waitingJobs } from '../harness/jobs.ts'
import { people, test, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

/** A call whose phone rings for half a minute, its tools, and what it leaves when it ends. */
async function ringing(talkif: Workspace, document: WorkspaceDocument = {}) {
  const { runtime } = talkif.served
  await talkif.configure({ sandbox: { pace: 1, waits: 1 }, ...document })
  const lead = { source: 'web_form', intent: 'pricing', consent: true } as const
  const { call_id } = await talkif.api.createLead({ ...lead, phone: people.second_try })
  const attempt = await until(async () => {
    const [row] = await runtime.db.select().from(attempts).where(eq(attempts.callId, call_id))
    return row?.carrierId && row
  })
  const prepared = await prepareConversation(runtime, attempt.id)
  const transfer = openTransfer(prepared!.context, attempt.carrierId!, () => {})
  const run = conversationTools(prepared!.context, transfer)
  for (const slot of ['need', 'timing', 'budget', 'location']) await run('save_answer', { slot, value: 'said' })
  const rows = () => runtime.db.select().from(bookings).where(eq(bookings.callId, call_id)).orderBy(bookings.slotAt)
  return {
    ...{ run, rows, callId: call_id, db: runtime.db },
    async offered() {
      const { slots } = (await run('check_slots', {})).output as { slots: { slot_id: string }[] }
      return slots.map(({ slot_id }) => slot_id)
    },
    settled: () => settle(runtime, { attemptId: attempt.id }),
    call: async () => (await runtime.db.select().from(calls).where(eq(calls.id, call_id)))[0]!,
  }
}

describe.concurrent('a call leaves one appointment at most', () => {
  test('what was only held goes back', async ({ talkif }) => {
    const { offered, settled, rows } = await ringing(talkif)
    await offered()
    await settled()
    expect((await rows()).map(({ status }) => status)).toEqual(['released', 'released', 'released'])
  })

  test('a process that died after confirming leaves the appointment that was confirmed last', async ({ talkif }) => {
    const { offered, settled, rows, run, db, call, callId } = await ringing(talkif)
    const [first, second] = await offered()
    await run('book_slot', { slot_id: second })
    // As if it had died between confirming the second and giving back the first, with nothing written of either.
    const [before] = await rows()
    expect(before).toMatchObject({ status: 'released', confirmedAt: null })
    const confirmedAt = new Date('2026-01-01T00:00:00Z')
    await db.update(bookings).set({ status: 'confirmed', confirmedAt }).where(eq(bookings.id, before!.id))
    await db.update(calls).set({ booking: null }).where(eq(calls.id, callId))
    await settled()
    const [old, kept] = await rows()
    expect([old!.status, kept!.status]).toEqual(['released', 'confirmed'])
    expect((await call()).booking).toMatchObject({ slot: kept!.slotAt.toISOString(), owner: 'mehmet@helena.example' })
    expect(first).not.toBe(second)
  })

  test('what is half done at a calendar elsewhere, or was agreed before, is left to a job, which undoes it', async ({
    talkif,
  }) => {
    const { offered, settled, rows, db } = await ringing(talkif)
    await offered()
    const [row, before, last] = await rows()
    await db.update(bookings).set({ kind: 'caldav', status: 'confirming' }).where(eq(bookings.id, row!.id))
    for (const [agreed, second] of [before, last].entries()) {
      const confirmedAt = new Date(Date.UTC(2026, 0, 1, 0, agreed))
      await db
        .update(bookings)
        .set({ kind: 'caldav', status: 'confirmed', confirmedAt })
        .where(eq(bookings.id, second!.id))
    }
    await settled()
    // Nobody else gets the time while it is not known to be free.
    expect((await rows()).map(({ status }) => status)).toEqual(['confirming', 'releasing', 'confirmed'])
    const jobs = await talkif.served.runtime
      .sql`select data, start_after > now() as waits from pgboss.job where name = 'unbook'`
    for (const { id } of [row!, before!]) expect(jobs).toContainEqual({ data: { bookingId: id }, waits: true })
  })

  test('who has booked and chooses again may have the time beside it, though buffers are kept', async ({ talkif }) => {
    // One hour a day, and two times in it.
    const hours = { from: '15:00', to: '16:00', days: [1, 2, 3, 4, 5, 6, 7] }
    const ahead = { working_hours: hours, slot_minutes: 30, buffer_minutes: 10, notice_minutes: 0, days_ahead: 1 }
    const mehmet = { name: 'mehmet', owner: 'mehmet@helena.example', time_zone: 'Europe/Istanbul' }
    const { offered, run, rows, call } = await ringing(talkif, { calendars: [{ ...mehmet, ...ahead }] })
    const [first, second, ...rest] = await offered()
    expect(second).toMatch(/^slot_mehmet_/)
    expect(rest).toEqual([])
    await run('book_slot', { slot_id: first })
    expect(await offered()).toEqual([second])
    expect((await run('book_slot', { slot_id: second })).output).toMatchObject({ booked: true })
    const kept = (await rows()).filter(({ status }) => status !== 'released')
    expect(kept).toMatchObject([{ status: 'confirmed' }])
    expect((await call()).booking).toMatchObject({ slot: kept[0]!.slotAt.toISOString() })
    expect(await offered()).toEqual([first])
  })

  test('a booking that is confirmed when the call is already over is given back', async ({ talkif }) => {
    const { offered, settled, rows, run, call } = await ringing(talkif)
    const [slot] = await offered()
    await settled()
    const { output } = await run('book_slot', { slot_id: slot })
    expect(output).toEqual({ error: 'The call is over.' })
    expect((await rows()).map(({ status }) => status)).not.toContain('confirmed')
    expect((await call()).booking).toBeNull()
  })
})

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** A row of a live call in a calendar elsewhere; of a call that is gone, where none is given. */
async function leftIn(talkif: Workspace, status: BookingStatus, { callId = newId('call'), minutesAgo = 10 } = {}) {
  const { db } = talkif.served.runtime
  const key = { id: newId('bkg'), workspaceId: talkif.workspaceId, mode: 'live' as const, callId }
  const slotAt = new Date(Date.now() + 3 * DAY)
  const times = { slotAt, endsAt: new Date(slotAt.getTime() + 30 * MINUTE) }
  const createdAt = new Date(Date.now() - minutesAgo * MINUTE)
  await db.insert(bookings).values({ ...key, ...times, createdAt, status, calendar: 'mehmet', kind: 'caldav' })
  return key.id
}

describe('what stays half done at a calendar elsewhere is undone by the sweep', () => {
  test('once nobody is at it any more', async ({ talkif }) => {
    const { callId } = await ringing(talkif)
    const left = await Promise.all([leftIn(talkif, 'releasing'), leftIn(talkif, 'confirming')])
    const others = await Promise.all([
      leftIn(talkif, 'releasing', { minutesAgo: 1 }),
      leftIn(talkif, 'confirming', { callId }),
      ...(['held', 'confirmed', 'released'] as const).map((status) => leftIn(talkif, status)),
    ])
    for (const _ of [1, 2]) await sweep(talkif.served.runtime)
    const sent = (await waitingJobs(talkif.served, 'unbook')).map(({ data }) => data.bookingId as string)
    expect(sent.filter((id) => [...left, ...others].includes(id)).toSorted()).toEqual(left.toSorted())
  })

  test('however long the calendar was away, and without jobs that pile up meanwhile', async ({
    talkif,
    onTestFinished,
  }) => {
    const { runtime } = talkif.served
    let isBack = false
    const server = await rawServer((_, response) => response.writeHead(isBack ? 204 : 503).end())
    onTestFinished(server.close)
    const caldav = { url: `${server.baseUrl}/work/`, username: 'mehmet', password: 'geheim' }
    const mehmet = { name: 'mehmet', owner: 'mehmet@helena.example', time_zone: 'Europe/Istanbul' }
    await talkif.configure({ calendars: [{ ...mehmet, kind: 'caldav', caldav }] })
    const id = await leftIn(talkif, 'releasing')
    /** A minute of the sweep, and whatever waits tries until it has no tries left. */
    const minute = async () => {
      await sweep(runtime)
      await until(async () => {
        await runtime.sql`
          update pgboss.job set start_after = now()
          where name = 'unbook' and data ->> 'bookingId' = ${id} and state in ('created', 'retry')`
        const open = await runtime.sql`
          select 1 from pgboss.job
          where name = 'unbook' and data ->> 'bookingId' = ${id} and state in ('created', 'retry', 'active')`
        return open.length === 0
      })
    }
    for (const _ of [1, 2]) await minute()
    // Both have tried, and more than once.
    expect(server.requests.length).toBeGreaterThan(2)
    const status = async () =>
      (await runtime.db.select().from(bookings).where(eq(bookings.id, id))).map((row) => row.status)
    expect(await status()).toEqual(['releasing'])
    isBack = true
    await minute()
    expect(await status()).toEqual(['released'])
  })
})
