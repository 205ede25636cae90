import { z } from '../zod.ts'
import {
  atMost,
  CallId,
  FlowId,
  GivenTime,
  Language,
  LeadId,
  personal,
  personName,
  SandboxView,
  shaped,
  Timestamp,
  TraceId,
  text,
  trimmed,
  Word,
  wholeNumber,
} from './common.ts'

export const CallStatus = z
  .enum(['queued', 'held', 'dialing', 'in_progress', 'retry_scheduled', 'completed', 'cancelled'])
  .describe('`completed` and `cancelled` are terminal. `held` and `retry_scheduled` carry `not_before` and `reason`.')
export type CallStatus = z.infer<typeof CallStatus>

export const ConsentEvidence = z
  .strictObject({
    granted: z.boolean().describe('Whether the person agreed; only `true` lets us call.'),
    text: text(2000).describe('The words the person agreed to.'),
    captured_at: GivenTime.describe('When they agreed: RFC 3339 with an offset or Z.'),
    url: atMost(2000, shaped(/^https?:\/\/\S+$/, 'https://helena.example/pricing'))
      .optional()
      .describe('The page they agreed on.'),
    ip: personal(z.union([z.ipv4(), z.ipv6()], 'must be an IPv4 or IPv6 address'))
      .optional()
      .describe('The address they agreed from.'),
  })
  .openapi('ConsentEvidence')
  .describe('When, where and in which words somebody agreed to be called.')

/** Consent as callers give it. Absent or `false` it is of the right shape, so that the answer is `consent_required`. */
export const GivenConsent = z.union([z.boolean(), ConsentEvidence], 'must be true, or an object with the evidence')

/** How far ahead `not_before` of a lead may be. */
export const MAX_DAYS_AHEAD = 365

/** The body of `POST /v1/leads`; both bodies printed on the product page are examples of it. */
export const CreateLead = z
  .strictObject({
    event: z.literal('lead.created').optional().describe('What happened; only `lead.created` exists.'),
    source: Word.describe('Where the lead came from, e.g. `web_form`; flows match on it.'),
    campaign: Word.optional().describe('Flows match on it.'),
    phone: personal(trimmed(64).describe('Any human spelling; give `country` for national ones. Stored as E.164.')),
    country: shaped(/^[A-Za-z]{2}$/, 'TR')
      .optional()
      .describe('ISO 3166-1 alpha-2, for a national spelling.'),
    time_zone: text(64).optional().describe("IANA name of the person's time zone, when you know it."),
    intent: Word.optional().describe('What the person wants, e.g. `pricing`; flows match on it.'),
    language: Language.optional().describe(
      "BCP 47. Derived from the number's country when absent; it never keeps a flow from matching.",
    ),
    name: personal(personName(200)).optional().describe("The person's name."),
    email: personal(atMost(320, shaped(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'ece@helena.example')))
      .optional()
      .describe("The person's e-mail address."),
    consent: GivenConsent.optional().describe(
      '`true`, or the evidence. Anything else is answered with `consent_required`: nobody is called without it.',
    ),
    call_within: wholeNumber(1, 86_400)
      .optional()
      .describe('Seconds from now to the first ring we aim for, not an expiry.'),
    call_within_seconds: wholeNumber(1, 86_400).optional().describe('The same as `call_within`.'),
    flow_id: FlowId.optional().describe('Skip routing and use this flow.'),
    not_before: GivenTime.optional().describe('Do not dial earlier than this; a test call waits in time-lapse.'),
    external_id: text(200).optional().describe('Your own id of this lead.'),
    metadata: z
      .record(text(40), personal(atMost(500, z.string())))
      .refine((pairs) => Object.keys(pairs).length <= 50, 'must have at most 50 pairs')
      .meta({ maxProperties: 50 })
      .optional()
      .describe('Given back as it came.'),
  })
  .openapi('CreateLead')
  .describe('A lead: a person who asked for something and agreed to be called about it.')

/** The answer to a lead that is created or cancelled. */
export const LeadReceipt = z
  .object({
    lead_id: LeadId,
    call_id: CallId,
    status: CallStatus,
    flow_id: FlowId,
    flow_version: z.number().int().describe('The version of the flow that this call follows to its end.'),
    not_before: Timestamp.nullable().describe(
      'When the dial may happen at the earliest, for a call that waits; in real time.',
    ),
    reason: z
      .string()
      .nullable()
      .describe(
        'Why it waits; or `duplicate` when this number already has an open call, which is then the one answered.',
      ),
    trace_id: TraceId,
    test: z.boolean().describe('Whether it came with a test key: then no real phone rings.'),
    sandbox: SandboxView.optional(),
  })
  .openapi('LeadReceipt')
  .describe('A lead that was taken or cancelled, and its call.')
export type LeadReceipt = z.infer<typeof LeadReceipt>
