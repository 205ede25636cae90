import { z } from '../zod.ts'
/** Marks a field as personal data. Logs, spans, redaction and erasure read this flag from the schema set. */
export const personal = <S extends z.ZodType>(schema: S): S =>
  schema.meta({ ...schema.meta(), 'x-personal-data': true })

const id = (prefix: string, of: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-z]{26}$`))
    .describe(`Id of a ${of}.`)
    .meta({ example: `${prefix}_01kb4t2m7ye8q9v3x5z6c7d8f9` })

export const LeadId = id('lead', 'lead')
export const CallId = id('call', 'call; it never changes, however often we try to reach the person')
export const ListId = id('list', 'list')
export const EventId = id('evt', 'webhook event; the same on every delivery try')
export const NumberId = id('num', 'phone number')
export const QueueId = id('queue', 'handoff queue')

/** Flow ids are the user's own words. */
export const FlowId = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/)
  .describe('Id of a flow, as its YAML names it.')
  .meta({ example: 'flow_pricing_v3' })

export const Timestamp = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .describe('RFC 3339, UTC, with milliseconds.')
  .meta({ example: '2026-05-26T12:04:11.022Z' })

/** A time given by a caller: any RFC 3339 spelling with an offset. */
export const GivenTime = z.iso.datetime({ offset: true }).describe('RFC 3339 with an offset or Z.')

export const Phone = personal(
  z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/)
    .describe('E.164.')
    .meta({ example: '+12025550100' }),
)

export const Word = z.string().trim().min(1).max(100)

export const TraceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .describe('W3C trace id; every span of the call carries it.')
  .meta({ example: '4bf92f3577b34da6a3ce929d0e0e4736' })

/** What a list operation takes. Limits are never silent: `has_more` says when there is more. */
export const page = {
  limit: z.number().int().min(1).max(100).optional().describe('How many at the most; 20 when not given.'),
  cursor: z.string().min(1).max(200).optional().describe('`next_cursor` of the answer before.'),
}

export const listOf = <S extends z.ZodType>(item: S) =>
  z.object({
    data: z.array(item),
    has_more: z.boolean(),
    next_cursor: z.string().nullable().describe('Pass as `cursor` for the next page; null on the last.'),
  })

export const SandboxView = z
  .object({
    clock: Timestamp.describe("The sandbox's time for this call, by which quiet hours were judged."),
    pace: z.number().describe('How many times faster than life the conversation runs.'),
    waits: z.number().describe('How many times faster than life ringing, holds and retries pass.'),
  })
  .describe('Only on test calls: whose time the call lives in.')
