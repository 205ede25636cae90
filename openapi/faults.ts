import { fieldsAt, printSchema } from './json-schema.ts'
import { nearest } from './nearest.ts'
import type { FieldFault } from './schemas/problem.ts'
import type { z } from './zod.ts'

/** Of one document; whoever has more begins with these. */
export const MAX_FAULTS = 100

/**
 * Reads `input` by its schema: what it holds, and the first hundred things wrong with its shape, each with a JSON pointer and what would be right.
 * `texts` is what of it must be text (see `isText`); all of it when not given.
 */
export function readShape<S extends z.ZodType>(
  schema: S,
  input: unknown,
  texts = input,
): { data: z.infer<S> | undefined; faults: FieldFault[] } {
  const parsed = schema.safeParse(input, { error: inWords })
  const told: FieldFault[] = []
  for (const issue of parsed.error?.issues ?? []) if (told.length < MAX_FAULTS) told.push(...faultsOf(schema, issue))
  const pointers = new Set(told.map(({ pointer }) => pointer))
  const faults = [...told, ...textFaults(texts).filter(({ pointer }) => !pointers.has(pointer))]
  return { data: parsed.data, faults: faults.slice(0, MAX_FAULTS) }
}

/** The faults of the shape, and of `beyond` those at other places: one that has no right shape means nothing yet. */
export function withMeaning(shape: FieldFault[], beyond: FieldFault[]): FieldFault[] {
  const told = new Set(shape.map(({ pointer }) => pointer))
  return [...shape, ...beyond.filter(({ pointer }) => !told.has(pointer))].slice(0, MAX_FAULTS)
}

/** Whether a string is text: no U+0000, which PostgreSQL keeps nowhere, and no half of a surrogate pair, which UTF-8 cannot spell. */
export const isText = (value: string): boolean => value.isWellFormed() && !value.includes('\0')

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

/** What a value must be, to be put after its name. A schema that has a message of its own is told in that. */
export const inWords: z.core.$ZodErrorMap = (issue) => {
  if (issue.input === undefined) return 'is required'
  if (issue.code === 'invalid_type') return `must be ${KINDS[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`
  if (issue.code === 'too_small')
    return issue.origin === 'number' ? `must be at least ${issue.minimum}` : 'must not be empty'
  if (issue.code === 'too_big') {
    const unit = { array: 'entries', string: 'characters' }[issue.origin as string]
    return unit ? `must have at most ${issue.maximum} ${unit}` : `must be at most ${issue.maximum}`
  }
  if (issue.code === 'invalid_key') return `needs another name: it ${issue.issues[0]!.message}`
  return undefined
}

/** Unknown members are named one by one, each at its own place; of a value that may take several forms, the nearest is judged. */
function faultsOf(schema: z.ZodType, issue: z.core.$ZodIssue, within: PropertyKey[] = []): FieldFault[] {
  const path = [...within, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(printSchema(schema, 'input'), path)
    return issue.keys.slice(0, MAX_FAULTS).map((key) => fault([...path, key], unknownField(key, known)))
  }
  const form = issue.code === 'invalid_union' ? nearestForm(issue.errors) : undefined
  if (form) return form.flatMap((inner) => faultsOf(schema, inner, path))
  const name = path.join('.') || 'The body'
  if (issue.code === 'invalid_key') return [fault(path, `The name of ${name} ${issue.issues[0]!.message}.`)]
  return [fault(path, `${name} ${issue.message}.`)]
}

function unknownField(key: string, known: string[]): string {
  const meant = nearest(key, known)
  if (meant) return `There is no field ${key} here; did you mean ${meant}?`
  return `There is no field ${key} here${known.length > 0 ? `; known: ${known.join(', ')}` : ''}.`
}

/** The faults of the form that was probably meant: one of the right kind with the fewest; none when several have as few. */
function nearestForm(forms: z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const isOtherKind = ({ code, path }: z.core.$ZodIssue) => code === 'invalid_type' && path.length === 0
  const [best, next] = forms.filter((form) => !form.some(isOtherKind)).toSorted((a, b) => a.length - b.length)
  return best?.length === next?.length ? undefined : best
}

function textFaults(value: unknown, path: PropertyKey[] = []): FieldFault[] {
  const notText = () => fault(path, 'Holds U+0000 or half of a surrogate pair, which is not text.')
  if (typeof value === 'string') return isText(value) ? [] : [notText()]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(isText(key) ? [] : [fault([...path, key], 'The name of this field is not text.')]),
    ...textFaults(inner, [...path, key]),
  ])
}

const fault = (path: PropertyKey[], detail: string): FieldFault => ({
  pointer: path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
  code: 'invalid_request',
  detail,
})
