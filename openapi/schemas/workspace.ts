import { z } from '../zod.ts'
import { atMost, GivenTime, Timestamp, text, trimmed, wholeNumber } from './common.ts'
import { UpsertHandoff } from './handoff.ts'
import {
  Calendar,
  Clock24,
  SECRET_IS_SET,
  SecretName,
  secret,
  Template,
  TimeZone,
  Voice,
  Webhook,
} from './workspace-sections.ts'

const days = wholeNumber(1, 3650)

/** The JSON form of `talkif.yaml`. A PUT replaces only the sections present. */
export const WorkspaceDocument = z
  .strictObject({
    name: trimmed(100).describe('The name of the workspace.'),
    business: z
      .strictObject({
        name: trimmed(100).describe('As people know it.'),
        description: atMost(1000, z.string()).optional().describe('What it does; the agent knows it.'),
      })
      .describe('On whose behalf we call; the first sentence of every call names it.'),
    time_zone: TimeZone.describe('In which days and months are counted: an IANA name.'),
    region: z
      .enum(['eu', 'us', 'tr'])
      .describe('Where recordings and transcripts stay; servers have `eu` alone so far.'),
    webhooks: z.array(Webhook).max(20).describe('Endpoints that are told of events.'),
    calendars: z.array(Calendar).max(100).describe('Calendars that flows book in.'),
    voices: z.array(Voice).max(100).describe('Voices that flows speak with.'),
    handoffs: z.array(UpsertHandoff).max(100).describe('Queues of people who take over calls.'),
    templates: z.array(Template).max(200).describe('Messages that flows send.'),
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
    retention: z
      .strictObject({
        recordings_days: days.describe('Days until recordings are deleted.'),
        transcripts_days: days.describe('Days until transcripts are deleted.'),
      })
      .partial()
      .describe('How long calls are kept. What is absent is kept until you delete it.'),
    secrets: z
      .record(SecretName, secret(text(4000)).nullable())
      .refine((it) => Object.keys(it).length <= 100, 'must have at most 100 secrets')
      .meta({ maxProperties: 100 })
      .describe(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how flows write it
        'What the tools of flows name as `${NAME}`. Written, never shown: GET answers `set`. ' +
          'Only those named here change; null removes one.',
      ),
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
  name: z.string().optional(),
  url: z.string(),
  events: z.array(z.string()),
  secret: z.string().optional().describe('Shown once, in the answer that created the endpoint.'),
  failing_since: Timestamp.nullable().describe('Since when it has taken nothing; null while it does.'),
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

/** What GET and PUT answer: the document as it stands, with what the server added. It may be sent back as it is. */
export const WorkspaceView = z.object({
  id: z.string(),
  name: z.string(),
  business: z.object({ name: z.string(), description: z.string().optional() }).optional(),
  time_zone: z.string(),
  region: z.string(),
  webhooks: z.array(WebhookEndpoint),
  calendars: z.array(z.object(Calendar.shape)),
  voices: z.array(z.object(Voice.shape)),
  handoffs: z.array(z.object({ id: z.string(), ...UpsertHandoff.shape, created_at: Timestamp, updated_at: Timestamp })),
  templates: z.array(z.object(Template.shape)),
  numbers: z.array(z.object({ id: z.string(), phone: z.string(), label: z.string().optional() })),
  caps: z.object({
    attempts_per_number_24h: z.number(),
    attempts_per_number_30d: z.number(),
    min_gap_seconds: z.number(),
    attempts_per_day: z.number().nullable(),
  }),
  retention: z.object({ recordings_days: z.number().optional(), transcripts_days: z.number().optional() }),
  secrets: z.record(z.string(), z.literal(SECRET_IS_SET)),
  sandbox: z.object({ pace: z.number(), waits: z.number(), clock: z.string() }),
})
export type WorkspaceView = z.infer<typeof WorkspaceView>

/** Names of what the server adds to a section, or to the whole under ``: what a view has and a document has not. */
const added: Record<string, string[]> = {
  '': more(WorkspaceView, WorkspaceDocument),
  webhooks: more(WebhookEndpoint, Webhook),
  handoffs: more(WorkspaceView.shape.handoffs.element, UpsertHandoff),
  numbers: more(WorkspaceView.shape.numbers.element, WorkspaceDocument.shape.numbers.unwrap().element),
}

function more(view: z.ZodObject, document: z.ZodObject): string[] {
  return Object.keys(view.shape).filter((name) => !Object.hasOwn(document.shape, name))
}

/** A view without what the server added to it, which is a document; `body` may be of any shape. */
export function withoutAdded(body: Record<string, unknown>): Record<string, unknown> {
  const sections = Object.entries(body).map(([section, value]) => {
    const names = Object.hasOwn(added, section) ? added[section]! : []
    return [section, Array.isArray(value) ? value.map((entry) => without(entry, names)) : value]
  })
  return without(Object.fromEntries(sections), added['']!) as Record<string, unknown>
}

function without(value: unknown, names: string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
}
