import { eventNames } from '../events.ts'
import { z } from '../zod.ts'
import { Timestamp } from './common.ts'

const Clock24 = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/)

const patterns = new Set<string>(['*', 'lead.*', 'call.*', 'outcome.*', ...eventNames])

const Webhook = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2000),
  events: z
    .array(z.string().refine((name) => patterns.has(name), `Use ${[...patterns].join(', ')}.`))
    .min(1)
    .max(20),
})

const Calendar = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
  owner: z.string().min(1).max(320).describe('Whose it is, e.g. an e-mail address; goes into `booking.owner`.'),
  time_zone: z.string().min(1).max(64),
  working_hours: z
    .strictObject({ from: Clock24, to: Clock24, days: z.array(z.number().int().min(1).max(7)).min(1).max(7) })
    .optional()
    .describe('Days as ISO 8601: 1 is Monday. 09:00 to 18:00, Monday to Friday, when absent.'),
  slot_minutes: z.number().int().min(5).max(240).optional().describe('30 when absent.'),
})

/** The JSON form of `talkif.yaml`. A PUT replaces only the sections present. */
export const WorkspaceDocument = z
  .strictObject({
    name: z.string().min(1).max(100),
    business: z
      .strictObject({ name: z.string().min(1).max(100), description: z.string().max(1000).optional() })
      .describe('On whose behalf we call; the first sentence of every call names it.'),
    time_zone: z.string().min(1).max(64),
    region: z.enum(['eu', 'us', 'tr']),
    webhooks: z.array(Webhook).max(20),
    calendars: z.array(Calendar).max(100),
    numbers: z
      .array(z.strictObject({ phone: z.string().min(1).max(64), label: z.string().max(100).optional() }))
      .max(100)
      .describe('Outbound numbers of the carrier account, for live calls.'),
    caps: z
      .strictObject({
        attempts_per_number_24h: z.number().int().min(1).max(3),
        attempts_per_number_30d: z.number().int().min(1).max(30),
        min_gap_seconds: z.number().int().min(60).max(604_800),
        attempts_per_day: z.number().int().min(1).max(1_000_000).nullable(),
      })
      .partial(),
    sandbox: z
      .strictObject({
        pace: z.number().min(1).max(100),
        waits: z.number().min(1).max(3600),
        clock: z.union([Clock24, z.iso.datetime({ offset: true })]),
      })
      .partial()
      .describe("Test calls: how fast, and the sandbox's time of day where the person is."),
  })
  .partial()
  .openapi('WorkspaceDocument')
export type WorkspaceDocument = z.infer<typeof WorkspaceDocument>

export const WebhookEndpoint = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  secret: z.string().optional().describe('Shown once, in the answer that created the endpoint.'),
  disabled: z.boolean(),
  disabled_reason: z
    .string()
    .nullable()
    .describe('Why nothing is sent any more. Naming the endpoint again brings it back.'),
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
