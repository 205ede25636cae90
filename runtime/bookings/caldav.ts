import type { FetchOutside } from '../outbound.ts'
import { type CaldavAccount, openCollection } from './caldav-requests.ts'
import { ownerOf, uidOf } from './ics.ts'
import { type BookingRow, bookingOf, intervalOf, openLedger } from './ledger.ts'
import type { CalendarOptions } from './local.ts'
import { around, chooseSlots, horizonOf, hoursOf, without } from './offers.ts'
import type { Calendar } from './port.ts'
import { freeSlots } from './slots.ts'

export interface CaldavOptions extends CalendarOptions {
  fetchOutside: FetchOutside
  caldav: CaldavAccount
}

/**
 * A calendar that its owner keeps on a CalDAV server (RFC 4791). A slot is held among our own rows; the appointment is an event put
 * there once it is agreed, under a name made of the booking's id: after a crash the same event is found again.
 */
export function caldavCalendar({ settings, fetchOutside, caldav, ...options }: CaldavOptions): Calendar {
  const hours = hoursOf(settings)
  const { name: calendar, owner } = settings
  const ledger = openLedger({ ...options, calendar, kind: 'caldav', bufferMinutes: hours.bufferMinutes })
  const remote = openCollection(fetchOutside, caldav)
  const person = ownerOf(owner)

  /** @param except bookings of ours whose events are in nobody's way. */
  const busyBetween = (from: Date, until: Date, except: BookingRow[]) =>
    remote.busy({
      from: from.getTime(),
      until: until.getTime(),
      zone: hours.timeZone,
      ownerEmail: person.email,
      exceptUids: except.map(({ id }) => uidOf(id)),
    })

  async function isStillFree(row: BookingRow): Promise<boolean> {
    const { from, until } = around({ startsAt: row.slotAt, endsAt: row.endsAt }, hours.bufferMinutes)
    // What the person had agreed to before is given back.
    const { booked } = await ledger.between(from, until, row.callId)
    return (await busyBetween(from, until, [row, ...booked])).length === 0
  }

  return {
    async freeSlots(query) {
      const { from, until } = horizonOf(settings, query)
      if (from >= until) return []
      const asked = around({ startsAt: new Date(from), endsAt: new Date(until) }, hours.bufferMinutes)
      const { taken, booked } = await ledger.between(asked.from, asked.until, query.callId)
      const theirs = await busyBetween(asked.from, asked.until, booked)
      const free = without(freeSlots(hours, from, until, [...taken, ...theirs]), booked.map(intervalOf))
      return chooseSlots(free, query, calendar)
    },

    async hold(slot, callId, seconds) {
      const row = await ledger.hold(slot, callId, seconds)
      return row && bookingOf(row, owner)
    },

    async confirm(bookingId, appointment) {
      if ((await ledger.find(bookingId))?.status === 'confirmed') return true
      const agreed = await ledger.agree(bookingId, 'confirming', ['held', 'confirming'])
      if (!agreed) return false
      const { row } = agreed
      if (!(await isStillFree(row))) {
        await this.release(bookingId)
        return false
      }
      await remote.put(row, appointment, person)
      return (await ledger.move(bookingId, 'confirmed', { of: ['confirming', 'confirmed'] })) !== undefined
    },

    async release(bookingId) {
      const row = await ledger.find(bookingId)
      if (!row || row.status === 'released') return
      // Only what was agreed, or may have been, can be on the server.
      if (row.status !== 'held') {
        await ledger.move(bookingId, 'releasing')
        await remote.remove(bookingId)
      }
      await ledger.move(bookingId, 'released')
    },
  }
}
