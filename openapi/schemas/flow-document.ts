import { z } from 'zod'

/** The five ways a call can end; each may have actions in a flow's `on`. */
export const OUTCOMES = ['qualified', 'booked', 'no_answer', 'not_fit', 'wrong_number'] as const

const name = (what: string) =>
  z
    .string()
    .max(64, 'at most 64 characters')
    .regex(/^[a-z][a-z0-9_]*$/, 'lower-case letters, digits and _, beginning with a letter')
    .describe(what)

/** A reference to something of the workspace: a calendar, a queue, an endpoint, a template, a voice. */
const reference = (what: string) =>
  z
    .string()
    .max(64, 'at most 64 characters')
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'letters, digits, _, . and -')
    .describe(what)

const text = (max: number, what: string) =>
  z.string().min(1, 'must not be empty').max(max, `at most ${max} characters`).describe(what)

const seconds = (min: number, max: number, what: string) =>
  z.int().min(min, `at least ${min} s`).max(max, `at most ${max} s`).describe(`${what} In seconds.`)

const clockTime = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'a time of day as HH:MM')
  .describe('Time of day, HH:MM, in the time zone of the person called.')

const values = (what: string) =>
  z.array(text(128, 'One value.')).max(50, 'at most 50 values').describe(`${what} Empty: any.`)

export const FlowId = name('Id of a flow, chosen by its author.')
export const SlotName = name('Name of one thing to find out.')

export const QuietHours = z
  .strictObject({ from: clockTime, to: clockTime })
  .refine((hours) => hours.from !== hours.to, 'begins and ends at the same time')
  .describe('No call starts from `from` until `to`, in every time zone the person may be in. May pass midnight.')

export const FlowMatch = z
  .strictObject({
    source: values('Sources of the lead.'),
    campaign: values('Campaigns of the lead.'),
    intent: values('Intents of the lead.'),
    language: z
      .array(text(35, 'A BCP 47 language tag; `tr` also takes `tr-TR`.'))
      .max(50, 'at most 50 values')
      .describe('Languages of the lead. Empty: any.'),
  })
  .describe('Which leads this flow takes. The flow that names most of what a lead says wins.')

export const FlowCall = z
  .strictObject({
    within_seconds: seconds(1, 86_400, 'Dial budget: the target from lead to first dial.'),
    voice: reference('Name of a voice of the workspace or the engine.').nullable(),
    quiet_hours: QuietHours.nullable(),
    max_duration_seconds: seconds(30, 3_600, 'The call is politely ended after this.'),
    idle_seconds: seconds(3, 60, 'Silence before a nudge; the second time ends the call.'),
    record: z.boolean().describe('Record live calls. Announced in the first sentence.'),
    retention_days: z
      .int()
      .min(1, 'at least 1 day')
      .max(3_650, 'at most 3650 days')
      .nullable()
      .describe('Days until recording and transcript are deleted. Null: as the workspace says.'),
    detect_machine: z.boolean().describe('Let the carrier tell voicemail from a person.'),
    voicemail_message: text(500, 'Left after the beep.').nullable().describe('Null: hang up on voicemail.'),
  })
  .describe('How the call is placed.')

export const FlowAgent = z
  .strictObject({
    business: text(120, 'On whose behalf the call is made.').nullable().describe("Null: the workspace's business."),
    greeting: text(500, 'The hand-written first words; {name} and {business} are filled in.').nullable(),
    greeting_interruptible: z.boolean().describe('Speech of the person called cuts the greeting.'),
    manner: text(1_000, 'How the agent speaks.').nullable(),
    knowledge: text(100_000, 'Facts the agent may use.').nullable(),
    prompt: text(20_000, 'Further instructions to the agent.').nullable(),
  })
  .describe('Who the agent is and what it knows.')

export const FlowSlot = z
  .strictObject({ name: SlotName, question: text(300, 'How to ask for it.').nullable() })
  .describe('One thing to find out. A null question is asked in the words of the platform.')

export const FlowAction = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('book').describe('Offer times and book one, during the call.'),
      calendar: reference('A calendar of the workspace.'),
    }),
    z.strictObject({
      type: z.literal('retry').describe('Call again.'),
      delay_seconds: seconds(1, 604_800, 'From a missed attempt to the next one.'),
      max: z.int().min(1, 'at least 1').max(10, 'at most 10').describe('Attempts in total, the first one included.'),
      backoff: z
        .enum(['exponential', 'fixed'])
        .describe('Exponential doubles the delay with each attempt; fixed keeps it.'),
    }),
    z.strictObject({
      type: z.literal('log').describe('Write to the trace.'),
      reason: text(200, 'Written to the trace.'),
    }),
    z.strictObject({
      type: z.literal('whatsapp').describe('Send a message by WhatsApp.'),
      template: reference('A message template.').nullable(),
    }),
    z.strictObject({
      type: z.literal('sms').describe('Send a message by SMS.'),
      template: reference('A message template.').nullable(),
    }),
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

const actions = (what: string) => z.array(FlowAction).max(8, 'at most 8 actions').describe(what)

export const FlowOn = z
  .strictObject({
    qualified: actions('Offered or done once the lead qualifies.'),
    booked: actions('Done once a slot is confirmed.'),
    no_answer: actions('Done when nobody answers; what follows a retry waits until the retries are spent.'),
    not_fit: actions('Done when the lead does not fit.'),
    wrong_number: actions('Done when the number is wrong; nothing here may call again.'),
  })
  .describe('Actions by outcome, in order.')

/** A parsed, normalised flow: the result of reading its YAML. Nothing is optional; what is not set is null or empty. */
export const FlowDocument = z
  .strictObject({
    id: FlowId,
    match: FlowMatch,
    call: FlowCall,
    agent: FlowAgent,
    qualify: z.array(FlowSlot).max(20, 'at most 20 slots').describe('What to find out, in this order.'),
    on: FlowOn,
  })
  .describe('A flow: which leads it takes, how they are called, what is asked and what follows.')

export type Outcome = (typeof OUTCOMES)[number]
export type QuietHours = z.infer<typeof QuietHours>
export type FlowMatch = z.infer<typeof FlowMatch>
export type FlowAction = z.infer<typeof FlowAction>
export type FlowSlot = z.infer<typeof FlowSlot>
export type Flow = z.infer<typeof FlowDocument>
