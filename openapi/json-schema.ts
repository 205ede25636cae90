import { z } from 'zod'

export type JsonSchema = { [key: string]: unknown }

/**
 * The one printer of JSON Schema (draft 2020-12). Every other form (OpenAPI components, MCP tools, /schemas) goes through it.
 * @param io inputs are strict; outputs stay open, so that a field added later breaks no client.
 */
export function printSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    reused: 'inline',
    override({ jsonSchema: node }) {
      if (node.format) delete node.pattern
      if (io === 'output' && node.additionalProperties === false) delete node.additionalProperties
      if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum
    },
  })
  return nullableAsAnyOf(json) as JsonSchema
}

// Zod prints `type: [x, "null"]` for nullables, which the MCP inspector warns of; it also collapses it again inside `override`.
function nullableAsAnyOf(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(nullableAsAnyOf)
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, nullableAsAnyOf(value)]))
  if (!Array.isArray(copy.type) || !copy.type.includes('null')) return copy
  const { type, description, ...rest } = copy
  const [first] = (type as string[]).filter((name) => name !== 'null')
  return { ...(description ? { description } : {}), anyOf: [{ type: first, ...rest }, { type: 'null' }] }
}
