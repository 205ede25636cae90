import { z } from '../zod.ts'
import { personal, QueueId, Timestamp } from './common.ts'

const Target = z.strictObject({
  name: personal(z.string().min(1).max(100)).optional(),
  phone: personal(z.string().min(1).max(64)).optional().describe('Give `phone` or `sip`.'),
  sip: personal(z.string().regex(/^sips?:[^\s]{1,200}$/)).optional(),
})

const Hours = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/)
  .describe('When people are there, `09:00-18:00`, in the time zone of the workspace.')

const fields = {
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,63}$/)
    .describe('The queue; the same name replaces it.'),
  targets: z.array(Target).min(1).max(20).describe('Who is rung.'),
  order: z.enum(['in_turn', 'all_at_once']).optional().describe('`in_turn` when not given.'),
  hours: Hours.optional(),
  languages: z
    .array(z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/))
    .max(20)
    .optional(),
  timeout_seconds: z
    .number()
    .int()
    .min(5)
    .max(120)
    .optional()
    .describe('How long each target rings; 20 when not given.'),
  fallback: z.enum(['callback', 'voicemail']).optional().describe('When nobody accepts; `callback` when not given.'),
}

export const UpsertHandoff = z.strictObject(fields).openapi('UpsertHandoff')

export const HandoffQueue = z
  .object({
    id: QueueId,
    name: fields.name,
    targets: z.array(
      z.object({
        name: personal(z.string()).optional(),
        phone: personal(z.string()).optional(),
        sip: personal(z.string()).optional(),
      }),
    ),
    order: z.enum(['in_turn', 'all_at_once']),
    hours: z.string().nullable(),
    languages: z.array(z.string()),
    timeout_seconds: z.number().int(),
    fallback: z.enum(['callback', 'voicemail']),
    created_at: Timestamp,
    updated_at: Timestamp,
  })
  .openapi('HandoffQueue')
export type HandoffQueue = z.infer<typeof HandoffQueue>
