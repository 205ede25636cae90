import { calendarQuery, createCalendarObject, deleteCalendarObject } from 'tsdav'
import { type FetchOutside, OutboundFailed } from '../outbound.ts'
import { type BusyQuery, busyTimes } from './busy.ts'
import { icsObject, utc } from './ics.ts'
import type { BookingRow } from './ledger.ts'
import { type Appointment, CalendarUnavailable, type Person } from './port.ts'
import type { Interval } from './slots.ts'

/** A month of a full calendar, with its recurring events whole. */
const MAX_BYTES = 2 * 1024 * 1024

/** `url` is the calendar collection itself (RFC 4791, 4.2). */
export interface CaldavAccount {
  url: string
  username: string
  password: string
}

/** The few requests that a calendar collection is asked. Each throws CalendarUnavailable. */
export function openCollection(fetchOutside: FetchOutside, { url, username, password }: CaldavAccount) {
  const base = url.endsWith('/') ? url : `${url}/`
  const credentials = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const ask = async (address: Parameters<typeof fetch>[0], init: RequestInit = {}): Promise<Response> => {
    const headers = { ...Object.fromEntries(new Headers(init.headers)), authorization: credentials }
    const body = typeof init.body === 'string' ? { body: init.body } : {}
    try {
      const method = init.method ?? 'GET'
      return await fetchOutside(String(address), { method, headers, ...body, maxBytes: MAX_BYTES })
    } catch (error) {
      if (!(error instanceof OutboundFailed)) throw error
      throw new CalendarUnavailable(
        `the calendar's server cannot be asked: ${error.message}`,
        'Check that the server is up and that caldav.url can be reached from here.',
      )
    }
  }
  const collection = { calendar: { url: base }, fetch: ask }
  return {
    async busy(query: BusyQuery): Promise<Interval[]> {
      const [start, end] = [utc(new Date(query.from)), utc(new Date(query.until))]
      const range = { 'time-range': { _attributes: { start, end } } }
      const events = { 'comp-filter': { _attributes: { name: 'VEVENT' }, ...range } }
      // RFC 4791, 7.8: events that overlap the time, whole. Not every server answers free-busy-query.
      const answers = await calendarQuery({
        url: base,
        props: { 'd:getetag': {}, 'c:calendar-data': {} },
        filters: { 'comp-filter': { _attributes: { name: 'VCALENDAR' }, ...events } },
        depth: '1',
        fetch: async (address, init) => answered(await ask(address, init), [207]),
      })
      return answers.flatMap(({ href, props }) => {
        const data = props?.calendarData?._cdata ?? props?.calendarData
        return typeof data === 'string' ? readBusy(data, query, href) : []
      })
    },

    async put(row: BookingRow, appointment: Appointment, owner: Person): Promise<void> {
      const times = { startsAt: row.slotAt, endsAt: row.endsAt, stamp: row.createdAt }
      const iCalString = icsObject({ ...appointment, ...times, id: row.id, owner })
      // If-None-Match: 412 means that it is there: put before a crash.
      answered(await createCalendarObject({ ...collection, iCalString, filename: `${row.id}.ics` }), [201, 204, 412])
    },

    async remove(bookingId: string): Promise<void> {
      const calendarObject = { url: `${base}${bookingId}.ics` }
      answered(await deleteCalendarObject({ calendarObject, fetch: ask }), [200, 202, 204, 404, 410])
    },
  }
}

function readBusy(data: string, query: BusyQuery, href = ''): Interval[] {
  try {
    return busyTimes(data, query)
  } catch (error) {
    throw new CalendarUnavailable(
      `the entry ${href} of the calendar cannot be read: ${(error as Error).message}`,
      'Open it in the calendar and save it again, or delete it.',
    )
  }
}

/** @throws CalendarUnavailable for a status that is not expected. */
function answered(response: Response, expected: number[]): Response {
  const { status } = response
  if (expected.includes(status)) return response
  const advice =
    status === 401 || status === 403
      ? 'Check caldav.username and caldav.password; the server must take Basic authentication.'
      : status === 404 || status === 405 || (status >= 200 && status < 300)
        ? 'Check caldav.url: it is the address of the calendar itself, not of the server or the account.'
        : status >= 300 && status < 400
          ? `Redirects are not followed: set caldav.url to ${response.headers.get('location') ?? 'where it leads'}.`
          : 'Ask who runs the server; the call goes on without a booking until it answers again.'
  throw new CalendarUnavailable(`the calendar's server answered ${status}`, advice)
}
