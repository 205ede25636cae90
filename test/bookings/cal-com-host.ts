import { freeSlots } from '../../runtime/bookings/slots.ts'

/** One event type of Cal.com, of 30 minutes on the working days of one host in Istanbul, and what each operation does to it. */
export interface CalComHost {
  bookings: Map<string, Booking>
  /** What one booking of it is: a meeting, two of them a week apart, or a seat of ten. */
  kind: 'single' | 'recurring' | 'seated'
  /** Somebody books without us. */
  takeElsewhere(at: Date): void
  routes: Record<string, (asked: Asked) => Reply>
  reset(): void
}

export const EVENT_TYPE = 42
const MINUTE = 60_000
const WEEK = 7 * 24 * 60 * MINUTE
const SEATS = 10

interface Attendee {
  name: string
  email: string
  phoneNumber?: string
  timeZone: string
  language?: string
  seatUid?: string
  metadata?: Record<string, unknown>
}

export interface Booking {
  uid: string
  start: string
  end: string
  status: 'accepted' | 'rejected' | 'cancelled'
  attendees: Attendee[]
  recurringBookingUid?: string
  metadata?: Record<string, unknown>
  bookingFieldsResponses?: Record<string, unknown>
}

/** What is looked at of a request, once the document permits it. */
export interface Asked {
  path: { uid: string; bookingUid: string }
  query: { eventTypeId: string; start: string; end: string; format?: string } & {
    afterStart: string
    beforeEnd: string
    take?: string
    skip?: string
  }
  body: {
    eventTypeId: number
    start: string
    attendee: Omit<Attendee, 'email'> & { email?: string }
    metadata?: Record<string, unknown>
    bookingFieldsResponses?: Record<string, unknown>
    slotStart: string
    reservationDuration?: number
    seatUid?: string
  }
}

export interface Reply {
  status?: number
  data?: unknown
  pagination?: object
}

export class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const iso = (at: number) => new Date(at).toISOString()
const windows = [{ from: '09:00', to: '18:00', days: [1, 2, 3, 4, 5] }]
const hours = { timeZone: 'Europe/Istanbul', windows }
const mehmet = { id: 1, name: 'Mehmet', email: 'mehmet@helena.example', displayEmail: 'mehmet@helena.example' }
const always = {
  ...{
    title: 'Consultation',
    description: '',
    location: 'https://meet.example/helena',
    absentHost: false,
    duration: 30,
  },
  ...{ eventTypeId: EVENT_TYPE, eventType: { id: EVENT_TYPE, slug: 'consultation' } },
  hosts: [{ ...mehmet, username: 'mehmet', timeZone: hours.timeZone }],
}
const somebody = { name: 'Somebody', email: 'somebody@example.org', timeZone: hours.timeZone }

