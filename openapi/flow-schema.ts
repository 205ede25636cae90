import type { z } from 'zod'
import { actionLines, DURATION } from './flow-actions.ts'
import { type JsonSchema, printSchema } from './json-schema.ts'
import {
  FlowAgent,
  FlowCall,
  FlowDocument,
  FlowMatch,
  FlowOn,
  FlowSlot,
  OUTCOMES,
  SlotName,
} from './schemas/flow-document.ts'

type Described = { description?: string }

/** What a field means, as its schema says it. */
const meaning = (field: z.ZodType): Described => {
  const { description } = printSchema(field, 'input') as Described
  return description ? { description: description.replace(' In seconds.', '') } : {}
}

/** An empty value counts as absent, so that `key:` may stand alone. */
const orEmpty = (description: Described, ...forms: JsonSchema[]): JsonSchema => ({
  ...description,
  anyOf: [...forms, { type: 'null' }],
})

const matching = (pattern: string, ...examples: string[]): JsonSchema => ({ type: 'string', pattern, examples })

/** A line or block of text as long as the schema allows; a number counts as the way it is written. */
function text(field: z.ZodType): JsonSchema {
  const printed = printSchema(field, 'input')
  const [{ maxLength }] = ((printed.anyOf as JsonSchema[]) ?? [printed]) as [JsonSchema]
  return orEmpty(meaning(field), { type: 'string', pattern: '\\S', maxLength }, { type: 'number' })
}

/** One value or a list of them. */
const oneOrMore = (one: JsonSchema[]): JsonSchema[] => [
  ...one,
  { type: 'array', items: one.length > 1 ? { anyOf: one } : one[0] },
]

const words = (field: z.ZodType) =>
  orEmpty(meaning(field), ...oneOrMore([{ type: 'string', pattern: '\\S' }, { type: 'number' }]))

const duration = (field: z.ZodType, ...examples: string[]) =>
  orEmpty(meaning(field), matching(`^\\s*${DURATION}\\s*$`, ...examples))

const flag = (field: z.ZodType) => orEmpty(meaning(field), { type: 'boolean' })

const section = (of: z.ZodType, properties: Record<string, JsonSchema>) =>
  orEmpty(meaning(of), { type: 'object', properties, additionalProperties: false })

const CLOCK = '([01]?[0-9]|2[0-3]):[0-5][0-9]'
const name = (printSchema(SlotName, 'input').pattern as string).slice(1, -1)

/** `- need - timing`, `- budget: "What budget …?"`, or a plain list of names. */
const slots = oneOrMore([
  matching(`^\\s*(${name}(\\s+-\\s+${name})*)?\\s*$`, 'need - timing - budget'),
  {
    type: 'object',
    propertyNames: { pattern: `^${name}$` },
    additionalProperties: text(FlowSlot.shape.question),
  },
])

const { match, call, agent, on } = {
  match: FlowMatch.shape,
  call: FlowCall.shape,
  agent: FlowAgent.shape,
  on: FlowOn.shape,
}

/**
 * JSON Schema of a flow file, for editors: what its YAML may say before it is parsed. It refuses nothing that the parser takes; what
 * a schema cannot know (a slot given twice, a greeting that hides the AI) the parser alone tells.
 */
export const flowSchema: JsonSchema = {
  ...meaning(FlowDocument),
  type: 'object',
  properties: {
    id: { ...meaning(FlowDocument.shape.id), ...matching(`^\\s*${name}\\s*$`, 'flow_pricing_v3'), maxLength: 64 },
    match: section(FlowMatch, {
      source: words(match.source),
      campaign: words(match.campaign),
      intent: words(match.intent),
      language: orEmpty(
        meaning(match.language),
        ...oneOrMore([matching('^\\s*[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*\\s*$', 'tr', 'pt-BR')]),
      ),
    }),
    call: section(FlowCall, {
      within: duration(call.within_seconds, '60s'),
      voice: text(call.voice),
      quiet_hours: orEmpty(meaning(call.quiet_hours), matching(`^\\s*${CLOCK} ?[-–] ?${CLOCK}\\s*$`, '22:00-09:00')),
      max_duration: duration(call.max_duration_seconds, '10m'),
      idle: duration(call.idle_seconds, '8s'),
      record: flag(call.record),
      retention: duration(call.retention_days, '30d'),
      detect_machine: flag(call.detect_machine),
      voicemail_message: text(call.voicemail_message),
    }),
    agent: section(FlowAgent, {
      business: text(agent.business),
      greeting: text(agent.greeting),
      greeting_interruptible: flag(agent.greeting_interruptible),
      manner: text(agent.manner),
      knowledge: text(agent.knowledge),
      prompt: text(agent.prompt),
    }),
    qualify: orEmpty(meaning(FlowDocument.shape.qualify), ...slots),
    on: section(
      FlowOn,
      Object.fromEntries(
        OUTCOMES.map((outcome) => {
          const { pattern, examples } = actionLines(outcome)
          return [outcome, orEmpty(meaning(on[outcome]), ...oneOrMore([matching(pattern, ...examples)]))]
        }),
      ),
    ),
  },
  required: ['id'],
  additionalProperties: false,
}
