import { z } from 'zod'
import { FlowAction } from './flow-action.ts'
import { name, reference, seconds, text } from './flow-fields.ts'
import { FlowSlot } from './flow-slot.ts'
import { FlowTool } from './flow-tool.ts'
import { written } from './flow-written.ts'

export { FlowAction } from './flow-action.ts'
export { FlowSlot, SlotName } from './flow-slot.ts'
export { FlowTool, FlowToolBounds } from './flow-tool.ts'

/** The five ways a call can end; each may have actions in a flow's `on`. */
export const OUTCOMES = ['qualified', 'booked', 'no_answer', 'not_fit', 'wrong_number'] as const

const clockTime = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time of day as HH:MM')
  .describe('Time of day, HH:MM, in the time zone of the person called.')

const values = (what: string) =>
  z
    .array(text(128, 'One value.'))
    .max(50, 'must have at most 50 values')
    .describe(`${what} Empty: any.`)
    .register(written, { form: 'texts', implied: [] })

/** Text that may be missing. */
const maybe = (max: number, what: string, without?: string) => {
  const field = text(max, what).nullable()
  return (without ? field.describe(without) : field).register(written, { form: 'text', implied: null })
}

/** Realtime: OpenAI's speech-to-speech model. Cascade: transcription, a text model, speech. */
export const ENGINES = ['realtime', 'cascade'] as const

export const FlowId = name('Id of a flow, chosen by its author.')

export const QuietHours = z
  .strictObject({ from: clockTime, to: clockTime })
  .refine((hours) => hours.from !== hours.to, 'must begin and end at different times')
  .describe('No call starts from `from` until `to`, in every time zone the person may be in. May pass midnight.')

export const FlowMatch = z
  .strictObject({
    source: values('Sources of the lead.'),
    campaign: values('Campaigns of the lead.'),
    intent: values('Intents of the lead.'),
    language: z
      .array(text(35, 'A BCP 47 language tag; `tr` also takes `tr-TR`.'))
      .max(50, 'must have at most 50 values')
      .describe('Languages of the lead. Empty: any.')
      .register(written, { form: 'languages', implied: [] }),
  })
  .describe('Which leads this flow takes. The flow that names most of what a lead says wins.')

export const FlowCall = z
  .strictObject({
    within_seconds: seconds(1, 86_400, 'Dial budget: the target from lead to first dial.').register(written, {
      ...{ form: 'seconds', key: 'within', implied: 60, example: '60s' },
    }),
    voice: reference('Name of a voice of the workspace or the engine.')
      .nullable()
      .register(written, { form: 'text', implied: null }),
    engine: z
      .enum(ENGINES)
      .describe('One model that hears and speaks, or speech recognition, a text model and speech in a row.')
      .register(written, { form: 'choice', implied: 'realtime' }),
    quiet_hours: QuietHours.nullable().register(written, { form: 'hours', implied: null, example: '22:00-09:00' }),
    max_duration_seconds: seconds(30, 3_600, 'The call is politely ended after this.').register(written, {
      ...{ form: 'seconds', key: 'max_duration', implied: 600, example: '10m' },
    }),
    idle_seconds: seconds(3, 60, 'Silence before a nudge; the second time ends the call.').register(written, {
      ...{ form: 'seconds', key: 'idle', implied: 8, example: '8s' },
    }),
    record: z
      .boolean()
      .describe('Record live calls. Announced in the first sentence.')
      .register(written, { form: 'flag', implied: false }),
    retention_days: z
      .int()
      .min(1, 'must be at least 1 day')
      .max(3_650, 'must be at most 3650 days')
      .nullable()
      .describe('Days until recording and transcript are deleted. Null: as the workspace says.')
      .register(written, { form: 'days', key: 'retention', implied: null, example: '30d' }),
    detect_machine: z
      .boolean()
      .describe('Let the carrier tell voicemail from a person.')
      .register(written, { form: 'flag', key: 'amd', implied: true }),
    voicemail_message: maybe(500, 'Left after the beep.', 'Null: hang up on voicemail.'),
  })
  .describe('How the call is placed.')

export const FlowAgent = z
  .strictObject({
    name: maybe(60, 'Who is speaking.', 'Null: Talkif.'),
    business: maybe(120, 'On whose behalf the call is made.', "Null: the workspace's business."),
    greeting: maybe(500, 'The hand-written first words; {name}, {business} and other fields are filled in.'),
    greeting_interruptible: z
      .boolean()
      .describe('Speech of the person called cuts the greeting.')
      .register(written, { form: 'flag', implied: true }),
    interrupt_after_ms: z
      .int()
      .min(0)
      .max(2_000, 'must be at most 2s')
      .describe('Speech of this length, in milliseconds of voice, cuts the agent.')
      .register(written, { form: 'milliseconds', key: 'interrupt_after', implied: 300, example: '300ms' }),
    interrupt_words: z
      .int()
      .min(1)
      .max(5)
      .describe('Shorter speech cuts it, too, with so many words that are more than "yes" or "mhm".')
      .register(written, { form: 'whole', implied: 1 }),
    manner: maybe(1_000, 'How the agent speaks.'),
    knowledge: maybe(100_000, 'Facts the agent may use.'),
    prompt: maybe(20_000, 'Further instructions to the agent.'),
  })
  .describe('Who the agent is and what it knows.')

const actions = (what: string) => z.array(FlowAction).max(8, 'must have at most 8 actions').describe(what)

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
    qualify: z.array(FlowSlot).max(20, 'must have at most 20 slots').describe('What to find out, in this order.'),
    tools: z
      .array(FlowTool)
      .max(10, 'must have at most 10 tools')
      .describe('What the agent may use besides what every call has.'),
    on: FlowOn,
  })
  .describe('A flow: which leads it takes, how they are called, what is asked and what follows.')

export type Outcome = (typeof OUTCOMES)[number]
export type QuietHours = z.infer<typeof QuietHours>
export type FlowMatch = z.infer<typeof FlowMatch>
export type Flow = z.infer<typeof FlowDocument>
