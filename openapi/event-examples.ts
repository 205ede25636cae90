import type { EventName, EventPayload } from './events.ts'
import { call, lead } from './examples.ts'

const [dial] = call.attempts

/** What every event of the call of the examples carries. */
const common = (created_at: string) => ({
  id: 'evt_01kb4t2m7ye8q9v3x5z6c7d8fe',
  created_at,
  test: call.test,
  call_id: call.id,
  lead_id: call.lead_id,
  flow_id: call.flow_id,
})

const result = { answers: call.answers, metrics: call.metrics, artifacts: call.artifacts }
const nothingSaid = {
  qualified: false,
  answers: {},
  artifacts: { transcript_url: null, recording_url: null, calendar_url: null },
}
const end = '2026-05-26T12:05:42.472Z'

/** One payload of each event, as the call of the examples would give it; a test parses each with its schema. */
export const eventExamples: { [N in EventName]: EventPayload<N> } = {
  'lead.created': {
    event: 'lead.created',
    ...common(call.created_at),
    source: lead.source,
    intent: lead.intent,
    phone: lead.phone,
    consent: true,
    external_id: null,
  },
  'call.started': {
    event: 'call.started',
    ...common(dial!.dialed_at),
    attempt: 1,
    provider_call_sid: dial!.provider_call_sid,
  },
  'call.answered': {
    event: 'call.answered',
    ...common(dial!.answered_at),
    attempt: 1,
    provider_call_sid: dial!.provider_call_sid,
  },
  'outcome.booked': {
    event: 'outcome.booked',
    ...common(end),
    outcome: 'booked',
    qualified: true,
    ...result,
    booking: call.booking,
  },
  'outcome.qualified': {
    event: 'outcome.qualified',
    ...common(end),
    outcome: 'qualified',
    qualified: true,
    ...result,
    handoff: null,
    reason: null,
  },
  'outcome.no_answer': {
    event: 'outcome.no_answer',
    ...common('2026-05-26T12:04:53.011Z'),
    outcome: 'no_answer',
    ...nothingSaid,
    metrics: { first_dial_ms: 12100, answered_at_ms: null, outcome_at_ms: null },
    reason: 'busy',
    retry: { attempt: 2, max: 3, at: '2026-05-26T12:19:53.011Z' },
  },
  'outcome.not_fit': {
    event: 'outcome.not_fit',
    ...common(end),
    outcome: 'not_fit',
    ...result,
    qualified: false,
    reason: 'out_of_scope',
    detail: 'Looks for a school for their child.',
  },
  'outcome.wrong_number': {
    event: 'outcome.wrong_number',
    ...common(end),
    outcome: 'wrong_number',
    ...result,
    qualified: false,
    answers: {},
    reason: 'wrong_number',
  },
}
