import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import { printSchema } from '../openapi/json-schema.ts'
import { MAX_BODY, type Operation, pathParameters } from '../openapi/operation.ts'
import type { FieldFault } from '../openapi/schemas/problem.ts'
import { ProblemError, problemOf } from '../runtime/problem.ts'
import { escaped } from './json-pointer.ts'
import { repeatedName } from './repeated-names.ts'

export { MAX_BODY }

const MAX_DEPTH = 32
/** Bytes of a body that is too large which are read and thrown away, so that its sender gets to see the refusal. */
const HEARD_OUT = 16 * 1024 * 1024

/** The key of `Authorization: Bearer`. */
export const bearer = (context: Context): string | undefined =>
  /^Bearer\s+(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1]

/** Refuses a larger body while it arrives, whether or not it said its length. */
export function limitBody(maxSize: number): MiddlewareHandler {
  const refuse = () => {
    throw new ProblemError('payload_too_large', `The body may have at most ${Math.floor(maxSize / 1024)} kB.`)
  }
  const counted = bodyLimit({ maxSize, onError: refuse })
  return async (context, next) => {
    // The HTTP parser ends a body at its stated length; counting one makes a web stream of it, half the cost of a request.
    const stated = Number(context.req.header('content-length') ?? Number.NaN)
    const isWhole = context.req.header('transfer-encoding') === undefined
    if (!isWhole || Number.isNaN(stated)) return counted(context, next)
    if (stated <= maxSize) return next()
    // Many clients read no answer before they have sent all of it.
    if (stated <= HEARD_OUT) for await (const _ of context.req.raw.body ?? []);
    refuse()
  }
}

/**
 * The JSON object of a request body.
 * @throws unsupported_media_type, malformed_json, invalid_request (not an object, too deep, a name given twice).
 */
export async function readJson(context: Context): Promise<Record<string, unknown>> {
  const type = mediaType(context)
  if (type !== 'application/json') {
    throw new ProblemError(
      'unsupported_media_type',
      type ? `${type} is not read here.` : 'The request has no Content-Type.',
    )
  }
  const text = await readText(context)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ProblemError('malformed_json', `The body is not JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw problemOf([{ pointer: '', code: 'invalid_request', detail: 'The body must be one JSON object.' }])
  }
  refuseStrange(value)
  const repeated = repeatedName(text, value)
  if (repeated !== undefined) throw problemOf([repetition(repeated)])
  return value as Record<string, unknown>
}

const repetition = (pointer: string): FieldFault => ({
  pointer,
  code: 'invalid_request',
  detail: `${pointer.slice(1).replaceAll('/', '.')} is given twice; give it once.`,
})

export const mediaType = (context: Context) => context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A body as text: plain UTF-8 alone. @throws unsupported_media_type for another charset or any coding, malformed_json. */
export async function readText(context: Context): Promise<string> {
  const coding = context.req.header('content-encoding')?.trim().toLowerCase() || 'identity'
  if (coding !== 'identity') {
    throw new ProblemError('unsupported_media_type', `Content-Encoding ${coding} is not read here.`, {
      suggestedAction: 'Send the body without `Content-Encoding`.',
      // RFC 9110, section 15.5.16.
      headers: { 'accept-encoding': 'identity' },
    })
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(context.req.header('content-type') ?? '')?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new ProblemError('unsupported_media_type', `The charset ${charset} is not read here.`, {
      suggestedAction: 'Send the body as UTF-8.',
    })
  }
  const bytes = await context.req.arrayBuffer()
  try {
    return utf8.decode(bytes)
  } catch {
    throw new ProblemError('malformed_json', 'The body is not UTF-8.')
  }
}

/** @throws invalid_request for JSON nested too deep to look at safely, or with a `__proto__` member. */
export function refuseStrange(value: unknown, depth = 1, pointer = ''): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH)
    throw problemOf([
      { pointer: '', code: 'invalid_request', detail: `The body is nested deeper than ${MAX_DEPTH} levels.` },
    ])
  for (const [key, inner] of Object.entries(value)) {
    const at = `${pointer}/${escaped(key)}`
    if (key === '__proto__') {
      throw problemOf([{ pointer: at, code: 'invalid_request', detail: 'There is no field __proto__ here.' }])
    }
    refuseStrange(inner, depth + 1, at)
  }
}

/**
 * Path, query and body of a request as the one input of its operation. What GET and DELETE carry in a body means nothing (RFC 9110,
 * sections 9.3.1 and 9.3.5) and is not read.
 */
export async function readOperationInput(context: Context, it: Operation): Promise<Record<string, unknown>> {
  const path = Object.fromEntries(pathParameters(it).map((name) => [name, context.req.param(name)]))
  if (it.method !== 'post') return { ...readQuery(context, it.input), ...path }
  refuseQuery(context, it.input)
  const isYaml = mediaType(context) === 'application/yaml' && 'yaml' in it.input.shape
  if (isYaml) return { yaml: await readText(context) }
  return { ...(await readJson(context)), ...path }
}

/** @throws invalid_request for each query parameter, where everything travels in the body. */
function refuseQuery(context: Context, { shape }: z.ZodObject): void {
  const faults = Object.keys(context.req.queries()).map((name) => ({
    pointer: `/${escaped(name)}`,
    code: 'invalid_request',
    detail: Object.hasOwn(shape, name)
      ? `${name} belongs into the body, not into the query.`
      : `There is no query parameter ${name} here.`,
  }))
  if (faults.length) throw problemOf(faults)
}

/** Query values arrive as text; the schema says which are numbers, booleans or lists (repeated, or separated by commas). */
export function readQuery(context: Context, input: z.ZodObject): Record<string, unknown> {
  const properties = printSchema(input, 'input').properties as Record<string, { type?: unknown }>
  return Object.fromEntries(
    Object.entries(context.req.queries()).map(([name, values]) => [name, readValue(properties[name]?.type, values)]),
  )
}

function readValue(type: unknown, values: string[]): unknown {
  if (type === 'array') return values.flatMap((value) => value.split(',')).filter(Boolean)
  // Given twice, it is a list where one value is wanted, and is told so.
  if (values.length > 1) return values
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
