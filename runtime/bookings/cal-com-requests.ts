import { type FetchOutside, OutboundFailed } from '../outbound.ts'
import { isolated } from './ics.ts'
import type { BookingRow } from './ledger.ts'
import { type Appointment, CalendarUnavailable } from './port.ts'
import type { Interval } from './slots.ts'

export interface CalComAccount {
  eventTypeId: number
  apiKey: string
  /** Of an installation of one's own. */
  url?: string | undefined
}

/** Three months of free slots. */
const MAX_BYTES = 1024 * 1024
const MINUTE = 60_000
/** Which version of an endpoint is meant; the API defaults to older ones (`cal-api-version`). */
const version = { slots: '2024-09-04', bookings: '2024-08-13' } as const
/** Under which key of a booking's metadata its row of ours is found again. */
const OURS = 'talkif_booking_id'
/** What Cal.com says, in 400, when the time has gone: its bookings service has no code for it. */
const GONE = /already (has|have) (a )?booking|not available|already booked|reserved this slot|too soon|in the past/i

/** The languages that Cal.com writes to people in; another one is refused. */
const languages = new Set(
  (
    'ar az bg bn ca cs da de el en es es-419 et eu fi fr he hr hu id it iw ja km ko lv nl no pl pt pt-BR ro ru sk sr sv ta th tr ' +
    'uk vi zh-CN zh-TW'
  ).split(' '),
)

/** Of a BCP 47 tag; undefined leaves it to Cal.com. */
const languageOf = (tag: string): string | undefined =>
  [tag, tag.split('-')[0]!].find((language) => languages.has(language))

interface Answer {
  status: number
  data: unknown
  message: string
}

/** As it is answered: of a series with a uid in common, of a meeting with seats with the one that was taken. */
interface Booked {
  uid: string
  recurringBookingUid?: string
  seatUid?: string | undefined
}
interface Found extends Booked {
  status: 'accepted' | 'pending' | 'rejected' | 'cancelled'
  metadata?: Record<string, unknown>
  /** Those with seats have metadata of their own. */
  attendees: { seatUid?: string; metadata?: Record<string, unknown> }[]
}

