import type { z } from 'zod'
import * as event from './schemas/event.ts'

const of = <P extends z.ZodType>(payload: P) => ({ summary: payload.description!, payload })

/** The eight webhook events. */
export const events = {
  'lead.created': of(event.LeadCreated),
  'call.started': of(event.CallStarted),
  'call.answered': of(event.CallAnswered),
  'outcome.booked': of(event.OutcomeBooked),
  'outcome.qualified': of(event.OutcomeQualified),
  'outcome.no_answer': of(event.OutcomeNoAnswer),
  'outcome.not_fit': of(event.OutcomeNotFit),
  'outcome.wrong_number': of(event.OutcomeWrongNumber),
} as const

export type EventName = keyof typeof events
export type EventPayload<N extends EventName = EventName> = z.infer<(typeof events)[N]['payload']>
export const eventNames = Object.keys(events) as [EventName, ...EventName[]]

/** True when `pattern` (`outcome.*`, `*`, or a name) covers `name`. */
export function covers(pattern: string, name: EventName): boolean {
  return pattern === '*' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1)))
}
