import { Temporal } from 'temporal-polyfill'
import { closing } from '../../openapi/schemas/workspace-sections.ts'

const MINUTE = 60_000
export const MAX_DAYS_AHEAD = 90

/** A stretch of some days. Times are 'HH:MM', a `to` of 00:00 is midnight; days are ISO 8601, 1 is Monday. */
export interface Window {
  from: string
  to: string
  days: readonly number[]
}

/** When someone takes appointments: in windows of the wall clock in `timeZone` (IANA), in any order. */
export interface Hours {
  timeZone: string
  windows: readonly Window[]
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
 * Free slots between two instants (epoch ms), in order. They begin on a grid of wall-clock times from the opening hour of each
 * window on. A wall-clock time skipped by a change of the clocks is no slot, one that happens twice is the first of the two,
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
    for (const slot of slotsOfDay(hours, day)) {
      if (slot.startsAt < from || slot.endsAt > end) continue
      const isTaken = taken.some((it) => slot.startsAt < it.endsAt + buffer && it.startsAt - buffer < slot.endsAt)
      if (!isTaken) yield slot
    }
    day = day.add({ days: 1 })
  }
}

function slotsOfDay({ timeZone, windows, slotMinutes }: Hours, day: Temporal.PlainDate): Interval[] {
  const slots: Interval[] = []
  for (const minute of beginnings(windows, day.dayOfWeek, slotMinutes)) {
    const wall = day.toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 })
    const start = wall.toZonedDateTime(timeZone)
    const startsAt = start.epochMilliseconds
    const isReal = start.toPlainDateTime().equals(wall)
    if (isReal && startsAt >= (slots.at(-1)?.endsAt ?? 0))
      slots.push({ startsAt, endsAt: startsAt + slotMinutes * MINUTE })
  }
  return slots
}

/** In minutes of the wall clock, in order. */
function beginnings(windows: readonly Window[], dayOfWeek: number, slotMinutes: number): number[] {
  const ofDay = windows
    .filter(({ days }) => days.includes(dayOfWeek))
    .toSorted((a, b) => minutes(a.from) - minutes(b.from))
  return ofDay.flatMap(({ from, to }) => {
    const fit = Math.floor((minutes(closing(to)) - minutes(from)) / slotMinutes)
    return Array.from({ length: Math.max(0, fit) }, (_, i) => minutes(from) + i * slotMinutes)
  })
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
