import type { Context } from 'hono'
import { z } from 'zod'
import { readShape } from '../../openapi/faults.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import { authenticate, type KeyHolder, requireScope } from '../../runtime/access/keys.ts'
import type { Deps } from '../../runtime/deps.ts'
import { problemOf } from '../../runtime/problem.ts'
import { bearer, readJson, readQuery } from '../read-request.ts'

/** Who asks. @throws unauthenticated, forbidden for a key without `workspace:admin`. */
export async function admin(deps: Deps, context: Context): Promise<KeyHolder> {
  const holder = await authenticate(deps, bearer(context))
  requireScope(holder, 'workspace:admin')
  return holder
}

/** The body, by its schema; all faults at once. @throws invalid_request for query parameters too: all travels in the body. */
export const readBody = async <S extends z.ZodType>(context: Context, schema: S): Promise<z.infer<S>> =>
  readInput(schema, await readMembers(context))

/** The members of the body, not looked at yet. @throws invalid_request for query parameters. */
export async function readMembers(context: Context): Promise<Record<string, unknown>> {
  readParameters(context, NOTHING)
  return readJson(context)
}

const NOTHING = z.strictObject({})

/** The query, by its schema. @throws invalid_request for unknown parameters too. */
export const readParameters = <S extends z.ZodObject>(context: Context, schema: S): z.infer<S> =>
  readInput(schema, readQuery(context, schema))

/** What `input` holds; all faults at once: those of its shape and those of its meaning. */
export function readInput<S extends z.ZodType>(
  schema: S,
  input: object,
  meaning: (input: object) => FieldFault[] = () => [],
): z.infer<S> {
  const { data, faults: shape } = readShape(schema, input)
  const faults = [...shape, ...meaning(input)]
  if (!data || faults.length) throw problemOf(faults)
  return data
}
