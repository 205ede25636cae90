/**
 * A small strict validator that answers as the Realtime API does: the first fault, with its code, parameter and words.
 * The codes are those of the API's own `error` events (https://platform.openai.com/docs/guides/error-codes and the
 * events reported in public issue trackers).
 */
// biome-ignore lint/suspicious/noExplicitAny: a shape that says nothing of what it takes fits everywhere
export type Shape<Takes = any> = ((value: unknown, at: string) => void) & { takes?: (all: Takes) => Takes }

/**
 * The fields of the SDK's type `T`: each of them, no other, the required ones with a `!`; `Also` are those that the API requires
 * where the SDK does not. An enumeration or an object of ours must take what the SDK's takes, neither more nor less.
 */
export type Fields<T, Also extends keyof T> = {
  [K in keyof T & string as Pick<T, K> extends Required<Pick<T, K>> ? `${K}!` : K extends Also ? `${K}!` : K]-?: Field<
    Exclude<T[K], undefined>
  >
}
/** Of an open list of names anything is taken; null turns off what the documentation says it does. */
type Field<T> = string extends T ? Shape : Shape<T> | Shape<T | null>

/** One refusal, in the words of the API's `error` event (SDK type `RealtimeError`). */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: string
  readonly param: string | null
  /** A correct client meets it too, when its event and ours cross on the wire: refused, and no violation. */
  readonly crossed: boolean
  constructor(code: string, message: string, param: string | null = null, crossed = false) {
    super(message)
    this.crossed = crossed
    this.code = code
    this.param = param
  }
}

function kind(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal'
  return `a ${typeof value}`
}

function wrongType(at: string, expected: string, value: unknown): Refusal {
  const message = `Invalid type for '${at}': expected ${expected}, but got ${kind(value)} instead.`
  return new Refusal('invalid_type', message, at)
}

export const text: Shape = (value, at) => {
  if (typeof value !== 'string') throw wrongType(at, 'a string', value)
}

export const flag: Shape = (value, at) => {
  if (typeof value !== 'boolean') throw wrongType(at, 'a boolean', value)
}

export const anything: Shape = () => {}

export const base64: Shape = (value, at) => {
  text(value, at)
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value as string) || (value as string).length % 4 !== 0) {
    throw new Refusal('invalid_value', `Invalid '${at}'. Expected base64-encoded audio bytes.`, at)
  }
}

export const json: Shape = (value, at) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(at, 'an object', value)
}

/** The JSON Schema of a function's arguments. */
export const argumentsSchema: Shape = (value, at) => {
  json(value, at)
  const { type } = value as { type?: unknown }
  if (type === 'object') return
  const message = `Invalid schema for function: schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(type ?? 'None')}'.`
  throw new Refusal('invalid_function_parameters', message, at)
}

export function oneOf<const T>(...allowed: T[]): Shape<T> {
  return (value, at) => {
    if (allowed.includes(value as T)) return
    const values = allowed.map((each) => `'${each}'`)
    const listed = values.length > 1 ? `${values.slice(0, -1).join(', ')}, and ${values.at(-1)}` : `${values[0]}`
    const message = `Invalid value: '${String(value)}'. Supported values are: ${listed}.`
    throw new Refusal('invalid_value', message, at)
  }
}

export function number(min: number, max: number, whole = false): Shape {
  return (value, at) => {
    if (typeof value !== 'number' || (whole && !Number.isInteger(value))) {
      throw wrongType(at, whole ? 'an integer' : 'a number', value)
    }
    const noun = whole ? 'integer' : 'decimal'
    const below = `Invalid '${at}': ${noun} below minimum value. Expected a value >= ${min}, but got ${value} instead.`
    const above = `Invalid '${at}': ${noun} above maximum value. Expected a value <= ${max}, but got ${value} instead.`
    if (value < min) throw new Refusal(`${noun}_below_min_value`, below, at)
    if (value > max) throw new Refusal(`${noun}_above_max_value`, above, at)
  }
}

export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return (value, at) => {
    if (value !== null) shape(value, at)
  }
}

export function either<A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return (value, at) => {
    try {
      first(value, at)
    } catch {
      second(value, at)
    }
  }
}

export function list<T>(shape: Shape<T>): Shape<T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw wrongType(at, 'an array', value)
    for (const [i, each] of value.entries()) shape(each, `${at}[${i}]`)
  }
}

/** Fields whose name ends in `!` are required; a field that is not named is refused. */
export function object(fields: Record<string, Shape>): Shape {
  const required = Object.keys(fields).filter((name) => name.endsWith('!'))
  const shapes = new Map(Object.entries(fields).map(([name, shape]) => [name.replace('!', ''), shape]))
  return (value, at) => {
    json(value, at)
    const path = (name: string) => (at === '' ? name : `${at}.${name}`)
    for (const name of required.map((each) => each.slice(0, -1))) {
      const param = path(name)
      if (!Object.hasOwn(value as object, name)) {
        throw new Refusal('missing_required_parameter', `Missing required parameter: '${param}'.`, param)
      }
    }
    for (const [name, field] of Object.entries(value as object)) {
      const shape = shapes.get(name)
      if (!shape) throw new Refusal('unknown_parameter', `Unknown parameter: '${path(name)}'.`, path(name))
      shape(field, path(name))
    }
  }
}

/** The same for an object that the SDK has a type for; `tsc` holds the two equal. */
export const like = <T, Also extends keyof T = never>(fields: Fields<T, Also>): Shape<T> => object(fields)

/** Objects that are told apart by one field. */
export function variants(field: string, shapes: Record<string, Shape>): Shape {
  return (value, at) => {
    json(value, at)
    const param = at === '' ? field : `${at}.${field}`
    const name = (value as Record<string, unknown>)[field]
    if (name === undefined) {
      throw new Refusal('missing_required_parameter', `Missing required parameter: '${param}'.`, param)
    }
    oneOf(...Object.keys(shapes))(name, param)
    shapes[name as string]!(value, at)
  }
}
