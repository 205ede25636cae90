/** A stretch of an owner's time that can be booked. */
export interface Slot {
  /** Names the slot to the model; the same slot always has the same id. */
  id: string
  startsAt: Date
  endsAt: Date
}

export interface Booking {
  id: string
  startsAt: Date
  endsAt: Date
  /** Whose calendar it is in; goes into the outcome. */
  owner: string
}

export interface SlotQuery {
  /** On the call's own clock; no slot begins before it. */
  from: Date
  /** At most 90 days after `from`; what lies beyond is not looked at. */
  until: Date
  limit: number
  /** IANA zone of the lead: slots in their night come only when there are no others. */
  leadZone?: string
}

/**
 * One person's calendar, as a call needs it: look, hold while talking, confirm once agreed. An adapter is a factory
 * function. Each method throws `CalendarUnavailable` when the calendar cannot be asked.
 */
export interface Calendar {
  /** Free slots in order of time. One may be gone by the time it is held. */
  freeSlots(query: SlotQuery): Promise<Slot[]>
  /**
   * Takes a slot for a call, for `seconds` of real time; null when another call has it. Holding a slot again for the
   * same call gives the same booking.
   */
  hold(slot: Slot, callId: string, seconds: number): Promise<Booking | null>
  /** Makes a held booking final; false when it was released or taken over after it expired. May be repeated. */
  confirm(bookingId: string): Promise<boolean>
  /** Gives the slot back. May be repeated. */
  release(bookingId: string): Promise<void>
}

export class CalendarUnavailable extends Error {
  override name = 'CalendarUnavailable'
}
