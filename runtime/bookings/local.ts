import { and, eq, gt, lt, lte, ne, or } from 'drizzle-orm'
import type { Clock } from '../clock.ts'
import type { Db } from '../db/connect.ts'
import { bookings, type Mode } from '../db/schema.ts'
import { newId } from '../ids.ts'
import type { Booking, Calendar, SlotQuery } from './port.ts'
import { freeSlots, type Hours, type Interval, isDuring } from './slots.ts'

const MINUTE = 60_000
/** Nobody prepares for a meeting that begins at once. */
const NOTICE_MINUTES = 60

/** A calendar as the workspace document describes it. */
export interface CalendarSettings {
  name: string
  owner: string
  time_zone: string
  working_hours?: { from: string; to: string; days: number[] } | undefined
  slot_minutes?: number | undefined
}

export interface LocalCalendarOptions {
  db: Db
  /** Real time; holds expire on it. */
  clock: Clock
  workspaceId: string
  mode: Mode
  settings: CalendarSettings
}

/** The embedded calendar: bookings are rows, and one unique index makes a hold atomic across processes. */
export function localCalendar({ db, clock, workspaceId, mode, settings }: LocalCalendarOptions): Calendar {
  const hours: Hours = {
    timeZone: settings.time_zone,
    ...(settings.working_hours ?? { from: '09:00', to: '18:00', days: [1, 2, 3, 4, 5] }),
    slotMinutes: settings.slot_minutes ?? 30,
    bufferMinutes: 0,
  }
  const mine = and(eq(bookings.workspaceId, workspaceId), eq(bookings.mode, mode), eq(bookings.calendar, settings.name))
  const byId = (id: string) => and(mine, eq(bookings.id, id))
  const isTaken = (now: Date) =>
    or(eq(bookings.status, 'confirmed'), and(eq(bookings.status, 'held'), gt(bookings.expiresAt, now)))

  async function taken(from: Date, until: Date): Promise<Interval[]> {
    const rows = await db
      .select({ startsAt: bookings.slotAt, endsAt: bookings.endsAt })
      .from(bookings)
      .where(and(mine, isTaken(new Date(clock.now())), lt(bookings.slotAt, until), gt(bookings.endsAt, from)))
      .limit(10_000)
    return rows.map(({ startsAt, endsAt }) => ({ startsAt: startsAt.getTime(), endsAt: endsAt.getTime() }))
  }

  return {
    async freeSlots(query) {
      const from = query.from.getTime() + NOTICE_MINUTES * MINUTE
      const free = freeSlots(hours, from, query.until.getTime(), await taken(query.from, query.until))
      return choose(free, query).map((slot) => ({
        id: `slot_${settings.name}_${(slot.startsAt / MINUTE).toString(36)}`,
        startsAt: new Date(slot.startsAt),
        endsAt: new Date(slot.endsAt),
      }))
    },

    async hold(slot, callId, seconds) {
      const now = new Date(clock.now())
      const wanted = and(mine, eq(bookings.slotAt, slot.startsAt))
      const row = {
        id: newId('bkg'),
        workspaceId,
        mode,
        calendar: settings.name,
        callId,
        slotAt: slot.startsAt,
        endsAt: slot.endsAt,
        status: 'held' as const,
        expiresAt: new Date(now.getTime() + seconds * 1_000),
        createdAt: now,
      }
      return db.transaction(async (tx) => {
        // A hold that was never confirmed gives way, but only to someone who wants the slot.
        await tx
          .update(bookings)
          .set({ status: 'released' })
          .where(and(wanted, eq(bookings.status, 'held'), lte(bookings.expiresAt, now), ne(bookings.callId, callId)))
        // Slots of another length, from before the calendar was changed, do not meet in the index.
        const [across] = await tx
          .select({ id: bookings.id })
          .from(bookings)
          .where(
            and(
              mine,
              isTaken(now),
              ne(bookings.slotAt, slot.startsAt),
              lt(bookings.slotAt, slot.endsAt),
              gt(bookings.endsAt, slot.startsAt),
            ),
          )
          .limit(1)
        if (across) return null
        const [inserted] = await tx.insert(bookings).values(row).onConflictDoNothing().returning()
        if (inserted) return bookingOf(inserted, settings.owner)
        const [own] = await tx
          .update(bookings)
          .set({ expiresAt: row.expiresAt })
          .where(and(wanted, eq(bookings.callId, callId), ne(bookings.status, 'released')))
          .returning()
        return own ? bookingOf(own, settings.owner) : null
      })
    },

    async confirm(bookingId) {
      const rows = await db
        .update(bookings)
        .set({ status: 'confirmed', expiresAt: null })
        .where(and(byId(bookingId), ne(bookings.status, 'released')))
        .returning({ id: bookings.id })
      return rows.length > 0
    },

    async release(bookingId) {
      await db.update(bookings).set({ status: 'released', expiresAt: null }).where(byId(bookingId))
    },
  }
}

/** The first slots in the lead's day; those of their night only when there are no others. */
function choose(free: Iterable<Interval>, { limit, leadZone }: SlotQuery): Interval[] {
  const chosen: Interval[] = []
  const atNight: Interval[] = []
  for (const slot of free) {
    if (!leadZone || isDuring(slot.startsAt, leadZone, '08:00', '21:00')) chosen.push(slot)
    else if (atNight.length < limit) atNight.push(slot)
    if (chosen.length >= limit) break
  }
  return chosen.length > 0 ? chosen : atNight
}

function bookingOf(row: typeof bookings.$inferSelect, owner: string): Booking {
  return { id: row.id, startsAt: row.slotAt, endsAt: row.endsAt, owner }
}
