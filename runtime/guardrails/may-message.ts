import { nextOpening } from './quiet-hours.ts'

/** Everything the verdict on a text message rests on. All times are on the call's own clock. */
export interface MessageFacts {
  now: Date
  consent: boolean
  optedOut: boolean
  /** IANA zones the person may be in; at least one. */
  zones: string[]
  /** ISO 3166-1 alpha-2. */
  country: string | null
  /** ISO 3166-2, or the part after the country. */
  subdivision: string | null
  /** The flow's, 'HH:MM'. */
  quietHours: { from: string; to: string } | null
}

export type MessageVerdict =
  | { kind: 'allow' }
  | { kind: 'hold'; until: Date }
  | { kind: 'refuse'; reason: 'no_consent' | 'opted_out' | 'no_opening' }

/**
 * May this person be written to now? Asked at the moment of sending. Messages keep the hours of calls: what may not ring at night
 * may not buzz at night, in any zone the person may be in.
 * Throws RangeError without zones, or for a zone that does not exist: a verdict on unknown hours is never `allow`.
 */
export function mayMessage(facts: MessageFacts): MessageVerdict {
  if (!facts.consent) return { kind: 'refuse', reason: 'no_consent' }
  if (facts.optedOut) return { kind: 'refuse', reason: 'opted_out' }
  const opening = nextOpening(facts.now, facts.zones, { ...facts, ringMarginSeconds: 0 })
  if (opening === null) return { kind: 'refuse', reason: 'no_opening' }
  return opening.getTime() > facts.now.getTime() ? { kind: 'hold', until: opening } : { kind: 'allow' }
}
