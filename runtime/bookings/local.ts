import type { Calendar as CalendarSettings } from '../../openapi/schemas/workspace-sections.ts'
import type { Clock } from '../clock.ts'
import type { Db } from '../db/connect.ts'
import type { Mode } from '../db/schema.ts'
import { bookingOf, intervalOf, openLedger } from './ledger.ts'
import { around, chooseSlots, horizonOf, hoursOf, without } from './offers.ts'
import type { Calendar } from './port.ts'
import { freeSlots } from './slots.ts'

export interface CalendarOptions {
  db: Db
  /** Real time; holds expire on it. */
  clock: Clock
  workspaceId: string
  mode: Mode
  settings: CalendarSettings
}

/** The embedded calendar: working hours, and the ledger's rows for what is taken. */
export function localCalendar({ settings, ...options }: CalendarOptions): Calendar {
  const hours = hoursOf(settings)
  const { name: calendar, owner } = settings
  const ledger = openLedger({ ...options, calendar, kind: 'embedded', bufferMinutes: hours.bufferMinutes })
  return {
    async freeSlots(query) {
      const { from, until } = horizonOf(settings, query)
      if (from >= until) return []
      const asked = around({ startsAt: new Date(from), endsAt: new Date(until) }, hours.bufferMinutes)
      const { taken, booked } = await ledger.between(asked.from, asked.until, query.callId)
      const free = without(freeSlots(hours, from, until, taken), booked.map(intervalOf))
      return chooseSlots(free, query, calendar)
    },

    async hold(slot, callId, seconds) {
      const row = await ledger.hold(slot, callId, seconds)
      return row && bookingOf(row, owner)
    },

    confirm: async (bookingId) => (await ledger.agree(bookingId, 'confirmed')) !== undefined,

    async release(bookingId) {
      await ledger.move(bookingId, 'released')
    },
  }
}
