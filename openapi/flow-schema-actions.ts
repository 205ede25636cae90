import { actionLines, BACKOFF, DURATION, MAX, MAY_FOLLOW, REFERENCE, VARIABLE } from './flow-actions.ts'
import { mapping, matching, oneOrMore, orEmpty, WORDS } from './flow-schema-parts.ts'
import { type JsonSchema, printSchema } from './json-schema.ts'
import { FlowAction, type Outcome } from './schemas/flow-document.ts'

type Type = FlowAction['type']

const anyOf = (...forms: JsonSchema[]): JsonSchema => ({ anyOf: forms })

const reference = (example: string): JsonSchema[] => [matching(`^\\s*${REFERENCE}\\s*$`, example), { type: 'number' }]
const calendar = matching(`^\\s*(calendar\\.)?${REFERENCE}\\s*$`, 'mehmet')
const delay = matching(`^\\s*${DURATION}\\s*$`, '15m')
const reason = anyOf({ type: 'string', pattern: '\\S', maxLength: 200 }, { type: 'number' })

const retry = mapping(
  {
    delay,
    max: orEmpty({}, { type: 'integer', minimum: 1, maximum: 10 }, matching(`^\\s*${MAX}\\s*$`)),
    backoff: orEmpty({}, { type: 'number', minimum: 1, maximum: 10 }, matching(`^\\s*${BACKOFF}\\s*$`, 'exponential')),
  },
  'delay',
)

const variables: JsonSchema = {
  type: 'object',
  propertyNames: { pattern: `^${VARIABLE}$` },
  additionalProperties: anyOf(...WORDS),
  maxProperties: 20,
}
const message = orEmpty(
  {},
  ...reference('we_missed_you'),
  mapping({ template: orEmpty({}, ...reference('we_missed_you')), with: orEmpty({}, variables) }),
)

/** What stands after the name of an action in the long form: its first argument, or all of them by name. */
const LONG: Record<Type, JsonSchema> = {
  book: anyOf(calendar, { type: 'number' }, mapping({ calendar: anyOf(calendar, { type: 'number' }) }, 'calendar')),
  retry: anyOf(delay, retry),
  log: anyOf(reason, mapping({ reason }, 'reason')),
  whatsapp: message,
  sms: message,
  handoff: anyOf(...reference('sales'), mapping({ queue: anyOf(...reference('sales')) }, 'queue')),
  webhook: anyOf(...reference('crm'), mapping({ name: anyOf(...reference('crm')) }, 'name')),
}

/** What each action does, from the schema of the parsed flow. */
const MEANING = new Map(
  (printSchema(FlowAction, 'input').oneOf as { properties: { type: { const: Type; description: string } } }[]).map(
    ({ properties: { type } }) => [type.const, type.description],
  ),
)

/** The forms that actions after `outcome` may have: lines, mappings, and lists of them. */
export function actionForms(outcome: Outcome): JsonSchema[] {
  const { pattern, examples } = actionLines(outcome)
  const types = (Object.keys(MAY_FOLLOW) as Type[]).filter((type) => MAY_FOLLOW[type].includes(outcome))
  const long = types.map((type) => ({ description: MEANING.get(type), ...mapping({ [type]: LONG[type] }, type) }))
  return oneOrMore([matching(pattern, ...examples), ...long])
}
