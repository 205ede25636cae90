import type { z } from 'zod'
import { DURATION } from './flow-actions.ts'
import { type JsonSchema, printSchema } from './json-schema.ts'

type Described = { description?: string }

/** What a field means, as its schema says it. */
export const meaning = (field: z.ZodType): Described => {
  const { description } = printSchema(field, 'input') as Described
  return description ? { description: description.replace(' In seconds.', '') } : {}
}

/** An empty value counts as absent, so that `key:` may stand alone. */
export const orEmpty = (description: Described, ...forms: JsonSchema[]): JsonSchema => ({
  ...description,
  anyOf: [...forms, { type: 'null' }],
})

export const matching = (pattern: string, ...examples: string[]): JsonSchema => ({
  type: 'string',
  pattern,
  ...(examples.length > 0 ? { examples } : {}),
})

/** Words in their exact spelling. */
export const choice = (field: z.ZodType, words: readonly string[]) => orEmpty(meaning(field), { enum: [...words] })

/** A line or block of text as long as the schema allows; a number counts as the way it is written. */
export function text(field: z.ZodType): JsonSchema {
  const printed = printSchema(field, 'input')
  const [{ maxLength }] = ((printed.anyOf as JsonSchema[]) ?? [printed]) as [JsonSchema]
  return orEmpty(meaning(field), { type: 'string', pattern: '\\S', maxLength }, { type: 'number' })
}

/** Any text that is not blank. */
export const WORDS: JsonSchema[] = [{ type: 'string', pattern: '\\S' }, { type: 'number' }]

/** One value or a list of them. */
export const oneOrMore = (one: JsonSchema[]): JsonSchema[] => [
  ...one,
  { type: 'array', items: one.length > 1 ? { anyOf: one } : one[0] },
]

export const words = (field: z.ZodType) => orEmpty(meaning(field), ...oneOrMore(WORDS))

export const duration = (field: z.ZodType, ...examples: string[]) =>
  orEmpty(meaning(field), matching(`^\\s*${DURATION}\\s*$`, ...examples))

/** One of few whole numbers: those between the bounds of the schema. */
export function whole(field: z.ZodType): JsonSchema {
  const { minimum, maximum } = printSchema(field, 'input') as { minimum: number; maximum: number }
  const numbers = Array.from({ length: maximum - minimum + 1 }, (_, i) => minimum + i)
  return orEmpty(
    meaning(field),
    { type: 'integer', minimum, maximum },
    matching(`^\\s*0*(?:${numbers.join('|')})\\s*$`, String(minimum)),
  )
}

export const flag = (field: z.ZodType) => orEmpty(meaning(field), { type: 'boolean' })

export const mapping = (properties: Record<string, JsonSchema>, ...required: string[]): JsonSchema => ({
  type: 'object',
  properties,
  ...(required.length > 0 ? { required } : {}),
  additionalProperties: false,
})

export const section = (of: z.ZodType, properties: Record<string, JsonSchema>) =>
  orEmpty(meaning(of), mapping(properties))
