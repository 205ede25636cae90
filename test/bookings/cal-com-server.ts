import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { freeSlots } from '../../runtime/bookings/slots.ts'

/**
 * Cal.com's API v2 as its OpenAPI document describes it (cal.com/docs/api-reference/v2: slots 2024-09-04, bookings 2024-08-13), for
 * one event type of 30 minutes on the working days of one host in Istanbul. As strict as that document: what it does not name is
 * refused, and kept in `violations`.
 */
export interface CalComServer {
  url: string
  violations: string[]
  bookings: Map<string, Booking>
  /** Answers of the next request are lost: it is done, and the connection cut. */
  cutAfter(route: string): void
  /** The next request is never answered, and done only when it hangs `after` that. Resolves once it has come so far. */
  hang(route: string, at: 'before' | 'after'): Promise<void>
  reset(): void
  close(): Promise<void>
}

export const API_KEY = 'cal_test_key'
export const EVENT_TYPE = 42
const MINUTE = 60_000

interface Booking {
  uid: string
  start: string
  end: string
  status: 'accepted' | 'cancelled'
  attendees: object[]
  metadata: Record<string, string>
  bookingFieldsResponses: Record<string, unknown>
}

class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const DateString = z.iso.datetime({ offset: true })
const TimeZone = z.string().refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC')
const integer = z.string().regex(/^\d+$/)
const Slots = z.strictObject({
  ...{ eventTypeId: integer, start: DateString, end: DateString },
  timeZone: TimeZone.optional(),
  format: z.enum(['range', 'time']).optional(),
})
const Reservation = z.strictObject({
  eventTypeId: z.int(),
  slotStart: DateString,
  slotDuration: z.int().optional(),
  reservationDuration: z.int().optional(),
})
const NewBooking = z.strictObject({
  start: DateString,
  eventTypeId: z.int(),
  attendee: z
    .strictObject({
      name: z.string().min(1),
      email: z.email().optional(),
      timeZone: TimeZone,
      phoneNumber: z
        .string()
        .regex(/^\+\d{8,15}$/)
        .optional(),
    })
    .refine((it) => it.email || it.phoneNumber, 'At least one contact method (email or phone number) must be provided'),
  metadata: z.record(z.string().max(40), z.string().max(500)).optional(),
  bookingFieldsResponses: z.record(z.string(), z.unknown()).optional(),
})
const Cancel = z.strictObject({ cancellationReason: z.string().optional() })
const Bookings = z.strictObject({ eventTypeId: integer, afterStart: DateString, beforeEnd: DateString, take: integer })

