import { workspaceSettings } from '../access/workspaces.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq, inArray, isNull, lt, ne, or, sql } from '../db/drizzle.ts'
import { bookings, calls } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import type { BookingRow } from './ledger.ts'
import { openCalendar } from './open.ts'

/** A request that was on its way to a calendar elsewhere has arrived by then, or never will. */
const UNDO_AFTER_MS = 30_000
/** What is under way for so long has been left there: the call's own requests and the first job are over. */
const LEFT_AFTER_MS = 3 * 60_000

/**
 * Leaves a call that ends one appointment at most: the one that was agreed, or, when a process died before it could write that down,
 * the one confirmed last. What was only held goes back; what a calendar elsewhere may have is undone by a job.
 */
export async function settleBookings(
  tx: Tx,
  deps: Pick<Deps, 'send'>,
  callId: string,
  agreed: { slot: string } | null,
): Promise<BookingRow | undefined> {
  const rows = await tx
    .select()
    .from(bookings)
    .where(and(eq(bookings.callId, callId), ne(bookings.status, 'released')))
    .orderBy(bookings.id)
    .for('update')
  const kept = rows
    .filter((row) => row.status === 'confirmed' && (!agreed || row.slotAt.toISOString() === agreed.slot))
    .toSorted((a, b) => (a.confirmedAt?.getTime() ?? 0) - (b.confirmedAt?.getTime() ?? 0))
    .at(-1)
  const others = rows.filter((row) => row !== kept)
  const isOurs = (row: BookingRow) => row.kind === 'embedded' || row.status === 'held'
  const ours = others.filter(isOurs).map((row) => row.id)
  if (ours.length) await tx.update(bookings).set({ status: 'released' }).where(inArray(bookings.id, ours))
  const theirs = others.filter((row) => !isOurs(row))
  // From here on the sweep knows of it, should the job fail before it says so itself.
  const agreedBefore = theirs.filter((row) => row.status === 'confirmed').map((row) => row.id)
  if (agreedBefore.length)
    await tx.update(bookings).set({ status: 'releasing' }).where(inArray(bookings.id, agreedBefore))
  for (const row of theirs) await sendUnbook(tx, deps, row.id)
  return kept
}

export const sendUnbook = (tx: Tx, deps: Pick<Deps, 'send'>, bookingId: string): Promise<void> =>
  deps.send(tx, 'unbook', { bookingId }, { delayMs: UNDO_AFTER_MS })

/** What was to be undone, and is still there: its calendar was away for longer than the job tries, or the job was lost. */
export function leftBookings({ db, clock }: Pick<Deps, 'db' | 'clock'>): Promise<{ id: string }[]> {
  const isOver = or(isNull(calls.id), inArray(calls.status, ['completed', 'cancelled']))
  return (
    db
      .select({ id: bookings.id })
      .from(bookings)
      .leftJoin(calls, eq(calls.id, bookings.callId))
      .where(
        and(
          inArray(bookings.status, ['confirming', 'releasing']),
          lt(bookings.createdAt, new Date(clock.now() - LEFT_AFTER_MS)),
          // A call that goes on may be confirming it just now.
          or(eq(bookings.status, 'releasing'), isOver),
        ),
      )
      // In no order: a calendar that never comes back does not hold up the others.
      .orderBy(sql`random()`)
      .limit(200)
  )
}

/** Takes a booking that nobody agreed to out of its calendar. @throws CalendarUnavailable: tried again later. */
export async function unbook(deps: Deps, { bookingId }: { bookingId: string }): Promise<void> {
  const [row] = await deps.db.select().from(bookings).where(eq(bookings.id, bookingId))
  if (!row || row.status === 'released') return
  const { calendars } = await workspaceSettings(deps.db, row.workspaceId)
  const settings = calendars.find((it) => it.name === row.calendar && (it.kind ?? 'embedded') === row.kind)
  if (!settings) {
    deps.log.warn(
      { booking: row.id, calendar: row.calendar },
      'the calendar of a booking to undo is gone; look for it there',
    )
    await deps.db.update(bookings).set({ status: 'released' }).where(eq(bookings.id, row.id))
    return
  }
  const calendar = await openCalendar(deps, { workspaceId: row.workspaceId, mode: row.mode, settings })
  await calendar.release(row.id)
}
