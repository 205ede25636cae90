import ICAL from 'ical.js'
import { Temporal } from 'temporal-polyfill'
import type { Interval } from './slots.ts'

/** Sixty years of a daily event: what repeats more often than that is not a day in an office. */
const MAX_OCCURRENCES = 22_000
const DAY = 86_400_000

export interface BusyQuery {
  /** Epoch milliseconds. */
  from: number
  until: number
  /** Zone of the calendar's owner (IANA), in which whole days and floating times are. */
  zone: string
  /** The owner's e-mail address: what they declined takes no time. */
  ownerEmail: string | null
  /** Of events that are in nobody's way here. */
  exceptUids: string[]
}

/**
 * When the events of one iCalendar object (RFC 5545) take their owner's time: occurrences of what repeats one by one, without those
 * that are cancelled, transparent or declined. In no order. Throws when the text is no iCalendar.
 */
export function busyTimes(text: string, query: BusyQuery): Interval[] {
  const events = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents('vevent').map((it) => new ICAL.Event(it))
  const busy: Interval[] = []
  const add = (event: ICAL.Event, start: ICAL.Time, end: ICAL.Time) => {
    const zone = zoneOf(event, query)
    const interval = { startsAt: instant(start, zone), endsAt: instant(end, zone) }
    if (interval.startsAt < query.until && interval.endsAt > query.from && takesTime(event, query)) busy.push(interval)
  }
  for (const event of events.filter(({ uid }) => !query.exceptUids.includes(uid))) {
    if (event.isRecurrenceException() || !event.isRecurring()) add(event, event.startDate, event.endDate)
    else for (const { item, startDate, endDate } of occurrences(event, events, query)) add(item, startDate, endDate)
  }
  return busy
}

/** Of a repeating event, up to the end of what is asked; a changed one as it was changed to. */
function* occurrences(event: ICAL.Event, all: ICAL.Event[], { from, until }: BusyQuery) {
  for (const other of all) if (other.uid === event.uid && other.isRecurrenceException()) event.relateException(other)
  const iterator = event.iterator()
  const lasts = event.duration.toSeconds() * 1000
  for (let count = 0; count < MAX_OCCURRENCES; count++) {
    const next = iterator.next()
    // Within a day, wherever it is: most occurrences need no closer look.
    const about = next && Date.UTC(next.year, next.month - 1, next.day, next.hour, next.minute)
    if (!about || about - DAY > until) return
    if (about + lasts + DAY > from) yield event.getOccurrenceDetails(next)
  }
}

function takesTime({ component }: ICAL.Event, { ownerEmail }: BusyQuery): boolean {
  const is = (name: string, value: string) => String(component.getFirstPropertyValue(name)).toUpperCase() === value
  if (is('status', 'CANCELLED') || is('transp', 'TRANSPARENT')) return false
  const own = component
    .getAllProperties('attendee')
    .find((it) => String(it.getFirstValue()).toLowerCase() === `mailto:${ownerEmail?.toLowerCase()}`)
  return String(own?.getParameter('partstat')).toUpperCase() !== 'DECLINED'
}

/** In which zone the event's times are where they do not say more: one that it names and does not describe, or the owner's. */
function zoneOf({ component }: ICAL.Event, { zone }: BusyQuery): string {
  const start = component.getFirstProperty('dtstart')
  return ianaZone(String(start?.getParameter('tzid'))) ?? zone
}

/** Epoch milliseconds. A zone that the platform knows by its name counts as it is now; another as the object describes it. */
function instant(time: ICAL.Time, ownZone: string): number {
  const { year, month, day, hour, minute, second } = time
  if (time.isDate) return Temporal.PlainDate.from({ year, month, day }).toZonedDateTime(ownZone).epochMilliseconds
  const tzid = time.zone?.tzid ?? 'floating'
  const known = tzid === 'floating' ? ownZone : ianaZone(tzid)
  if (!known) return time.toUnixTime() * 1000
  return Temporal.PlainDateTime.from({ year, month, day, hour, minute, second }).toZonedDateTime(known)
    .epochMilliseconds
}

function ianaZone(tzid: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: tzid }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}
