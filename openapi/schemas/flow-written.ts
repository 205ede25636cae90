import { z } from 'zod'

/**
 * How a value stands in the file of a flow: `60s` for seconds, one value or a list for texts. The reader, the printer and the editors'
 * schema each know every form, so that a key of a flow is added in its schema alone.
 */
export type Form =
  | ('text' | 'texts' | 'languages' | 'choice' | 'flag')
  | ('seconds' | 'days' | 'milliseconds' | 'whole' | 'hours')

export interface Written {
  form: Form
  /** The key in the file, where it is not the name of the field. */
  key?: string
  /** What is meant where nothing is written. */
  implied: z.$output
  /** How editors show it. */
  example?: string
}

/** Register the schema last: what is derived from it by another method is not registered. */
export const written = z.registry<Written>()

/** A part of a flow whose keys are known. */
export type Section = z.ZodObject

export interface WrittenField extends Omit<Written, 'implied'> {
  /** Its name in the parsed flow. */
  as: string
  key: string
  implied: unknown
  schema: z.ZodType
}

/** The fields of a section that are written in the file, in its order. */
export function writtenFields(section: Section): WrittenField[] {
  return Object.entries(section.shape as Record<string, z.ZodType>).flatMap(([as, schema]) => {
    const field = written.get(schema)
    return field ? [{ key: as, ...field, as, schema }] : []
  })
}

/** What a section means where nothing of it is written. */
export const impliedBy = <T extends Section>(section: T) =>
  Object.fromEntries(writtenFields(section).map(({ as, implied }) => [as, implied])) as z.infer<T>

/** The words of a choice. */
export const wordsOf = (schema: z.ZodType): readonly string[] => (schema as z.ZodEnum).options as string[]
