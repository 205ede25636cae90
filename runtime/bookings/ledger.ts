import type { Clock } from '../clock.ts'
import type { Db, Tx } from '../db/connect.ts'
import { and, eq, gt, inArray, lt, ne } from '../db/drizzle.ts'
import { bookings, calendarLocks, type Mode } from '../db/schema.ts'
import { newId } from '../ids.ts'
import { around } from './offers.ts'
import type { Booking, Slot } from './port.ts'
import type { Interval } from './slots.ts'

const MINUTE = 60_000
/** So long after a confirmation a calendar elsewhere may not show the appointment yet. */
const SHOWN_AFTER_MS = 10 * MINUTE

export type BookingRow = typeof bookings.$inferSelect

interface MoveOptions {
  of?: BookingRow['status'][] | undefined
  remoteId?: string | null
}

/** What is not free for others, by whose it is. */
interface Kept {
  taken: Interval[]
  held: Interval[]
  booked: BookingRow[]
}

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

  return {
    /**
     * Who has what between the two. `taken` is what others have; what the call itself `held` or `booked` is not in its way: it has one
     * time in the end, and gives the rest back.
     */
    async between(from: Date, until: Date, callId?: string): Promise<Kept> {
      const rows = await db.select().from(bookings).where(overlapping(from, until)).limit(10_000)
      const at = now()
      const held = rows.filter((row) => isHeldBy(row, callId) && isTaken(row, at))
      return {
        taken: rows.filter((row) => !isOwn(row, callId) && isTaken(row, at)).map(intervalOf),
        held: held.filter((row) => row.slotAt >= from && row.endsAt <= until).map(intervalOf),
        booked: rows.filter((row) => row.status === 'confirmed' && row.callId === callId),
      }
    },

    /**
     * Null when another call's booking is in the way, or one of its own that is under way. A hold that was never confirmed gives way,
     * but only to someone who wants its time.
     */
    async hold(slot: Slot, callId: string, seconds: number): Promise<BookingRow | null> {
      return db.transaction(async (tx) => {
        await lock(tx, { workspaceId, mode, calendar })
        const at = now()
        const expiresAt = new Date(at.getTime() + seconds * 1_000)
        const near = await lockNear(tx, slot)
        const own = near.find((row) => row.callId === callId && isSlot(row, slot))
        const others = near.filter((row) => row !== own && !isOwn(row, callId))
        if (others.some((row) => isTaken(row, at))) return null
        await giveWay(tx, others)
        if (!own) return insert(tx, slot, callId, at, expiresAt)
        if (own.status !== 'held') return own
        const [row] = await tx.update(bookings).set({ expiresAt }).where(byId(own.id)).returning()
        return row!
      })
    },

    /**
     * Moves a booking to what the person agreed to, as `move` does, and gives back what else the call holds too near to it. `freed` are
     * those: a call cannot have both.
     */
    async agree(
      bookingId: string,
      to: 'confirming' | 'confirmed',
      of?: BookingRow['status'][],
    ): Promise<{ row: BookingRow; freed: BookingRow[] } | undefined> {
      const found = await find(bookingId)
      if (!found) return undefined
      return db.transaction(async (tx) => {
        await lock(tx, { workspaceId, mode, calendar })
        const near = await lockNear(tx, { startsAt: found.slotAt, endsAt: found.endsAt })
        const row = await move(tx, bookingId, to, { of })
        if (!row) return undefined
        const freed = near.filter((it) => it.id !== row.id && isHeldBy(it, row.callId))
        await giveWay(tx, freed)
        return { row, freed }
      })
    },

    find,

    /** Moves a booking that is not released; undefined when it is, or is not in one of the statuses `of`. */
    move: (bookingId: string, to: BookingRow['status'], more?: MoveOptions) => move(db, bookingId, to, more),

    /** What a calendar elsewhere calls this hold. */
    async remember(bookingId: string, remoteHold: string): Promise<void> {
      await db.update(bookings).set({ remoteHold }).where(byId(bookingId))
    },
  }

  async function find(bookingId: string): Promise<BookingRow | undefined> {
    const [row] = await db.select().from(bookings).where(byId(bookingId))
    return row
  }

  async function lockNear(tx: Tx, slot: Pick<Slot, 'startsAt' | 'endsAt'>): Promise<BookingRow[]> {
    const { from, until } = around(slot, bufferMinutes)
    // In one order everywhere, so that nobody waits in a circle.
    return tx.select().from(bookings).where(overlapping(from, until)).orderBy(bookings.id).for('update')
  }

  async function move(
    tx: Db | Tx,
    bookingId: string,
    to: BookingRow['status'],
    { of, ...also }: MoveOptions = {},
  ): Promise<BookingRow | undefined> {
    const change = { status: to, expiresAt: null, ...(to === 'confirmed' ? { confirmedAt: now() } : {}), ...also }
    const [row] = await tx
      .update(bookings)
      .set(change)
      .where(and(byId(bookingId), ne(bookings.status, 'released'), of && inArray(bookings.status, of)))
      .returning()
    return row
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

const isOwn = (row: BookingRow, callId: string | undefined) =>
  isHeldBy(row, callId) || (row.status === 'confirmed' && row.callId === callId)

export const intervalOf = ({ slotAt, endsAt }: BookingRow): Interval => ({
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
