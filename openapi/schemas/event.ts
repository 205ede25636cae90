import { z } from '../zod.ts'
import { Artifacts, Booking, Handoff, Metrics, NotFitDetail, NotFitReason } from './call.ts'
import { CallId, EventId, FlowId, LeadId, Phone, personal, Timestamp, Word } from './common.ts'
import { ConsentEvidence } from './lead.ts'

const base = {
  id: EventId,
  created_at: Timestamp,
  test: z.boolean().describe('Whether it is about a test call.'),
  call_id: CallId,
  lead_id: LeadId,
  flow_id: FlowId,
}

/** An event of this name, and the component `OutcomeBookedEvent`; the summaries are the product page's. */
const event = <N extends string, S extends z.ZodRawShape>(name: N, summary: string, fields: S) =>
  z
    .object({ event: z.literal(name).describe('What happened.'), ...base, ...fields })
    .openapi(`${name.replace(/(?:^|[._])(\w)/g, (_, letter: string) => letter.toUpperCase())}Event`)
    .describe(summary)

const ending = <O extends string>(outcome: O) => ({
  outcome: z.literal(outcome).describe('How the call ended.'),
  qualified: z.boolean().describe('Whether the lead qualified.'),
  answers: z.record(z.string(), personal(z.string())).describe('What the person said to each slot of the flow.'),
  metrics: Metrics,
  artifacts: Artifacts,
})

const dial = {
  attempt: z.number().int().describe('1 for the first dial.'),
  provider_call_sid: z.string().describe("The carrier's own id of this dial."),
}

export const LeadCreated = event('lead.created', 'A lead entered the queue. Phone normalized, consent stored.', {
  source: Word.describe('Where the lead came from.'),
  intent: z.string().nullable().describe('What the person wants.'),
  phone: Phone,
  consent: z.union([z.literal(true), ConsentEvidence]).describe('As it was given.'),
  external_id: z.string().nullable().describe('Your own id of this lead.'),
})

export const CallStarted = event(
  'call.started',
  'Talkif dialed the lead. Includes flow_id and provider call SID.',
  dial,
)

export const CallAnswered = event('call.answered', 'Lead picked up. The conversation begins.', dial)

export const OutcomeBooked = event('outcome.booked', 'Booking slot held in your calendar provider.', {
  ...ending('booked'),
  booking: Booking,
})

export const OutcomeQualified = event('outcome.qualified', 'Lead qualified for callback or handoff.', {
  ...ending('qualified'),
  reason: z.string().nullable().describe('`transferred`, `handoff_requested`, or null.'),
  handoff: Handoff.nullable().describe('When a person was asked for, and what came of it.'),
})

export const Retry = z
  .object({
    attempt: z.number().int().describe('2 for the second dial.'),
    max: z.number().int().describe('Dials at the most.'),
    at: Timestamp.describe('When it is planned: RFC 3339, UTC, with milliseconds.'),
  })
  .openapi('Retry')

export const OutcomeNoAnswer = event('outcome.no_answer', 'No pickup. Retry queued per flow policy.', {
  ...ending('no_answer'),
  reason: z.string().describe('Why, e.g. `busy`, `no_answer`, `voicemail`, `silence`, `failed`.'),
  retry: Retry.nullable().describe('The dial that follows; null when this was the last.'),
})

export const OutcomeNotFit = event('outcome.not_fit', 'Lead disqualified. Reason captured in payload.', {
  ...ending('not_fit'),
  reason: NotFitReason,
  detail: NotFitDetail,
})

export const OutcomeWrongNumber = event('outcome.wrong_number', 'Number invalid. Removed from retry pool.', {
  ...ending('wrong_number'),
  reason: z.string().describe('How we know, e.g. `wrong_number`: the person or the carrier said so.'),
})
