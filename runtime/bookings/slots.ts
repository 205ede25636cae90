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
 * window on. A wall-clock time skipped by a change of the clocks is no slot, one that happens twice is the first of the two;
 * no slot begins before the one before it has ended, nor ends after its window has. Looks at most 90 days ahead.
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
  for (const { minute, closesAt } of beginnings(windows, day.dayOfWeek, slotMinutes)) {
    const wall = atMinute(day, minute)
    const start = wall.toZonedDateTime(timeZone)
    const startsAt = start.epochMilliseconds
    const endsAt = startsAt + slotMinutes * MINUTE
    const isReal = start.toPlainDateTime().equals(wall)
    // Where the clocks are set forward within a window, it is shorter than they say.
    const isWithin = endsAt <= atMinute(day, closesAt).toZonedDateTime(timeZone).epochMilliseconds
    if (isReal && isWithin && startsAt >= (slots.at(-1)?.endsAt ?? 0)) slots.push({ startsAt, endsAt })
  }
  return slots
}

const atMinute = (day: Temporal.PlainDate, minute: number): Temporal.PlainDateTime =>
  day.toPlainDateTime().add({ minutes: minute })

/** When slots may begin, and when their window closes, in minutes of the wall clock; in order. */
function beginnings(windows: readonly Window[], dayOfWeek: number, slotMinutes: number) {
  const ofDay = windows
    .filter(({ days }) => days.includes(dayOfWeek))
    .toSorted((a, b) => minutes(a.from) - minutes(b.from))
  return ofDay.flatMap(({ from, to }) => {
    const closesAt = minutes(closing(to))
    const fit = Math.floor((closesAt - minutes(from)) / slotMinutes)
    return Array.from({ length: Math.max(0, fit) }, (_, i) => ({ minute: minutes(from) + i * slotMinutes, closesAt }))
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
