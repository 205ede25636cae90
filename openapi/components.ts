import { getRefId } from '@asteasolutions/zod-to-openapi'
import type { z } from 'zod'
import { events } from './events.ts'
import { type Io, type JsonSchema, printSchema } from './json-schema.ts'
import { operations } from './operations.ts'
import { Problem } from './schemas/problem.ts'

/** A named object of the surface. */
export interface Component {
  /** PascalCase: the name in OpenAPI and in `/schemas`. */
  name: string
  schema: z.ZodType
  io: Io
  /** As the one printer prints it, parts inlined. */
  json: JsonSchema
}

/** @throws Error for a schema without a name: call `.openapi('Name')` on it. */
export function component(schema: z.ZodType, io: Io): Component {
  const name = getRefId(schema)
  if (!name) throw new Error('A schema of the surface has no name: call .openapi("Name") on it.')
  return { name, schema, io, json: printSchema(schema, io) }
}

/** Every object of the operations and events: the bodies they take, what they answer, what is posted, and the problem. */
export const components: Component[] = [
  ...Object.values(operations).flatMap((it) => (it.method === 'post' ? [component(it.input, 'input')] : [])),
  ...[...new Set<z.ZodType>(Object.values(operations).map((it) => it.output))].map((it) => component(it, 'output')),
  ...Object.values(events).map((it) => component(it.payload, 'output')),
  component(Problem, 'output'),
]
