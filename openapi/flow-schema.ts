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
  whole,
  words,
} from './flow-schema-parts.ts'
import { toolsSchema } from './flow-schema-tools.ts'
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
import { type Form, type Section, type WrittenField, wordsOf, writtenFields } from './schemas/flow-written.ts'

const name = (printSchema(SlotName, 'input').pattern as string).slice(1, -1)

const LANGUAGE = '^\\s*[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*\\s*$'
const CLOCK = '([01]?[0-9]|2[0-3]):[0-5][0-9]'

/** What stands in the file for a value of each form. */
const FORMS: Record<Form, (field: WrittenField) => JsonSchema> = {
  text: ({ schema }) => text(schema),
  texts: ({ schema }) => words(schema),
  languages: ({ schema }) => orEmpty(meaning(schema), ...oneOrMore([matching(LANGUAGE, 'tr', 'pt-BR')])),
  choice: ({ schema }) => choice(schema, wordsOf(schema)),
  flag: ({ schema }) => flag(schema),
  whole: ({ schema }) => whole(schema),
  seconds: ({ schema, example }) => duration(schema, example!),
  days: ({ schema, example }) => duration(schema, example!),
  milliseconds: ({ schema, example }) =>
    orEmpty(meaning(schema), matching(`^\\s*([0-9]{1,6} ?ms|${DURATION})\\s*$`, example!)),
  hours: ({ schema, example }) => orEmpty(meaning(schema), matching(`^\\s*${CLOCK} ?[-–] ?${CLOCK}\\s*$`, example!)),
}

const keys = (of: Section) =>
  Object.fromEntries(writtenFields(of).map((field) => [field.key, FORMS[field.form](field)]))
const part = (of: Section) => section(of, keys(of))

/** `- need - timing`, `- budget: "What budget …?"`, `- budget: {type: number}`, or a plain list of names. */
const slots = oneOrMore([
  matching(`^\\s*(${name}(\\s+-\\s+${name})*)?\\s*$`, 'need - timing - budget'),
  {
    type: 'object',
    propertyNames: { pattern: `^${name}$` },
    additionalProperties: orEmpty({}, text(FlowSlot.shape.question), mapping(keys(FlowSlot))),
  },
])

/**
 * JSON Schema of a flow file, for editors: what its YAML may say before it is parsed. It refuses nothing that the parser takes; what
 * a schema cannot know (a slot given twice, a greeting that hides the AI) the parser alone tells.
 */
export const flowSchema: JsonSchema = {
  ...meaning(FlowDocument),
  type: 'object',
  properties: {
    id: { ...meaning(FlowDocument.shape.id), ...matching(`^\\s*${name}\\s*$`, 'flow_pricing_v3'), maxLength: 64 },
    match: part(FlowMatch),
    call: part(FlowCall),
    agent: part(FlowAgent),
    qualify: orEmpty(meaning(FlowDocument.shape.qualify), ...slots),
    tools: toolsSchema(name),
    on: section(
      FlowOn,
      Object.fromEntries(
        OUTCOMES.map((outcome) => [outcome, orEmpty(meaning(FlowOn.shape[outcome]), ...actionForms(outcome))]),
      ),
    ),
  },
  required: ['id'],
  additionalProperties: false,
}