/** The requests of Cal.com's API v2 that a booking takes. Each throws CalendarUnavailable. */
export function openCalCom(fetchOutside: FetchOutside, { eventTypeId, apiKey, url }: CalComAccount) {
  const base = `${(url ?? 'https://api.cal.com').replace(/\/+$/, '')}/v2`

  async function ask(kind: keyof typeof version, method: string, path: string, body?: object): Promise<Answer> {
    const headers = {
      authorization: `Bearer ${apiKey}`,
      'cal-api-version': version[kind],
      ...(body ? { 'content-type': 'application/json' } : {}),
    }
    const sent = { method, headers, maxBytes: MAX_BYTES, ...(body ? { body: JSON.stringify(body) } : {}) }
    try {
      return await read(await fetchOutside(`${base}${path}`, sent))
    } catch (error) {
      if (!(error instanceof OutboundFailed)) throw error
      throw new CalendarUnavailable(
        `Cal.com cannot be asked: ${error.message}`,
        'Check that cal_com.url can be reached from here; the call goes on without a booking until it answers again.',
      )
    }
  }

  return {
    async freeSlots(from: Date, until: Date): Promise<Interval[]> {
      const range = { start: from.toISOString(), end: until.toISOString(), timeZone: 'UTC', format: 'range' }
      const query = new URLSearchParams({ eventTypeId: String(eventTypeId), ...range })
      const { data } = expected(await ask('slots', 'GET', `/slots?${query}`), [200])
      const slots = Object.values((data ?? {}) as Record<string, { start: string; end: string }[]>).flat()
      return slots
        .map(({ start, end }) => ({ startsAt: Date.parse(start), endsAt: Date.parse(end) }))
        .filter(({ startsAt, endsAt }) => startsAt >= from.getTime() && endsAt <= until.getTime())
        .toSorted((a, b) => a.startsAt - b.startsAt)
    },

    /** The reservation's uid; undefined when somebody else has the time. It ends by itself. */
    async reserve(slotStart: Date, seconds: number): Promise<string | undefined> {
      const reservationDuration = Math.ceil(seconds / 60)
      const wanted = { eventTypeId, slotStart: slotStart.toISOString(), reservationDuration }
      const answer = await ask('slots', 'POST', '/slots/reservations', wanted)
      // 422: booked, or reserved by another.
      const { status, data } = expected(answer, [200, 201, 409, 422])
      return status < 300 ? (data as { reservationUid: string }).reservationUid : undefined
    },

    /** What `cancel` takes back; undefined when the time has gone. */
    async book(row: BookingRow, { lead, notes }: Appointment): Promise<string | undefined> {
      const { name, email, phone: phoneNumber, timeZone } = lead
      const language = languageOf(lead.language)
      const answer = await ask('bookings', 'POST', '/bookings', {
        eventTypeId,
        start: row.slotAt.toISOString(),
        attendee: {
          ...{ name: isolated(name ?? phoneNumber), timeZone, phoneNumber },
          ...(email ? { email } : {}),
          ...(language ? { language } : {}),
        },
        metadata: { [OURS]: row.id },
        ...(notes ? { bookingFieldsResponses: { notes } } : {}),
      })
      if (answer.status === 409 || (answer.status === 400 && GONE.test(answer.message))) return undefined
      const { data } = expected(answer, [200, 201])
      // An event type that recurs answers a list.
      return whatToCancel([data as Booked | Booked[]].flat()[0]!)
    },

    /** What `cancel` takes back of what was booked for a row of ours, if it was. */
    async findBooking(row: BookingRow): Promise<string | undefined> {
      const range = {
        afterStart: new Date(row.slotAt.getTime() - MINUTE).toISOString(),
        beforeEnd: new Date(row.endsAt.getTime() + MINUTE).toISOString(),
      }
      const query = new URLSearchParams({ eventTypeId: String(eventTypeId), ...range, take: '100' })
      const { data } = expected(await ask('bookings', 'GET', `/bookings?${query}`), [200])
      const isOurs = (it: Pick<Found, 'metadata'>) => it.metadata?.[OURS] === row.id
      for (const booking of data as Found[]) {
        const seat = booking.attendees.find(isOurs)
        const stands = booking.status === 'accepted' || booking.status === 'pending'
        if (stands && (seat || isOurs(booking))) return whatToCancel({ ...booking, seatUid: seat?.seatUid })
      }
      return undefined
    },

    async cancel(booked: string): Promise<void> {
      const [uid, seatUid] = booked.split('/') as [string, string?]
      const why = { cancellationReason: 'The person chose another time on the phone.', ...(seatUid && { seatUid }) }
      const answer = await ask('bookings', 'POST', `/bookings/${encodeURIComponent(uid)}/cancel`, why)
      // 400 and 404: cancelled before, by us or by its owner.
      expected(answer, [200, 201, 400, 404])
    },

    /** The reservation goes by itself too: that it cannot be taken back now is no failure. */
    async unreserve(uid: string | null): Promise<void> {
      if (uid) await ask('slots', 'DELETE', `/slots/reservations/${encodeURIComponent(uid)}`).catch(() => {})
    },
  }
}

/** A series goes as a whole. Of a meeting with seats only the own one: its uid alone would cancel everybody's. */
function whatToCancel({ uid, recurringBookingUid, seatUid }: Booked): string {
  return seatUid ? `${uid}/${seatUid}` : (recurringBookingUid ?? uid)
}

/** `{status: 'success', data}`, or `{status: 'error', error: {code, message}}`. */
async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  try {
    const { data, error, message } = JSON.parse(text || '{}') as {
      data?: unknown
      error?: { message?: string }
      message?: string
    }
    return { status: response.status, data, message: error?.message ?? message ?? '' }
  } catch {
    return { status: response.status < 300 ? 502 : response.status, data: null, message: 'no JSON' }
  }
}

/** @throws CalendarUnavailable for a status that is not expected. */
function expected(answer: Answer, statuses: number[]): Answer {
  const { status, message } = answer
  if (statuses.includes(status)) return answer
  const advice =
    status === 401 || status === 403
      ? 'Check cal_com.api_key: it must belong to the owner of the event type, or to their team.'
      : status === 404
        ? 'Check cal_com.event_type_id.'
        : status === 400
          ? 'Check the questions that the event type requires: only name, e-mail address, phone and notes are answered.'
          : 'The call goes on without a booking until Cal.com answers again.'
  throw new CalendarUnavailable(`Cal.com answered ${status}${message && `: ${message.slice(0, 200)}`}`, advice)
}
