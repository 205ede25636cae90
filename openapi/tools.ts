import { type Io, type JsonSchema, printSchema } from './json-schema.ts'
import { type Operation, type Scope, snake } from './operation.ts'
import { type OperationId, operationIds, operations } from './operations.ts'
import { z } from './zod.ts'

/** The `Idempotency-Key` header, for a door without headers. */
export const KeyField = z.object({
  idempotency_key: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .describe('Yours: repeated within 24 h it gets the same answer and calls nobody twice.'),
})

type ToolSchema = JsonSchema & { type: 'object' }

/** One MCP tool: the operation behind it, and its definition as `tools/list` shows it. */
export interface Tool {
  operation: OperationId
  scope: Scope
  definition: {
    name: string
    title: string
    description: string
    inputSchema: ToolSchema
    outputSchema: ToolSchema
    annotations: { readOnlyHint: boolean; destructiveHint: boolean; idempotentHint: boolean; openWorldHint: boolean }
  }
}

/** The tools of the operations, printed: call it once and keep the answer. */
export const printTools = (): Tool[] => operationIds.map(printTool)

function printTool(operation: OperationId): Tool {
  const it: Operation = operations[operation]
  const { readOnly = false, destructive, idempotent, openWorld } = it.hints
  const input = takesKey(it) ? it.input.extend(KeyField.shape) : it.input
  return {
    operation,
    scope: it.scope,
    definition: {
      name: snake(operation),
      title: titleOf(operation),
      description: `Use this when ${it.tool.when}. ${it.tool.notes ?? it.description} Example: ${JSON.stringify(it.examples.input)}`,
      inputSchema: toolSchema(printSchema(input, 'input'), 'input'),
      outputSchema: toolSchema(only(outputOf(it), it.tool.shows), 'output'),
      annotations: {
        readOnlyHint: readOnly,
        destructiveHint: destructive,
        idempotentHint: idempotent,
        openWorldHint: openWorld,
      },
    },
  }
}

/** Whatever creates something new each time takes an idempotency key; over HTTP it is a header. */
export const takesKey = (it: Pick<Operation, 'method' | 'hints'>): boolean =>
  it.method === 'post' && !it.hints.idempotent

/** `createLead` → `Create lead`. */
const titleOf = (operation: OperationId): string => {
  const words = snake(operation).replaceAll('_', ' ')
  return words[0]!.toUpperCase() + words.slice(1)
}

const outputOf = (it: Operation): JsonSchema => printSchema(it.tool.answer?.schema ?? it.output, 'output')

/** A printed schema with the members at `paths` alone (all of them without): `results.row` goes through lists and forms. */
function only(schema: JsonSchema, paths: readonly string[] | undefined): JsonSchema {
  if (!paths) return schema
  const forms = schema.anyOf as JsonSchema[] | undefined
  if (forms) return { ...schema, anyOf: forms.map((form) => (form.properties ? only(form, paths) : form)) }
  if (schema.items) return { ...schema, items: only(schema.items as JsonSchema, paths) }
  const wanted = Map.groupBy(paths, (path) => path.split('.')[0]!)
  const all = schema.properties as Record<string, JsonSchema>
  const properties = [...wanted].map(([name, inner]) => {
    const rest = inner.filter((path) => path.includes('.')).map((path) => path.slice(name.length + 1))
    return [name, only(all[name]!, rest.length ? rest : undefined)]
  })
  const required = (schema.required as string[]).filter((name) => wanted.has(name))
  return { ...schema, properties: Object.fromEntries(properties), required }
}

/**
 * Without what an agent cannot use but pays for, as the list is read with every task: what it is as a whole, and examples (the tool
 * says both); that names are text and values anything; and in outputs the patterns and formats, which bind nobody but us, and what
 * a form says of itself where its field says what it is.
 */
function toolSchema({ description: _, ...schema }: JsonSchema, io: Io): ToolSchema {
  const bare = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(bare)
    if (typeof node !== 'object' || node === null) return node
    const kept = Object.fromEntries(Object.entries(node).filter(isOfUse))
    if (io === 'output' && kept.description && Array.isArray(kept.anyOf)) kept.anyOf = kept.anyOf.map(unsaid)
    return Object.fromEntries(Object.entries(kept).map(([key, value]) => [key, bare(value)]))
  }
  const isOfUse = ([key, value]: [string, unknown]) =>
    !(key === 'examples' && Array.isArray(value)) &&
    !(key === 'propertyNames' && JSON.stringify(value) === '{"type":"string"}') &&
    !(key === 'additionalProperties' && JSON.stringify(value) === '{}') &&
    !(['pattern', 'format'].includes(key) && typeof value === 'string' && io === 'output')
  return bare(schema) as ToolSchema
}

const unsaid = ({ description: _, ...form }: JsonSchema): JsonSchema => form
