import { eventNames } from '../events.ts'
import { z } from '../zod.ts'
import { atMost, GivenTime, shaped, Timestamp, text, wholeNumber } from './common.ts'

const Clock24 = shaped(/^([01]\d|2[0-3]):[0-5]\d$/, '09:00').describe('Time of day, HH:MM.')
const TimeZone = text(64)
  .meta({ examples: ['Europe/Istanbul'] })
  .describe('IANA name of a time zone.')

const patterns: [string, ...string[]] = ['*', 'lead.*', 'call.*', 'outcome.*', ...eventNames]

const Webhook = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be a URL that begins with https:// or http://' })
    .max(2000)
    .describe('Where events are posted to.'),
  events: z.array(z.enum(patterns)).min(1).max(20).describe('Which events; `*` for all.'),
})

const Calendar = z.strictObject({
  name: shaped(/^[a-z][a-z0-9_]{0,63}$/, 'mehmet').describe('What flows call it: `book(calendar.mehmet)`.'),
  owner: text(320).describe('Whose it is, e.g. an e-mail address; goes into `booking.owner`.'),
  time_zone: TimeZone,
  working_hours: z
    .strictObject({ from: Clock24, to: Clock24, days: z.array(wholeNumber(1, 7)).min(1).max(7) })
    .optional()
    .describe('Days as ISO 8601: 1 is Monday. 09:00 to 18:00, Monday to Friday, when absent.'),
  slot_minutes: wholeNumber(5, 240).optional().describe('30 when absent.'),
})

/** The JSON form of `talkif.yaml`. A PUT replaces only the sections present. */
export const WorkspaceDocument = z
  .strictObject({
    name: text(100).describe('The name of the workspace.'),
    business: z
      .strictObject({
        name: text(100).describe('As people know it.'),
        description: atMost(1000, z.string()).optional().describe('What it does; the agent knows it.'),
      })
      .describe('On whose behalf we call; the first sentence of every call names it.'),
    time_zone: TimeZone.describe('In which days and months are counted: an IANA name.'),
    region: z.enum(['eu', 'us', 'tr']).describe('Where recordings and transcripts stay.'),
    webhooks: z.array(Webhook).max(20).describe('Endpoints that are told of events.'),
    calendars: z.array(Calendar).max(100).describe('Calendars that flows book in.'),
    numbers: z
      .array(
        z.strictObject({
          phone: text(64).describe('With + and country code.'),
          label: atMost(100, z.string()).optional().describe('Your name for it.'),
        }),
      )
      .max(100)
      .describe('Outbound numbers of the carrier account, for live calls.'),
    caps: z
      .strictObject({
        attempts_per_number_24h: wholeNumber(1, 3).describe('Dials to one number in 24 hours.'),
        attempts_per_number_30d: wholeNumber(1, 30).describe('Dials to one number in 30 days.'),
        min_gap_seconds: wholeNumber(60, 604_800).describe('From one dial to a number to the next.'),
        attempts_per_day: wholeNumber(1, 1_000_000).nullable().describe('Dials a day in all; null: no cap.'),
      })
      .partial()
      .describe('Guardrails, tighter than those of the platform.'),
    sandbox: z
      .strictObject({
        pace: z.number().min(1).max(100).describe('How many times faster than life conversations run.'),
        waits: z.number().min(1).max(3600).describe('How many times faster than life ringing, holds and retries pass.'),
        clock: z
          .union(
            [Clock24, GivenTime],
            'must be a time of day such as 09:00, or a time such as 2026-05-26T15:04:11+03:00',
          )
          .describe('What time it is where the person is, or everywhere.'),
      })
      .partial()
      .describe("Test calls: how fast, and the sandbox's time of day where the person is."),
  })
  .partial()
  .openapi('WorkspaceDocument')
  .describe('What an administrator sets in a workspace. A PUT replaces only the sections present.')
export type WorkspaceDocument = z.infer<typeof WorkspaceDocument>

export const WebhookEndpoint = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  secret: z.string().optional().describe('Shown once, in the answer that created the endpoint.'),
  disabled: z.boolean().describe('Whether nothing is sent any more.'),
  disabled_at: Timestamp.nullable().describe('Since when.'),
  disabled_reason: z
    .string()
    .nullable()
    .describe(
      'Why: it answered 410 Gone, or failed for 5 days. Naming the endpoint again in PUT /workspace brings it back; ' +
        'POST /workspace/webhooks/{id}/recover with `since` then sends what it missed.',
    ),
  created_at: Timestamp,
})

/** What GET and PUT answer: the document as it stands, with what the server added. */
export const WorkspaceView = z.object({
  id: z.string(),
  name: z.string(),
  business: z.object({ name: z.string(), description: z.string().optional() }),
  time_zone: z.string(),
  region: z.string(),
  webhooks: z.array(WebhookEndpoint),
  calendars: z.array(z.object({ name: z.string(), owner: z.string(), time_zone: z.string() }).loose()),
  numbers: z.array(z.object({ id: z.string(), phone: z.string(), label: z.string().nullable() })),
  caps: z.object({
    attempts_per_number_24h: z.number(),
    attempts_per_number_30d: z.number(),
    min_gap_seconds: z.number(),
    attempts_per_day: z.number().nullable(),
  }),
  sandbox: z.object({ pace: z.number(), waits: z.number(), clock: z.string() }),
})
export type WorkspaceView = z.infer<typeof WorkspaceView>
