import { DURATION } from './flow-actions.ts'
import { type JsonSchema, printSchema } from './json-schema.ts'
import { WorkspaceDocument } from './schemas/workspace.ts'

/** Seconds of the units that names of fields end in. */
export const UNITS: Readonly<Record<string, number>> = { seconds: 1, minutes: 60, days: 86_400 }

/** The unit that a field's name ends in: `minutes` of `slot_minutes`. */
export const unitOf = (name: string): string | undefined => {
  const last = name.split('_').at(-1)!
  return name !== last && Object.hasOwn(UNITS, last) ? last : undefined
}

/** The one of `names` that is `short` and a unit: `slot_minutes` for `slot`. */
export const withUnit = (names: string[], short: string): string | undefined =>
  names.find((name) => unitOf(name) !== undefined && name.slice(0, name.lastIndexOf('_')) === short)

/** The forms that a printed schema admits. */
export const formsOf = (schema: JsonSchema): JsonSchema[] => {
  const forms = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined
  return forms ? forms.flatMap(formsOf) : [schema]
}

const VARIABLE = { type: 'string', pattern: '\\$\\{' }
const TIME = { type: 'string', pattern: `^\\s*${DURATION}\\s*$`, examples: ['30d'] }

/** One of several forms, under what is said about them all. */
function anyOf(about: JsonSchema, forms: JsonSchema[]): JsonSchema {
  const said = ['description', 'examples', 'writeOnly'].filter((name) => about[name] !== undefined)
  const [only, ...others] = forms
  return {
    ...Object.fromEntries(said.map((name) => [name, about[name]])),
    ...(others.length ? { anyOf: forms } : only),
  }
}

/** A printed schema with what YAML may say instead. */
export function asWritten(schema: JsonSchema, isOptional = false): JsonSchema {
  const { description: _, examples: __, writeOnly: ___, ...rest } = schema
  const forms = formsOf(rest).flatMap(formsAsWritten)
  const hasNull = forms.some(({ type }) => type === 'null')
  return anyOf(schema, isOptional && !hasNull ? [...forms, { type: 'null' }] : forms)
}

/** One form of a value, and what may be written for it. */
function formsAsWritten(form: JsonSchema): JsonSchema[] {
  if (form.type === 'object') return objectAsWritten(form)
  if (form.type === 'array') return [{ ...form, items: asWritten(form.items as JsonSchema) }]
  if (form.type === 'string') return [form, VARIABLE, { type: 'number' }]
  return form.type === 'null' ? [form] : [form, VARIABLE]
}

function objectAsWritten(form: JsonSchema): JsonSchema[] {
  const properties = form.properties as Record<string, JsonSchema> | undefined
  if (!properties) return [{ ...form, additionalProperties: asWritten(form.additionalProperties as JsonSchema, true) }]
  const required = (form.required as string[] | undefined) ?? []
  const members = Object.entries(properties).flatMap(([name, member]) => {
    const written = [name, asWritten(member, !required.includes(name))]
    const time = anyOf({ description: member.description }, [TIME, VARIABLE, { type: 'null' }])
    return unitOf(name) ? [written, [name.slice(0, name.lastIndexOf('_')), time]] : [written]
  })
  const units = new Set(Object.keys(properties).map(unitOf))
  const isTimes = units.size === 1 && !units.has(undefined)
  return [{ ...form, properties: Object.fromEntries(members) }, ...(isTimes ? [TIME, VARIABLE] : [])]
}

/**
 * JSON Schema of `talkif.yaml`, for editors: the workspace document with what its YAML may say instead. It refuses nothing that the
 * parser takes: variables of the environment stand for anything, `slot: 30m` for `slot_minutes: 30`, a number for a text, and an
 * empty value for an absent one.
 */
export const workspaceSchema: JsonSchema = asWritten(printSchema(WorkspaceDocument, 'input'))
