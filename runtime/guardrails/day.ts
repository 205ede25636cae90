import { Temporal } from 'temporal-polyfill'

/** When the calendar day of `at` began in `zone` (IANA), and when the next one begins. Days of 23 and 25 h included. */
export function dayOf(at: Date, zone: string): { start: Date; end: Date } {
  const today = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).startOfDay()
  const tomorrow = today.add({ days: 1 }).startOfDay()
  return { start: new Date(today.epochMilliseconds), end: new Date(tomorrow.epochMilliseconds) }
}
