import type { Clock } from '../clock.ts'
import type { Db, Tx } from '../db/connect.ts'
import { and, eq, gt, inArray, lt, ne } from '../db/drizzle.ts'
import { bookings, calendarLocks, type Mode } from '../db/schema.ts'
import { newId } from '../ids.ts'
import type { Booking, Slot } from './port.ts'
import type { Interval } from './slots.ts'

const MINUTE = 60_000
/** So long after a confirmation a calendar elsewhere may not show the appointment yet. */
const SHOWN_AFTER_MS = 10 * MINUTE

export type BookingRow = typeof bookings.$inferSelect

export interface LedgerOptions {
  db: Db
  /** Real time; holds expire on it. */
  clock: Clock
  workspaceId: string
  mode: Mode
  calendar: string
  kind: BookingRow['kind']
  bufferMinutes: number
}

/**
 * The slots of one calendar that our own calls have taken, as rows. Whatever the calendar is, a slot is taken here first, under a
 * lock on the calendar's row: so two calls never get times that overlap, buffers included, in however many processes.
 */
export function openLedger({ db, clock, workspaceId, mode, calendar, kind, bufferMinutes }: LedgerOptions) {
  const buffer = bufferMinutes * MINUTE
  const mine = and(eq(bookings.workspaceId, workspaceId), eq(bookings.mode, mode), eq(bookings.calendar, calendar))
  const byId = (id: string) => and(mine, eq(bookings.id, id))
  const now = () => new Date(clock.now())

  /**
   * An appointment elsewhere is that calendar's to show: its owner may have moved or deleted it. One that was made while the calendar
   * was kept in another place is shown by nobody else.
   */
  function isTaken({ status, expiresAt, confirmedAt, kind: madeIn }: BookingRow, at: Date): boolean {
    if (status === 'held') return expiresAt !== null && expiresAt > at
    if (status !== 'confirmed' || kind === 'embedded' || madeIn !== kind) return status !== 'released'
    return confirmedAt !== null && at.getTime() - confirmedAt.getTime() < SHOWN_AFTER_MS
  }

  const overlapping = (from: Date, until: Date) =>
    and(mine, ne(bookings.status, 'released'), lt(bookings.slotAt, until), gt(bookings.endsAt, from))

  async function takenRows(from: Date, until: Date): Promise<BookingRow[]> {
    const rows = await db.select().from(bookings).where(overlapping(from, until)).limit(10_000)
    const at = now()
    return rows.filter((row) => isTaken(row, at))
  }

  return {
    /** Without what the call itself only holds. */
    async taken(from: Date, until: Date, callId?: string): Promise<Interval[]> {
      const rows = await takenRows(from, until)
      return rows.filter((row) => !isHeldBy(row, callId)).map(intervalOf)
    },

    /** What the call only holds, as far as it lies between the two. */
    async heldBy(callId: string | undefined, from: Date, until: Date): Promise<Interval[]> {
      const rows = await takenRows(from, until)
      return rows.filter((row) => isHeldBy(row, callId) && row.slotAt >= from && row.endsAt <= until).map(intervalOf)
    },

    /** Null when another booking is in the way. A hold that was never confirmed gives way, but only to someone who wants its time. */
    async hold(slot: Slot, callId: string, seconds: number): Promise<BookingRow | null> {
      return db.transaction(async (tx) => {
        await lock(tx, { workspaceId, mode, calendar })
        const at = now()
        const expiresAt = new Date(at.getTime() + seconds * 1_000)
        const [from, until] = [slot.startsAt.getTime() - buffer, slot.endsAt.getTime() + buffer]
        const near = await tx
          .select()
          .from(bookings)
          .where(overlapping(new Date(from), new Date(until)))
          // In one order everywhere, so that nobody waits in a circle.
          .orderBy(bookings.id)
          .for('update')
        const own = near.find((row) => row.callId === callId && isSlot(row, slot))
        const others = near.filter((row) => row !== own)
        if (others.some((row) => isTaken(row, at))) return null
        await giveWay(tx, others)
        if (!own) return insert(tx, slot, callId, at, expiresAt)
        if (own.status !== 'held') return own
        const [row] = await tx.update(bookings).set({ expiresAt }).where(byId(own.id)).returning()
        return row!
      })
    },

    async find(bookingId: string): Promise<BookingRow | undefined> {
      const [row] = await db.select().from(bookings).where(byId(bookingId))
      return row
    },

    /** Moves a booking that is not released; undefined when it is, or is not in one of the statuses `of`. */
    async move(
      bookingId: string,
      to: BookingRow['status'],
      { of, ...also }: { of?: BookingRow['status'][]; remoteId?: string | null } = {},
    ): Promise<BookingRow | undefined> {
      const change = { status: to, expiresAt: null, ...(to === 'confirmed' ? { confirmedAt: now() } : {}), ...also }
      const [row] = await db
        .update(bookings)
        .set(change)
        .where(and(byId(bookingId), ne(bookings.status, 'released'), of && inArray(bookings.status, of)))
        .returning()
      return row
    },

    /** What a calendar elsewhere calls this hold. */
    async remember(bookingId: string, remoteHold: string): Promise<void> {
      await db.update(bookings).set({ remoteHold }).where(byId(bookingId))
    },
  }

  async function insert(tx: Tx, slot: Slot, callId: string, createdAt: Date, expiresAt: Date): Promise<BookingRow> {
    const key = { id: newId('bkg'), workspaceId, mode, calendar, kind, callId }
    const times = { slotAt: slot.startsAt, endsAt: slot.endsAt, createdAt, expiresAt }
    const [row] = await tx
      .insert(bookings)
      .values({ ...key, ...times, status: 'held' })
      .returning()
    return row!
  }
}

export type Ledger = ReturnType<typeof openLedger>

const isHeldBy = (row: BookingRow, callId: string | undefined) => row.status === 'held' && row.callId === callId

const intervalOf = ({ slotAt, endsAt }: BookingRow): Interval => ({
  startsAt: slotAt.getTime(),
  endsAt: endsAt.getTime(),
})

const isSlot = (row: BookingRow, slot: Slot) =>
  row.slotAt.getTime() === slot.startsAt.getTime() && row.endsAt.getTime() === slot.endsAt.getTime()

/** Expired holds are over; a confirmed appointment that only its calendar knows about now stays on record. */
async function giveWay(tx: Tx, rows: BookingRow[]): Promise<void> {
  const expired = rows.filter((row) => row.status === 'held').map((row) => row.id)
  if (expired.length === 0) return
  await tx.update(bookings).set({ status: 'released' }).where(inArray(bookings.id, expired))
}

/** Only one transaction at a time takes slots of a calendar. An advisory lock would do, where Citus and CockroachDB had one. */
async function lock(tx: Tx, key: typeof calendarLocks.$inferInsert): Promise<void> {
  const row = and(
    eq(calendarLocks.workspaceId, key.workspaceId),
    eq(calendarLocks.mode, key.mode),
    eq(calendarLocks.calendar, key.calendar),
  )
  const locked = () => tx.select().from(calendarLocks).where(row).for('update')
  if ((await locked()).length > 0) return
  await tx.insert(calendarLocks).values(key).onConflictDoNothing()
  await locked()
}

/** A row of ours as the port gives it. */
export const bookingOf = (row: BookingRow, owner: string): Booking => ({
  id: row.id,
  startsAt: row.slotAt,
  endsAt: row.endsAt,
  owner,
})