/** @param now the clock of the tests. */
export function openHost(now: () => number): CalComHost {
  const bookings = new Map<string, Booking>()
  const reservations = new Map<string, { start: number; end: number; until: number }>()
  let count = 0

  const isEventType = (id: unknown) => {
    if (Number(id) !== EVENT_TYPE) throw new Refused(404, `Event Type with ID=${id} not found`)
  }
  const overlaps = (at: number, start: number, end: number) => at < end && start < at + 30 * MINUTE
  const seatsAt = (at: number) =>
    host.kind === 'seated'
      ? [...bookings.values()].find((it) => it.status === 'accepted' && Date.parse(it.start) === at)
      : undefined
  const booked = (at: number) =>
    [...bookings.values()].some(
      (it) =>
        it.status === 'accepted' &&
        overlaps(at, Date.parse(it.start), Date.parse(it.end)) &&
        !(it === seatsAt(at) && it.attendees.length < SEATS),
    )
  const reserved = (at: number) =>
    [...reservations.values()].some((it) => it.until > now() && overlaps(at, it.start, it.end))

  /** A booking as it is answered: with seats, answers and metadata are those of each attendee. */
  function book(at: number, who: Asked['body']['attendee'], more: Partial<Booking> = {}): Booking {
    const { metadata = {}, bookingFieldsResponses = {}, ...rest } = more
    const email = who.email ?? `${who.phoneNumber!.slice(1)}@phone.example`
    const attendee = { ...who, email, displayEmail: email, absent: false }
    const said = { metadata, bookingFieldsResponses }
    const seat = { ...attendee, ...said, seatUid: `seat-${++count}` }
    const shared = seatsAt(at)
    if (shared) {
      shared.attendees.push(seat)
      return shared
    }
    const written = { createdAt: iso(now()), updatedAt: iso(now()), start: iso(at), end: iso(at + 30 * MINUTE) }
    const own = host.kind === 'seated' ? { attendees: [seat] } : { attendees: [attendee], ...said }
    const booking = {
      id: ++count,
      uid: `booking${count}`,
      status: 'accepted' as const,
      ...always,
      ...written,
      ...own,
      ...rest,
    }
    bookings.set(booking.uid, booking)
    return booking
  }

  const routes: Record<string, (asked: Asked) => Reply> = {
    'GET /v2/slots'({ query: { eventTypeId, start, end, format } }) {
      isEventType(eventTypeId)
      const settings = { ...hours, slotMinutes: 30, bufferMinutes: 0 }
      const days: Record<string, object[]> = {}
      for (const slot of freeSlots(settings, Math.max(Date.parse(start), now() + 60 * MINUTE), Date.parse(end), [])) {
        if (booked(slot.startsAt) || reserved(slot.startsAt)) continue
        const [from, to] = [iso(slot.startsAt), iso(slot.endsAt)]
        const day = from.slice(0, 10)
        days[day] = [...(days[day] ?? []), format === 'range' ? { start: from, end: to } : { start: from }]
      }
      return { data: days }
    },
    'POST /v2/slots/reservations'({ body: { eventTypeId, slotStart, reservationDuration = 5 } }) {
      isEventType(eventTypeId)
      const start = Date.parse(slotStart)
      if (booked(start)) throw new Refused(422, "Can't reserve a slot if the event is already booked.")
      if (reserved(start)) throw new Refused(422, 'This time slot is already reserved by another user.')
      const reservationUid = `reservation-${++count}`
      const [end, until] = [start + 30 * MINUTE, now() + reservationDuration * MINUTE]
      reservations.set(reservationUid, { start, end, until })
      const slot = { eventTypeId, slotStart, slotEnd: iso(end), slotDuration: 30 }
      return { status: 201, data: { ...slot, reservationUid, reservationDuration, reservationUntil: iso(until) } }
    },
    'DELETE /v2/slots/reservations/{uid}'({ path: { uid } }) {
      if (!reservations.delete(uid)) throw new Refused(404, `Slot with uid=${uid} not found`)
      return {}
    },
    'POST /v2/bookings'({ body: { start, eventTypeId, attendee, metadata, bookingFieldsResponses } }) {
      isEventType(eventTypeId)
      const at = Date.parse(start)
      if (booked(at)) throw new Refused(400, 'User either already has booking at this time or is not available')
      const said = { ...(metadata && { metadata }), ...(bookingFieldsResponses && { bookingFieldsResponses }) }
      if (host.kind === 'recurring') {
        const series = { ...said, recurringBookingUid: `series-${++count}` }
        return { status: 201, data: [book(at, attendee, series), book(at + WEEK, attendee, series)] }
      }
      const made = book(at, attendee, said)
      const { seatUid } = made.attendees.at(-1)!
      return { status: 201, data: { ...made, ...(seatUid && { seatUid }) } }
    },
    'GET /v2/bookings'({ query: { eventTypeId, afterStart, beforeEnd, take = 100, skip = 0 } }) {
      isEventType(eventTypeId)
      const found = [...bookings.values()].filter(
        (it) => Date.parse(it.start) > Date.parse(afterStart) && Date.parse(it.end) < Date.parse(beforeEnd),
      )
      const [size, from] = [Number(take), Number(skip)]
      const data = found.slice(from, from + size)
      const remainingItems = found.length - from - data.length
      const pages = { currentPage: Math.floor(from / size) + 1, totalPages: Math.ceil(found.length / size) }
      const items = { totalItems: found.length, remainingItems, returnedItems: data.length, itemsPerPage: size }
      return { data, pagination: { ...items, ...pages, hasNextPage: remainingItems > 0, hasPreviousPage: from > 0 } }
    },
    'POST /v2/bookings/{bookingUid}/cancel'({ path: { bookingUid }, body: { seatUid } }) {
      const found = [...bookings.values()].filter((it) => [it.uid, it.recurringBookingUid].includes(bookingUid))
      const [first] = found
      if (!first) throw new Refused(404, `Booking with uid=${bookingUid} was not found in the database`)
      if (found.every(({ status }) => status === 'cancelled')) {
        throw new Refused(400, `Can't cancel booking with uid=${bookingUid} because it has been cancelled already.`)
      }
      if (seatUid) first.attendees = first.attendees.filter((it) => it.seatUid !== seatUid)
      // Without a seat, by the host's key: everybody's.
      if (!seatUid || !first.attendees.length) for (const it of found) it.status = 'cancelled'
      return { data: found.length > 1 ? found : first }
    },
  }

  const host: CalComHost = {
    bookings,
    kind: 'single',
    takeElsewhere: (at) => void book(at.getTime(), somebody),
    routes,
    reset() {
      bookings.clear()
      reservations.clear()
      host.kind = 'single'
    },
  }
  return host
}
