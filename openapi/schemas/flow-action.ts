import { z } from 'zod'
import { reference, seconds, text } from './flow-fields.ts'

/** Begins with a letter or digit, so that no name is one of JavaScript's own (`__proto__`). */
const variables = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must be letters, digits, _ and -, at most 64 of them'),
    text(500, 'Its value; {name}, {answers.budget} and other fields are filled in.'),
  )
  .refine((given) => Object.keys(given).length <= 20, 'must have at most 20 variables')
  .describe('Variables of the template.')

const message = (type: 'whatsapp' | 'sms', what: string) =>
  z
    .strictObject({
      type: z.literal(type).describe(what),
      template: reference('A message template of the workspace.').nullable(),
      with: variables,
    })
    .refine((it) => it.template !== null || Object.keys(it.with).length === 0, {
      path: ['template'],
      message: 'must be given when there are variables',
    })

export const FlowAction = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('book').describe('Offer times and book one, during the call.'),
      calendar: reference('A calendar of the workspace.'),
    }),
    z.strictObject({
      type: z.literal('retry').describe('Call again.'),
      delay_seconds: seconds(1, 604_800, 'From a missed attempt to the next one.'),
      max: z
        .int()
        .min(1, 'must be at least 1')
        .max(10, 'must be at most 10')
        .describe('Attempts in total, the first one included.'),
      backoff: z
        .number()
        .min(1, 'must be at least 1')
        .max(10, 'must be at most 10')
        .describe('Each delay is the one before times this; 1 keeps it.'),
    }),
    z.strictObject({
      type: z.literal('log').describe('Write to the trace.'),
      reason: text(200, 'Written to the trace.'),
    }),
    message('whatsapp', 'Send a message by WhatsApp.'),
    message('sms', 'Send a message by SMS.'),
    z.strictObject({
      type: z.literal('handoff').describe('Hand over to a person.'),
      queue: reference('A handoff queue.'),
    }),
    z.strictObject({
      type: z.literal('webhook').describe('Call a webhook of the workspace.'),
      name: reference('A named webhook of the workspace.'),
    }),
  ])
  .describe('What happens after an outcome.')

export type FlowAction = z.infer<typeof FlowAction>
