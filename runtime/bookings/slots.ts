import { Temporal } from 'temporal-polyfill'

const MINUTE = 60_000
export const MAX_DAYS_AHEAD = 90

/** When someone takes appointments. Times are 'HH:MM' in `timeZone` (IANA); days are ISO 8601, 1 is Monday. */
export interface Hours {
  timeZone: string
  from: string
  to: string
  days: readonly number[]
  slotMinutes: number
  /** Kept free before and after every booking. */
  bufferMinutes: number
}

/** Epoch milliseconds, `[startsAt, endsAt)`. */
export interface Interval {
  startsAt: number
  endsAt: number
}

/**
 * Free slots between two instants (epoch ms), in order. They begin on a grid of wall-clock times from the opening hour
 * on. A wall-clock time skipped by a change of the clocks is no slot, one that happens twice is the first of the two,
 * and no slot begins before the one before it has ended. Looks at most 90 days ahead.
 * Throws RangeError for an unknown zone.
 */
export function* freeSlots(hours: Hours, from: number, until: number, taken: readonly Interval[]): Generator<Interval> {
  const end = Math.min(until, from + MAX_DAYS_AHEAD * 24 * 60 * MINUTE)
  const buffer = hours.bufferMinutes * MINUTE
  let day = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(hours.timeZone).toPlainDate()
  for (;;) {
    const midnight = day.toZonedDateTime(hours.timeZone).epochMilliseconds
    if (midnight >= end) return
    for (const slot of hours.days.includes(day.dayOfWeek) ? slotsOfDay(hours, day) : []) {
      if (slot.startsAt < from || slot.endsAt > end) continue
      const isTaken = taken.some((it) => slot.startsAt < it.endsAt + buffer && it.startsAt - buffer < slot.endsAt)
      if (!isTaken) yield slot
    }
    day = day.add({ days: 1 })
  }
}

function slotsOfDay({ timeZone, from, to, slotMinutes }: Hours, day: Temporal.PlainDate): Interval[] {
  const slots: Interval[] = []
  const close = minutes(to)
  for (let minute = minutes(from); minute + slotMinutes <= close; minute += slotMinutes) {
    const wall = day.toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 })
    const start = wall.toZonedDateTime(timeZone)
    const startsAt = start.epochMilliseconds
    const isReal = start.toPlainDateTime().equals(wall)
    if (isReal && startsAt >= (slots.at(-1)?.endsAt ?? 0))
      slots.push({ startsAt, endsAt: startsAt + slotMinutes * MINUTE })
  }
  return slots
}

/** Whether `at` (epoch ms) falls between two wall-clock times of a day in `zone`. */
export function isDuring(at: number, zone: string, from: string, to: string): boolean {
  const there = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  const minute = there.hour * 60 + there.minute
  return minute >= minutes(from) && minute < minutes(to)
}

function minutes(time: string): number {
  const [hour, minute] = time.split(':').map(Number)
  return hour! * 60 + minute!
}
