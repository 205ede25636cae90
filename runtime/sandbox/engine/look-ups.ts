import type { Context, Step } from './mind.ts'

/** What an agent of the platform may always call; any other tool is the flow's own. */
const PLATFORM = [
  ...['save_answer', 'check_slots', 'book_slot', 'transfer_to_human', 'cancel_transfer', 'take_message', 'not_a_fit'],
  ...['wrong_number', 'stop_calling', 'voicemail', 'call_screening', 'end_call'],
]
/** Shorter words say little about what a tool is for. */
const TELLING_LETTERS = 5

/** A flow's own tools that the caller's words are about and that were not called yet, with arguments made from the words. */
export function lookUps({ tools, items }: Context, text: string): Step[] {
  const said = tellingWords(text)
  const called = items.flatMap((item) => (item.kind === 'called' ? [item.name] : []))
  return tools
    .filter(({ name }) => !PLATFORM.includes(name) && !called.includes(name))
    .filter(({ name, description = '' }) => tellingWords(`${name} ${description}`).some((word) => said.includes(word)))
    .map(({ name, parameters }) => ({ call: name, args: argumentsFrom(parameters, text) }))
}

/** What a flow's own tool told, in a sentence. */
export function findings(output: Record<string, unknown>): string {
  const { data } = output
  const told = typeof data === 'object' && data !== null ? Object.values(data) : [data]
  const words = told.find((value) => typeof value === 'string' && value !== '')
  return words === undefined ? 'Thank you.' : `I have looked that up: ${String(words).slice(0, 100)}.`
}

/** In lower case, and singular as far as a last s tells. */
const tellingWords = (text: string): string[] =>
  (text.toLowerCase().match(/\p{L}+/gu) ?? [])
    .map((word) => word.replace(/s$/, ''))
    .filter((word) => word.length >= TELLING_LETTERS)

interface Schema {
  type?: unknown
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
}

/** Every required property, of its type. */
function argumentsFrom(parameters: unknown, text: string): Record<string, unknown> {
  const { properties = {}, required = [] } = (parameters ?? {}) as Schema
  return Object.fromEntries(required.map((name) => [name, valueFrom(properties[name] ?? {}, text)]))
}

function valueFrom(schema: Schema, text: string): unknown {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (schema.enum) return schema.enum[0]
  if (type === 'number' || type === 'integer') return Number(/\d+/.exec(text)?.[0] ?? 1)
  if (type === 'boolean') return true
  if (type === 'array') return []
  return type === 'object' ? argumentsFrom(schema, text) : text
}
