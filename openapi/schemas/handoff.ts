import { z } from '../zod.ts'
import { atMost, Language, personal, QueueId, shaped, Timestamp, text, wholeNumber } from './common.ts'

const who = { name: personal(text(100)).optional().describe('Who picks up.') }
const Target = z.union(
  [
    z.strictObject({ ...who, phone: personal(text(64)).describe('With + and country code.') }),
    z.strictObject({
      ...who,
      sip: personal(atMost(210, shaped(/^sips?:\S+$/, 'sip:sales@helena.example').describe('SIP URI.'))),
    }),
  ],
  'needs phone or sip, one of them',
)

const Hours = shaped(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, '09:00-18:00').describe(
  'When people are there, in the time zone of the workspace.',
)

const fields = {
  name: shaped(/^[a-z][a-z0-9_]{0,63}$/, 'sales').describe('The queue; the same name replaces it.'),
  targets: z.array(Target).min(1).max(20).describe('Who is rung: each by `phone` or by `sip`.'),
  order: z.enum(['in_turn', 'all_at_once']).optional().describe('`in_turn` when not given.'),
  hours: Hours.optional(),
  languages: z.array(Language).max(20).optional().describe('What they speak, as BCP 47; any when not given.'),
  timeout_seconds: wholeNumber(5, 120).optional().describe('How long each target rings; 20 when not given.'),
  fallback: z.enum(['callback', 'voicemail']).optional().describe('When nobody accepts; `callback` when not given.'),
}

export const UpsertHandoff = z.strictObject(fields).openapi('UpsertHandoff').describe('People who take over a call.')

export const HandoffQueue = z
  .object({
    id: QueueId,
    name: fields.name,
    targets: z
      .array(
        z.object({
          name: personal(z.string()).optional().describe('Who picks up.'),
          phone: personal(z.string()).optional().describe('E.164.'),
          sip: personal(z.string()).optional().describe('SIP URI.'),
        }),
      )
      .describe('Who is rung.'),
    order: z.enum(['in_turn', 'all_at_once']).describe('How they are rung.'),
    hours: z.string().nullable().describe('When people are there; null: always.'),
    languages: z.array(z.string()).describe('What they speak; empty: any.'),
    timeout_seconds: z.number().int().describe('How long each target rings.'),
    fallback: z.enum(['callback', 'voicemail']).describe('When nobody accepts.'),
    created_at: Timestamp,
    updated_at: Timestamp,
  })
  .openapi('HandoffQueue')
  .describe('A queue as it stands.')
export type HandoffQueue = z.infer<typeof HandoffQueue>
