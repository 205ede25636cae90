import type { z } from 'zod'
import type { FieldFault } from './schemas/problem.ts'

/** Every fault of a parse as JSON pointers; unknown members are named one by one, each at its own place. */
export function faultsOf(error: z.ZodError): FieldFault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [fault(issue.path, inWords(issue))]
    return issue.keys.map((key) => fault([...issue.path, key], `There is no field ${key} here.`))
  })
}

/** A member that is not there is said to be missing, not to be of another type. */
const inWords = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
    ? `${String(issue.path.at(-1) ?? 'The body')} is required.`
    : issue.message

/** Whether a string is text: no U+0000, which PostgreSQL keeps nowhere, and no half of a surrogate pair, which UTF-8 cannot spell. */
export const isText = (value: string): boolean => value.isWellFormed() && !value.includes('\0')

/** Everything wrong with the shape of `input`: what its schema says of it, and strings that are not text. */
export function shapeFaults(parsed: z.ZodSafeParseResult<unknown>, input: unknown): FieldFault[] {
  const told = parsed.success ? [] : faultsOf(parsed.error)
  const pointers = new Set(told.map(({ pointer }) => pointer))
  return [...told, ...textFaults(input).filter(({ pointer }) => !pointers.has(pointer))]
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
