import type { JsonSchema } from '../../openapi/json-schema.ts'

/** A text in the place of a variable that the environment lacks, where it stands within others. */
export const standInText = (name: string): string => name.toLowerCase().replaceAll('_', '-')

/** Fits every field that holds a duration, in the unit of the field. */
export const STAND_IN_DURATION = 60

/**
 * A value that a field takes, in the place of one that only the environment knows. @param filled the text with `standInText` in the
 * places of its variables. @param forms those of the field's schema.
 */
export function standIn(filled: string, forms: JsonSchema[], path: string): unknown {
  const form = (forms.find(({ type }) => type !== 'null') ?? {}) as JsonSchema & {
    enum?: unknown[]
    examples?: unknown[]
    minimum?: number
  }
  if (form.enum) return form.enum[0]
  if (form.examples?.length) return form.examples[0]
  if (form.type === 'integer' || form.type === 'number') return form.minimum ?? 1
  if (form.type === 'boolean') return true
  if (form.format === 'uri')
    return URL.canParse(filled) ? filled : `https://${filled.replaceAll(/[^a-z0-9-]+/g, '-')}.example`
  // A number of the sandbox, which exists.
  return path.endsWith('.phone') ? '+12025550100' : filled
}
