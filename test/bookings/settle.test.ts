import { describe, expect } from 'vitest'
import { prepareConversation } from '../../runtime/calls/conversation.ts'
import { conversationTools } from '../../runtime/calls/conversation-tools.ts'
import { settle } from '../../runtime/calls/settle.ts'
import { openTransfer } from '../../runtime/calls/transfer/transfer.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { attempts, bookings, calls } from '../../runtime/db/schema.ts'
import { people, test, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

/** A call whose phone rings for half a minute, its tools, and what it leaves when it ends. */
async function ringing(talkif: Workspace) {
  const { runtime } = talkif.served
  await talkif.configure({ sandbox: { pace: 1, waits: 1 } })
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

  test('what is half done at a calendar elsewhere is left to a job, which undoes it', async ({ talkif }) => {
    const { offered, settled, rows, db } = await ringing(talkif)
    await offered()
    const [row] = await rows()
    await db.update(bookings).set({ kind: 'caldav', status: 'confirming' }).where(eq(bookings.id, row!.id))
    await settled()
    // Nobody else gets the time while it is not known to be free.
    expect((await rows()).map(({ status }) => status)).toEqual(['confirming', 'released', 'released'])
    const jobs = await talkif.served.runtime
      .sql`select data, start_after > now() as waits from pgboss.job where name = 'unbook'`
    expect(jobs).toContainEqual({ data: { bookingId: row!.id }, waits: true })
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
