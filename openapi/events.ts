import type { z } from 'zod'
import * as event from './schemas/event.ts'

/** The eight webhook events; the sentences are the product page's. */
export const events = {
  'lead.created': {
    summary: 'A lead entered the queue. Phone normalized, consent stored.',
    payload: event.LeadCreated,
  },
  'call.started': {
    summary: 'Talkif dialed the lead. Includes flow_id and provider call SID.',
    payload: event.CallStarted,
  },
  'call.answered': { summary: 'Lead picked up. The conversation begins.', payload: event.CallAnswered },
  'outcome.booked': { summary: 'Booking slot held in your calendar provider.', payload: event.OutcomeBooked },
  'outcome.qualified': { summary: 'Lead qualified for callback or handoff.', payload: event.OutcomeQualified },
  'outcome.no_answer': { summary: 'No pickup. Retry queued per flow policy.', payload: event.OutcomeNoAnswer },
  'outcome.not_fit': { summary: 'Lead disqualified. Reason captured in payload.', payload: event.OutcomeNotFit },
  'outcome.wrong_number': {
    summary: 'Number invalid. Removed from retry pool.',
    payload: event.OutcomeWrongNumber,
  },
} as const

export type EventName = keyof typeof events
export type EventPayload<N extends EventName = EventName> = z.infer<(typeof events)[N]['payload']>
export const eventNames = Object.keys(events) as [EventName, ...EventName[]]

/** True when `pattern` (`outcome.*`, `*`, or a name) covers `name`. */
export function covers(pattern: string, name: EventName): boolean {
  return pattern === '*' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1)))
}
