import { z } from '../zod.ts'
import { CallId, FlowId, GivenTime, LeadId, personal, SandboxView, Timestamp, TraceId, Word } from './common.ts'

export const CallStatus = z
  .enum(['queued', 'held', 'dialing', 'in_progress', 'retry_scheduled', 'completed', 'cancelled'])
  .describe('`completed` and `cancelled` are terminal. `held` and `retry_scheduled` carry `not_before` and `reason`.')
export type CallStatus = z.infer<typeof CallStatus>

export const ConsentEvidence = z
  .strictObject({
    granted: z.boolean(),
    text: z.string().min(1).max(2000).describe('The words the person agreed to.'),
    captured_at: GivenTime,
    url: z.url().max(2000).optional(),
    ip: personal(z.union([z.ipv4(), z.ipv6()])).optional(),
  })
  .openapi('ConsentEvidence')

const Language = z
  .string()
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
  .max(35)
  .describe("BCP 47. Derived from the number's country when absent; it never keeps a flow from matching.")

/** The body of `POST /v1/leads`; both bodies printed on the product page are examples of it. */
export const CreateLead = z
  .strictObject({
    event: z.literal('lead.created').optional().describe('What happened; only `lead.created` exists.'),
    source: Word.describe('Where the lead came from, e.g. `web_form`; flows match on it.'),
    campaign: Word.optional().describe('Flows match on it.'),
    phone: personal(
      z
        .string()
        .trim()
        .min(1)
        .max(64)
        .describe('Any human spelling; give `country` for national ones. Stored as E.164.'),
    ),
    country: z
      .string()
      .regex(/^[A-Za-z]{2}$/)
      .optional()
      .describe('ISO 3166-1 alpha-2; reads a national spelling of `phone`.'),
    time_zone: z.string().min(1).max(64).optional().describe("IANA name of the person's time zone, when you know it."),
    intent: Word.optional().describe('What the person wants, e.g. `pricing`; flows match on it.'),
    language: Language.optional(),
    name: personal(z.string().trim().min(1).max(200)).optional(),
    email: personal(z.email().max(320)).optional(),
    consent: z
      .union([z.boolean(), ConsentEvidence])
      .optional()
      .describe(
        '`true`, or the evidence. Anything else is answered with `consent_required`: nobody is called without it.',
      ),
    call_within: z
      .number()
      .int()
      .min(1)
      .max(86_400)
      .optional()
      .describe('Seconds from now to the first ring we aim for. A target, not an expiry.'),
    call_within_seconds: z.number().int().min(1).max(86_400).optional().describe('The same as `call_within`.'),
    flow_id: FlowId.optional().describe('Skip routing and use this flow.'),
    not_before: GivenTime.optional().describe('Do not dial earlier than this.'),
    external_id: z.string().min(1).max(200).optional().describe('Your own id of this lead.'),
    metadata: z
      .record(z.string().min(1).max(40), personal(z.string().max(500)))
      .refine((pairs) => Object.keys(pairs).length <= 50, 'At most 50 pairs.')
      .meta({ maxProperties: 50 })
      .optional()
      .describe('Up to 50 pairs of strings, given back as they came.'),
  })
  .openapi('CreateLead')

/** The answer to a lead that is created or cancelled. */
export const LeadReceipt = z
  .object({
    lead_id: LeadId,
    call_id: CallId,
    status: CallStatus,
    flow_id: FlowId,
    flow_version: z.number().int(),
    not_before: Timestamp.nullable().describe('When the dial may happen at the earliest, for a call that waits.'),
    reason: z
      .string()
      .nullable()
      .describe(
        'Why it waits; or `duplicate` when this number already has an open call, which is then the one answered.',
      ),
    trace_id: TraceId,
    test: z.boolean(),
    sandbox: SandboxView.optional(),
  })
  .openapi('LeadReceipt')
export type LeadReceipt = z.infer<typeof LeadReceipt>
