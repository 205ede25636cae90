import { z } from '../zod.ts'

/** Marks a field as personal data. Logs, spans, redaction and erasure read this flag from the schema set. */
export const personal = <S extends z.ZodType>(schema: S): S =>
  schema.meta({ ...schema.meta(), 'x-personal-data': true })

/** Text of one shape, of which `example` is one; the example is in the schema, and in the fault of a text that is not of it. */
export const shaped = (pattern: RegExp, example: string) =>
  z
    .string()
    .regex(pattern, { error: `must look like ${example}`, abort: true })
    .meta({ examples: [example] })

/** At most `max` characters, counted as JSON Schema does: code points, where Zod's own bound counts UTF-16 units. */
export const atMost = <S extends z.ZodString>(max: number, schema: S): S =>
  schema
    .refine((it) => it.length <= max || [...it].length <= max, `must have at most ${max} characters`)
    .meta({ maxLength: max })

/** 1 to `max` characters. */
export const text = (max: number) => atMost(max, z.string().min(1))

/** 1 to `max` characters that are not all white space; the white space around them is cut off. */
export const trimmed = (max: number) => atMost(max, z.string().regex(/\S/, 'must not be empty')).trim()

/** What a name must not bring along: controls, line ends, and marks that turn the direction of the text around it. */
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu
const TURNS = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g

/** A person's name, which is shown in lists and quoted in prompts: `trimmed`, in one line. */
export const personName = (max: number) =>
  trimmed(max).overwrite((it) => it.replaceAll(TURNS, '').replaceAll(BREAKS, ' ').trim())

export const wholeNumber = (min: number, max: number) => z.number().int().min(min).max(max)

const id = (prefix: string, of: string) =>
  shaped(new RegExp(`^${prefix}_[0-9a-z]{26}$`), `${prefix}_01kb4t2m7ye8q9v3x5z6c7d8f9`).describe(`Id of a ${of}.`)

export const LeadId = id('lead', 'lead')
export const CallId = id('call', 'call; the same for all its dials')
export const ListId = id('list', 'list')
export const EventId = id('evt', 'webhook event; the same on every delivery try')
export const NumberId = id('num', 'phone number')
export const QueueId = id('queue', 'handoff queue')

/** Flow ids are the user's own words. */
export const FlowId = shaped(/^[a-z][a-z0-9_]{0,63}$/, 'flow_pricing_v3').describe(
  'Id of a flow, as its YAML names it.',
)

export const Timestamp = shaped(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, '2026-05-26T12:04:11.022Z').describe(
  'RFC 3339, UTC, with milliseconds.',
)

/** A time given by a caller: RFC 3339 (section 5.6) with any offset. The pattern holds what the format leaves open between validators. */
export const GivenTime = z
  .string()
  .regex(/^(19|20)\d\d-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, {
    error: 'must look like 2026-05-26T15:04:11+03:00, with an offset or Z, in a year from 1900 to 2099',
    abort: true,
  })
  .meta({ examples: ['2026-05-26T15:04:11+03:00'] })
  .refine((time) => z.regexes.datetime({ offset: true }).test(time), 'must be a day and a time that exist')
  .meta({ format: 'date-time' })
  .describe('RFC 3339 with an offset or Z.')

export const Phone = personal(shaped(/^\+[1-9]\d{6,14}$/, '+12025550100').describe('E.164.'))

/** A word of the user's own that flows match on. */
export const Word = trimmed(100)

/** Language tag (BCP 47), not necessarily a registered one. */
export const Language = shaped(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'tr-TR').max(35)

export const TraceId = shaped(/^[0-9a-f]{32}$/, '4bf92f3577b34da6a3ce929d0e0e4736').describe(
  'W3C trace id; every span of the call carries it.',
)

/** What an operation takes that lists things with ids of this kind. Limits are never silent: `has_more` says when there is more. */
export const pageOf = (id: typeof NumberId) => ({
  limit: wholeNumber(1, 100).optional().describe('How many at the most; 20 when not given.'),
  // Without the example of ids: a form made from it would ask for a page that is not there.
  cursor: id.meta({ examples: undefined }).optional().describe('`next_cursor` of the answer before.'),
})

export const listOf = <S extends z.ZodType>(item: S) =>
  z.object({
    data: z.array(item).describe('This page of them.'),
    has_more: z.boolean().describe('Whether there are more after these.'),
    next_cursor: z.string().nullable().describe('Pass as `cursor` for the next page; null on the last.'),
  })

export const SandboxView = z
  .object({
    clock: Timestamp.describe("The sandbox's time for this call, by which quiet hours were judged."),
    pace: z.number().describe('How many times faster than life the conversation runs.'),
    waits: z.number().describe('How many times faster than life ringing, holds and retries pass.'),
  })
  .describe('Only on test calls: whose time the call lives in.')
