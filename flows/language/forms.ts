import type { QuietHours } from '../../openapi/schemas/flow-document.ts'
import {
  type Form,
  type Section,
  type WrittenField,
  wordsOf,
  writtenFields,
} from '../../openapi/schemas/flow-written.ts'
import { duration, flag, languages, milliseconds, oneOf, quietHours, text, texts, type Unit, whole } from './fields.ts'
import { duration as printDuration } from './print-actions.ts'
import type { Field, Read } from './reading.ts'

/** The two ways of a form: what is printed is read back as the same value. */
interface Ways {
  read: Read<unknown>
  print(value: unknown): unknown
}

const ways = <T>(read: Read<T>, print: (value: T) => unknown = (value) => value): Ways => ({
  read,
  print: (value) => (value === null ? null : print(value as T)),
})

/** One value stands for itself. */
const oneOrMore = (values: readonly string[]) => (values.length === 1 ? values[0] : values)

const FORMS: Record<Form, (field: WrittenField) => Ways> = {
  text: () => ways(text),
  texts: () => ways(texts, oneOrMore),
  languages: () => ways(languages, oneOrMore),
  choice: ({ schema }) => ways(oneOf(wordsOf(schema))),
  flag: () => ways(flag),
  whole: () => ways(whole),
  // A number without a unit is meant in that of the example.
  seconds: ({ schema, example }) => ways(duration(schema, 1, example?.at(-1) as Unit | undefined), printDuration),
  days: ({ schema }) => ways(duration(schema, 86_400, 'd'), (days) => `${days}d`),
  milliseconds: ({ schema }) => ways(milliseconds(schema), (ms) => `${ms}ms`),
  hours: () => ways(quietHours, ({ from, to }: QuietHours) => `${from}-${to}`),
}

/** The keys of a section, as they are read. */
export const fieldsOf = (section: Section): Record<string, Field<unknown>> =>
  Object.fromEntries(
    writtenFields(section).map((field) => {
      const { key, as, implied } = field
      return [key, { as, read: FORMS[field.form](field).read, absent: implied }]
    }),
  )

/** A section by the keys of its file, all of them. */
export const keysOfSection = (section: Section, values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    writtenFields(section).map((field) => [field.key, FORMS[field.form](field).print(values[field.as])]),
  )
