import { z } from '../zod.ts'
import { Artifacts, Booking, Metrics } from './call.ts'
import { CallId, EventId, FlowId, GivenTime, LeadId, Phone, personal, Timestamp, Word } from './common.ts'
import { ConsentEvidence } from './lead.ts'

const base = {
  id: EventId,
  created_at: Timestamp,
  test: z.boolean(),
  call_id: CallId,
  lead_id: LeadId,
  flow_id: FlowId,
}

const event = <N extends string, S extends z.ZodRawShape>(name: N, fields: S) =>
  z.object({ event: z.literal(name), ...base, ...fields })

const Answers = z.record(z.string(), personal(z.string()))
const result = { qualified: z.boolean(), answers: Answers, metrics: Metrics, artifacts: Artifacts }

export const LeadCreated = event('lead.created', {
  source: Word,
  intent: z.string().nullable(),
  phone: Phone,
  consent: z.union([z.literal(true), ConsentEvidence.extend({ captured_at: GivenTime })]),
  external_id: z.string().nullable(),
}).openapi('LeadCreatedEvent')

export const CallStarted = event('call.started', {
  attempt: z.number().int(),
  provider_call_sid: z.string(),
}).openapi('CallStartedEvent')

export const CallAnswered = event('call.answered', {
  attempt: z.number().int(),
  provider_call_sid: z.string(),
}).openapi('CallAnsweredEvent')

export const OutcomeBooked = event('outcome.booked', {
  outcome: z.literal('booked'),
  ...result,
  booking: Booking,
}).openapi('OutcomeBookedEvent')

export const OutcomeQualified = event('outcome.qualified', {
  outcome: z.literal('qualified'),
  ...result,
  reason: z.string().nullable(),
}).openapi('OutcomeQualifiedEvent')

export const Retry = z.object({ attempt: z.number().int(), max: z.number().int(), at: Timestamp }).openapi('Retry')

export const OutcomeNoAnswer = event('outcome.no_answer', {
  outcome: z.literal('no_answer'),
  ...result,
  reason: z.string(),
  retry: Retry.nullable().describe('The dial that follows; null when this was the last.'),
}).openapi('OutcomeNoAnswerEvent')

export const OutcomeNotFit = event('outcome.not_fit', {
  outcome: z.literal('not_fit'),
  ...result,
  reason: z.string(),
}).openapi('OutcomeNotFitEvent')

export const OutcomeWrongNumber = event('outcome.wrong_number', {
  outcome: z.literal('wrong_number'),
  ...result,
  reason: z.string(),
}).openapi('OutcomeWrongNumberEvent')