/** @param now the clock of the tests. */
export async function startCalCom(now: () => number): Promise<CalComServer> {
  const bookings = new Map<string, Booking>()
  const reservations = new Map<string, { start: number; end: number; until: number }>()
  const violations: string[] = []
  let [cut, count] = ['', 0]
  let hanging: { route: string; at: 'before' | 'after'; reached(): void } | undefined
  const hangs = (route: string, at: 'before' | 'after') => {
    if (hanging?.route !== route || hanging.at !== at) return false
    hanging.reached()
    hanging = undefined
    return true
  }

  const hours = { timeZone: 'Europe/Istanbul', from: '09:00', to: '18:00', days: [1, 2, 3, 4, 5] }
  const isEventType = (id: unknown) => {
    if (Number(id) !== EVENT_TYPE) throw new Refused(404, `Event Type with ID=${id} not found`)
  }
  const overlaps = (at: number, start: number, end: number) => at < end && start < at + 30 * MINUTE
  const booked = (at: number) =>
    [...bookings.values()].some(
      (it) => it.status === 'accepted' && overlaps(at, Date.parse(it.start), Date.parse(it.end)),
    )
  const reserved = (at: number) =>
    [...reservations.values()].some((it) => it.until > now() && overlaps(at, it.start, it.end))

  const routes: Record<
    string,
    { version: string; run(input: unknown, uid: string): { status?: number; data?: unknown } }
  > = {
    'GET /v2/slots': {
      version: '2024-09-04',
      run(input) {
        const { eventTypeId, start, end, format } = read(Slots, input)
        isEventType(eventTypeId)
        const settings = { ...hours, slotMinutes: 30, bufferMinutes: 0 }
        const days: Record<string, object[]> = {}
        for (const slot of freeSlots(settings, Math.max(Date.parse(start), now() + 60 * MINUTE), Date.parse(end), [])) {
          if (booked(slot.startsAt) || reserved(slot.startsAt)) continue
          const [from, to] = [slot.startsAt, slot.endsAt].map((at) => new Date(at).toISOString())
          const day = from!.slice(0, 10)
          days[day] = [...(days[day] ?? []), format === 'range' ? { start: from, end: to } : { start: from }]
        }
        return { data: days }
      },
    },
    'POST /v2/slots/reservations': {
      version: '2024-09-04',
      run(input) {
        const { eventTypeId, slotStart, reservationDuration = 5 } = read(Reservation, input)
        isEventType(eventTypeId)
        const start = Date.parse(slotStart)
        if (booked(start)) throw new Refused(422, "Can't reserve a slot if the event is already booked.")
        if (reserved(start)) throw new Refused(422, 'This time slot is already reserved by another user.')
        const reservationUid = `reservation-${++count}`
        const end = start + 30 * MINUTE
        reservations.set(reservationUid, { start, end, until: now() + reservationDuration * MINUTE })
        const until = new Date(now() + reservationDuration * MINUTE).toISOString()
        const slot = { eventTypeId, slotStart, slotEnd: new Date(end).toISOString(), slotDuration: 30 }
        return { status: 201, data: { ...slot, reservationUid, reservationDuration, reservationUntil: until } }
      },
    },
    'DELETE /v2/slots/reservations/:uid': {
      version: '2024-09-04',
      run(_, uid) {
        if (!reservations.delete(uid)) throw new Refused(404, `Slot with uid=${uid} not found`)
        return {}
      },
    },
    'POST /v2/bookings': {
      version: '2024-08-13',
      run(input) {
        const { start, eventTypeId, attendee, metadata = {}, bookingFieldsResponses = {} } = read(NewBooking, input)
        isEventType(eventTypeId)
        if (booked(Date.parse(start))) {
          throw new Refused(400, 'User either already has booking at this time or is not available')
        }
        const uid = `booking${++count}`
        const end = new Date(Date.parse(start) + 30 * MINUTE).toISOString()
        const booking = {
          uid,
          start,
          end,
          status: 'accepted' as const,
          attendees: [attendee],
          metadata,
          bookingFieldsResponses,
        }
        bookings.set(uid, booking)
        return { status: 201, data: { id: count, eventTypeId, duration: 30, ...booking } }
      },
    },
    'GET /v2/bookings': {
      version: '2024-08-13',
      run(input) {
        const { eventTypeId, afterStart, beforeEnd, take } = read(Bookings, input)
        isEventType(eventTypeId)
        const found = [...bookings.values()].filter(
          (it) => Date.parse(it.start) >= Date.parse(afterStart) && Date.parse(it.end) <= Date.parse(beforeEnd),
        )
        return { data: found.slice(0, Number(take)) }
      },
    },
    'POST /v2/bookings/:uid/cancel': {
      version: '2024-08-13',
      run(input, uid) {
        read(Cancel, input)
        const booking = bookings.get(uid)
        if (!booking) throw new Refused(404, `Booking with uid=${uid} was not found in the database`)
        if (booking.status === 'cancelled') {
          throw new Refused(400, `Can't cancel booking with uid=${uid} because it has been cancelled already.`)
        }
        booking.status = 'cancelled'
        return { data: booking }
      },
    },
  }

  function read<S extends z.ZodType>(schema: S, input: unknown): z.infer<S> {
    const parsed = schema.safeParse(input)
    if (parsed.success) return parsed.data
    violations.push(z.prettifyError(parsed.error))
    throw new Refused(400, parsed.error.issues[0]!.message)
  }

  function answer(request: IncomingMessage, name: string, uid: string, input: unknown) {
    const { authorization, 'cal-api-version': version } = request.headers
    if (authorization !== `Bearer ${API_KEY}`) throw new Refused(401, 'Invalid API Key')
    const route = routes[name]
    if (!route || route.version !== version) {
      violations.push(`${name} with cal-api-version ${version}`)
      throw new Refused(404, `Cannot ${name}`)
    }
    return route.run(input, uid)
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url!, 'http://x')
    const [, uid = ''] = /^\/v2\/(?:slots\/reservations|bookings)\/([^/]+)/.exec(url.pathname) ?? []
    const name = `${request.method} ${uid ? url.pathname.replace(`/${uid}`, '/:uid') : url.pathname}`
    let text = ''
    for await (const chunk of request) text += chunk
    const input = request.method === 'GET' ? Object.fromEntries(url.searchParams) : text ? JSON.parse(text) : {}
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
    if (hangs(name, 'before')) return
    try {
      const { status = 200, data } = answer(request, name, decodeURIComponent(uid), input)
      if (hangs(name, 'after')) return
      if (cut === name) {
        cut = ''
        response.destroy()
      } else send(status, { status: 'success', data })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const detail = { code: `HTTP_${error.status}`, message: error.message }
      send(error.status, {
        status: 'error',
        timestamp: new Date(now()).toISOString(),
        path: url.pathname,
        error: detail,
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    violations,
    bookings,
    cutAfter: (route) => {
      cut = route
    },
    hang: (route, at) =>
      new Promise((reached) => {
        hanging = { route, at, reached }
      }),
    reset() {
      bookings.clear()
      reservations.clear()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
