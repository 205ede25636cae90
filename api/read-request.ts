import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import { printSchema } from '../openapi/json-schema.ts'
import { MAX_BODY, type Operation, pathParameters } from '../openapi/operation.ts'
import { ProblemError } from '../runtime/problem.ts'

export { MAX_BODY }

const MAX_DEPTH = 32

/** The key of `Authorization: Bearer`. */
export const bearer = (context: Context): string | undefined =>
  /^Bearer\s+(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1]

/** Refuses a larger body while it arrives, whether or not it said its length. */
export function limitBody(maxSize: number): MiddlewareHandler {
  const counted = bodyLimit({
    maxSize,
    onError() {
      throw new ProblemError('payload_too_large', `The body may have at most ${Math.floor(maxSize / 1024)} kB.`)
    },
  })
  return (context, next) => {
    // The HTTP parser ends a body at its stated length; counting one makes a web stream of it, half the cost of a request.
    const stated = Number(context.req.header('content-length') ?? Number.NaN)
    const isWhole = context.req.header('transfer-encoding') === undefined
    return isWhole && stated <= maxSize ? next() : counted(context, next)
  }
}

/** The JSON object of a request body. @throws unsupported_media_type, malformed_json, invalid_request (not an object, too deep). */
export async function readJson(context: Context): Promise<Record<string, unknown>> {
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new ProblemError(
      'unsupported_media_type',
      type ? `${type} is not read here.` : 'The request has no Content-Type.',
    )
  }
  const text = await context.req.text()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ProblemError('malformed_json', `The body is not JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProblemError('invalid_request', 'The body must be one JSON object.', {
      errors: [{ pointer: '', code: 'invalid_request', detail: 'Send an object.' }],
    })
  }
  refuseStrange(value)
  return value as Record<string, unknown>
}

/** @throws invalid_request for JSON nested too deep to look at safely, or with a `__proto__` member. */
export function refuseStrange(value: unknown, depth = 1, pointer = ''): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH)
    throw new ProblemError('invalid_request', `The body is nested deeper than ${MAX_DEPTH} levels.`)
  for (const [key, inner] of Object.entries(value)) {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (key === '__proto__') {
      const fault = { pointer: at, code: 'invalid_request', detail: 'There is no field __proto__ here.' }
      throw new ProblemError('invalid_request', fault.detail, { errors: [fault] })
    }
    refuseStrange(inner, depth + 1, at)
  }
}

/** Path, query and body of a request as the one input of its operation. */
export async function readOperationInput(context: Context, it: Operation): Promise<Record<string, unknown>> {
  const path = Object.fromEntries(pathParameters(it).map((name) => [name, context.req.param(name)]))
  if (it.method !== 'post') return { ...readQuery(context, it.input), ...path }
  const isYaml = context.req.header('content-type')?.toLowerCase().startsWith('application/yaml')
  if (isYaml && 'yaml' in it.input.shape) return { yaml: await context.req.text() }
  return { ...(await readJson(context)), ...path }
}

/** Query values arrive as text; the schema says which are numbers, booleans or lists (repeated, or separated by commas). */
function readQuery(context: Context, input: z.ZodObject): Record<string, unknown> {
  const properties = printSchema(input, 'input').properties as Record<string, { type?: unknown }>
  return Object.fromEntries(
    Object.entries(context.req.queries()).map(([name, values]) => [name, readValue(properties[name]?.type, values)]),
  )
}

function readValue(type: unknown, values: string[]): unknown {
  if (type === 'array') return values.flatMap((value) => value.split(',')).filter(Boolean)
  const [value = ''] = values
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

/** `Prefer: wait=N` (RFC 7240) is another spelling of `?wait=N`. */
export function preferredWait(context: Context): { wait?: number } {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,4})"?/i.exec(context.req.header('prefer') ?? '')?.[1]
  return wait === undefined ? {} : { wait: Math.min(Number(wait), 60) }
}
