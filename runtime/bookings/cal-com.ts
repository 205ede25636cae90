import type { FetchOutside } from '../outbound.ts'
import { type CalComAccount, openCalCom } from './cal-com-requests.ts'
import { bookingOf, intervalOf, openLedger } from './ledger.ts'
import type { CalendarOptions } from './local.ts'
import { around, chooseSlots, horizonOf, without } from './offers.ts'
import type { Calendar } from './port.ts'

export interface CalComOptions extends CalendarOptions {
  fetchOutside: FetchOutside
  calCom: CalComAccount
}

/**
 * An event type of Cal.com (API v2), whose own settings say when it can be booked: working hours, length, buffers and notice are
 * those of Cal.com. A hold is a row of ours and a reservation there; confirming books.
 */
export function calComCalendar({ settings, fetchOutside, calCom, ...options }: CalComOptions): Calendar {
  const { name: calendar, owner } = settings
  const ledger = openLedger({ ...options, calendar, kind: 'cal_com', bufferMinutes: 0 })
  const remote = openCalCom(fetchOutside, calCom)

  return {
    async freeSlots(query) {
      const { from, until } = horizonOf(settings, query)
      if (from >= until) return []
      const asked = around({ startsAt: new Date(from), endsAt: new Date(until) }, 0)
      const [{ taken, held, booked }, listed] = await Promise.all([
        ledger.between(asked.from, asked.until, query.callId),
        remote.freeSlots(asked.from, asked.until),
      ])
      // Cal.com does not list what is reserved, not even for this call.
      const hidden = held.filter((slot) => !listed.some((it) => it.startsAt === slot.startsAt))
      const free = [...listed, ...hidden].toSorted((a, b) => a.startsAt - b.startsAt)
      return chooseSlots(without(free, [...taken, ...booked.map(intervalOf)]), query, calendar)
    },

    async hold(slot, callId, seconds) {
      const row = await ledger.hold(slot, callId, seconds)
      if (row?.status !== 'held') return row && bookingOf(row, owner)
      // Cal.com extends none: to one that is changed, even itself is in the way.
      await remote.unreserve(row.remoteHold)
      const reservation = await remote.reserve(slot.startsAt, seconds).catch(async (error: unknown) => {
        await ledger.move(row.id, 'released')
        throw error
      })
      if (!reservation) {
        await ledger.move(row.id, 'released')
        return null
      }
      await ledger.remember(row.id, reservation)
      return bookingOf(row, owner)
    },

    async confirm(bookingId, appointment) {
      const before = await ledger.find(bookingId)
      if (before?.status === 'confirmed') return true
      const agreed = await ledger.agree(bookingId, 'confirming', ['held', 'confirming'])
      if (!agreed) return false
      const { row, freed } = agreed
      await Promise.all(freed.map((it) => remote.unreserve(it.remoteHold)))
      // It may have been booked by a process that never heard the answer.
      const found = before?.status === 'confirming' ? await remote.findBooking(row) : undefined
      const remoteId = found ?? (await remote.book(row, appointment))
      if (!remoteId) {
        await this.release(bookingId)
        return false
      }
      const confirmed = await ledger.move(bookingId, 'confirmed', { of: ['confirming', 'confirmed'], remoteId })
      await remote.unreserve(row.remoteHold)
      return confirmed !== undefined
    },

    async release(bookingId) {
      const row = await ledger.find(bookingId)
      if (!row || row.status === 'released') return
      if (row.status !== 'held') {
        await ledger.move(bookingId, 'releasing')
        const remoteId = row.remoteId ?? (await remote.findBooking(row))
        if (remoteId) await remote.cancel(remoteId)
      }
      await remote.unreserve(row.remoteHold)
      await ledger.move(bookingId, 'released')
    },
  }
}
