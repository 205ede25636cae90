import { z } from './zod.ts'

export type JsonSchema = { [key: string]: unknown }
export type Io = 'input' | 'output'

const PERSONAL = 'x-personal-data'

/** What was printed already; schemas never change. */
const prints = { input: new WeakMap<z.ZodType, JsonSchema>(), output: new WeakMap<z.ZodType, JsonSchema>() }

/**
 * The one printer of JSON Schema (draft 2020-12). Every other form (OpenAPI components, MCP tools, /schemas) goes through it.
 * @param io inputs are strict; outputs stay open, so that a field added later breaks no client.
 * @returns what every caller shares: not to be changed.
 */
export function printSchema(schema: z.ZodType, io: Io): JsonSchema {
  const known = prints[io].get(schema)
  if (known) return known
  const printed = plain(print(schema, io)) as JsonSchema
  prints[io].set(schema, printed)
  return printed
}

/**
 * Where a schema holds personal data, as paths of its fields; `*` is any member or entry: `/leads/*`.
 * The flag itself is not printed, because validators in strict mode refuse words they do not know.
 */
export function personalFields(schema: z.ZodType, io: Io): string[] {
  const found = (node: unknown, path: string): string[] => {
    if (typeof node !== 'object' || node === null) return []
    const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = node as Record<string, object>
    return [
      ...(PERSONAL in node ? [path] : []),
      ...Object.entries(properties).flatMap(([name, inner]) => found(inner, `${path}/${name}`)),
      ...[items, additionalProperties].flatMap((inner) => found(inner, `${path}/*`)),
      ...[...Object.values(anyOf), ...Object.values(oneOf)].flatMap((inner) => found(inner, path)),
    ]
  }
  return [...new Set(found(print(schema, io), ''))]
}

/** Names of the members that a printed schema knows at `path`. */
export function fieldsAt(node: JsonSchema, [step, ...rest]: PropertyKey[]): string[] {
  const forms = [node, ...((node.anyOf as JsonSchema[]) ?? [])]
  if (step === undefined) return [...new Set(forms.flatMap(namesOf))]
  return forms.flatMap((form) => {
    const properties = form.properties as Record<string, JsonSchema> | undefined
    const inner = properties?.[String(step)] ?? form.items ?? form.additionalProperties
    return inner ? fieldsAt(inner as JsonSchema, rest) : []
  })
}

/** The members that an object may have, or the names that those of a record may. */
const namesOf = ({ properties = {}, propertyNames }: JsonSchema): string[] =>
  Object.keys(properties as object).concat((propertyNames as { enum?: string[] } | undefined)?.enum ?? [])

function print(schema: z.ZodType, io: Io): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    reused: 'inline',
    override({ zodSchema, jsonSchema: node }) {
      // Zod's own formats bring long patterns that say nothing more.
      if ('format' in zodSchema._zod.def) delete node.pattern
      if (io === 'output' && node.additionalProperties === false) delete node.additionalProperties
      if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum
    },
  })
  return json
}

/**
 * Without our own flag, and with `anyOf` for lists of types: Zod prints nullables as `type: [x, "null"]`, which the MCP inspector warns
 * of and Ajv refuses in strict mode; it also collapses them again inside `override`.
 */
function plain(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(plain)
  if (typeof node !== 'object' || node === null) return node
  const own = Object.entries(node).filter(([key]) => key !== PERSONAL)
  const copy = Object.fromEntries(own.map(([key, value]) => [key, plain(value)]))
  if (!Array.isArray(copy.type)) return copy
  const { type, description, ...rest } = copy
  const [first, ...others] = type as string[]
  const forms = [{ type: first, ...rest }, ...others.map((name) => ({ type: name }))]
  return { ...(description ? { description } : {}), anyOf: forms }
}
