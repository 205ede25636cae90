import { DURATION } from './flow-actions.ts'
import { actionForms } from './flow-schema-actions.ts'
import {
  choice,
  duration,
  flag,
  mapping,
  matching,
  meaning,
  oneOrMore,
  orEmpty,
  section,
  text,
  words,
} from './flow-schema-parts.ts'
import { toolsSchema } from './flow-schema-tools.ts'
import { type JsonSchema, printSchema } from './json-schema.ts'
import {
  ENGINES,
  FlowAgent,
  FlowCall,
  FlowDocument,
  FlowMatch,
  FlowOn,
  FlowSlot,
  OUTCOMES,
  SlotName,
} from './schemas/flow-document.ts'
import { SLOT_TYPES } from './schemas/flow-slot.ts'

const CLOCK = '([01]?[0-9]|2[0-3]):[0-5][0-9]'
const name = (printSchema(SlotName, 'input').pattern as string).slice(1, -1)

const slot = mapping({
  question: text(FlowSlot.shape.question),
  type: choice(FlowSlot.shape.type, SLOT_TYPES),
  options: words(FlowSlot.shape.options),
  required: flag(FlowSlot.shape.required),
  disqualify_if: words(FlowSlot.shape.disqualify_if),
})

/** `- need - timing`, `- budget: "What budget …?"`, `- budget: {type: number}`, or a plain list of names. */
const slots = oneOrMore([
  matching(`^\\s*(${name}(\\s+-\\s+${name})*)?\\s*$`, 'need - timing - budget'),
  {
    type: 'object',
    propertyNames: { pattern: `^${name}$` },
    additionalProperties: orEmpty({}, text(FlowSlot.shape.question), slot),
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
        ...oneOrMore([matching('^\\s*[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*\\s*$', 'tr', 'pt-BR')]),
      ),
    }),
    call: section(FlowCall, {
      within: duration(call.within_seconds, '60s'),
      voice: text(call.voice),
      engine: choice(call.engine, ENGINES),
      quiet_hours: orEmpty(meaning(call.quiet_hours), matching(`^\\s*${CLOCK} ?[-–] ?${CLOCK}\\s*$`, '22:00-09:00')),
      max_duration: duration(call.max_duration_seconds, '10m'),
      idle: duration(call.idle_seconds, '8s'),
      record: flag(call.record),
      retention: duration(call.retention_days, '30d'),
      amd: flag(call.detect_machine),
      voicemail_message: text(call.voicemail_message),
    }),
    agent: section(FlowAgent, {
      name: text(agent.name),
      business: text(agent.business),
      greeting: text(agent.greeting),
      greeting_interruptible: flag(agent.greeting_interruptible),
      interrupt_after: orEmpty(
        meaning(agent.interrupt_after_ms),
        matching(`^\\s*([0-9]{1,6} ?ms|${DURATION})\\s*$`, '300ms'),
      ),
      interrupt_words: orEmpty(
        meaning(agent.interrupt_words),
        { type: 'integer', minimum: 1, maximum: 5 },
        matching('^\\s*0*[1-5]\\s*$', '1'),
      ),
      manner: text(agent.manner),
      knowledge: text(agent.knowledge),
      prompt: text(agent.prompt),
    }),
    qualify: orEmpty(meaning(FlowDocument.shape.qualify), ...slots),
    tools: toolsSchema(name),
    on: section(
      FlowOn,
      Object.fromEntries(OUTCOMES.map((outcome) => [outcome, orEmpty(meaning(on[outcome]), ...actionForms(outcome))])),
    ),
  },
  required: ['id'],
  additionalProperties: false,
}
