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
  /**
   * The call that asks: what it only holds is free to it, and next to what it has booked, which it gives back for another, no buffer
   * is kept.
   */
  callId?: string
  /** Whether a slot that begins then (epoch ms) is wanted; all are, when not given. */
  suits?: (startsAt: number) => boolean
}

/** What the owner finds in their calendar. Names and notes are a stranger's words: text, never markup. */
export interface Appointment {
  summary: string
  notes: string
  lead: Person & {
    phone: string
    /** IANA. */
    timeZone: string
    /** BCP 47. */
    language: string
  }
}

export interface Person {
  name: string | null
  email: string | null
}

/**
 * One person's calendar, as a call needs it: look, hold while talking, confirm once agreed. An adapter is a factory
 * function. Each method throws `CalendarUnavailable` when the calendar cannot be asked, and may then be tried again.
 */
export interface Calendar {
  /** Free slots in order of time. One may be gone by the time it is held. */
  freeSlots(query: SlotQuery): Promise<Slot[]>
  /**
   * Takes a slot for a call, for `seconds` of real time; null when it is taken. Holding a slot again for the same call
   * gives the same booking.
   */
  hold(slot: Slot, callId: string, seconds: number): Promise<Booking | null>
  /** Makes a held booking final; false when the slot is not ours any more. May be repeated, also after an unknown end. */
  confirm(bookingId: string, appointment: Appointment): Promise<boolean>
  /** Gives the slot back, whatever became of it. May be repeated. */
  release(bookingId: string): Promise<void>
}

/** What happened in the message, and what the owner of the workspace can do in `advice`; neither is for the person on the phone. */
export class CalendarUnavailable extends Error {
  override name = 'CalendarUnavailable'
  readonly advice: string

  constructor(message: string, advice: string) {
    super(message)
    this.advice = advice
  }
}
