import fc from 'fast-check'
import type { JsonSchema } from '../../openapi/json-schema.ts'

/** Text that JSON, UTF-8 and PostgreSQL can hold; characters outside the first plane count twice in JavaScript. */
const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('😀', ' ', 'é', '\n', '+', '@', '.'), fc.string({ minLength: 1, maxLength: 1 })),
})

/** Any JSON, small. `__proto__` is refused in any place, which no schema says. */
export const anyJson: fc.Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => !JSON.stringify(value).includes('__proto__') && JSON.stringify(value).isWellFormed())

/** Values made after a JSON Schema: mostly of its shape, often at its bounds, sometimes past them. */
export function fromSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const)
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  const forms = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined
  if (forms) return fc.oneof(...forms.map(fromSchema))
  if (schema.type === 'object') return fromObject(schema)
  if (schema.type === 'array') return fromArray(schema)
  if (schema.type === 'string') return fromString(schema)
  if (schema.type === 'integer') return fromInteger(schema)
  if (schema.type === 'number') return fc.double({ noNaN: true, noDefaultInfinity: true })
  if (schema.type === 'boolean') return fc.boolean()
  return anyJson
}

function fromObject({ properties = {}, required = [], propertyNames, additionalProperties }: JsonSchema) {
  if (typeof additionalProperties === 'object' && propertyNames) {
    const key = fromSchema(propertyNames as JsonSchema) as fc.Arbitrary<string>
    const value = fromSchema(additionalProperties as JsonSchema)
    return fc.dictionary(
      key.filter((it) => it !== '__proto__'),
      value,
      { maxKeys: 5, noNullPrototype: true },
    )
  }
  const fields = Object.entries(properties as Record<string, JsonSchema>)
  return fc.record(Object.fromEntries(fields.map(([name, field]) => [name, fromSchema(field)])), {
    requiredKeys: required as never[],
    noNullPrototype: true,
  })
}

const fromArray = ({ items, minItems = 0, maxItems = 5 }: JsonSchema) =>
  fc.array(fromSchema(items as JsonSchema), {
    minLength: minItems as number,
    maxLength: Math.min(maxItems as number, (minItems as number) + 3),
  })

function fromString({ pattern, format, maxLength, examples = [] }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'ipv4') return fc.ipV4()
  if (format === 'ipv6') return fc.ipV6()
  const max = Math.min((maxLength as number | undefined) ?? 20, 400)
  const edges = [max - 1, max, max + 1].flatMap((length) => ['😀'.repeat(length), 'a'.repeat(length)])
  return fc.oneof(
    ...(pattern ? [{ weight: 12, arbitrary: fc.stringMatching(new RegExp(pattern as string)) }] : []),
    ...((examples as string[]).length ? [{ weight: 12, arbitrary: fc.constantFrom(...(examples as string[])) }] : []),
    { weight: pattern ? 1 : 12, arbitrary: anyText },
    { weight: 1, arbitrary: fc.constantFrom(...edges) },
  )
}

function fromInteger({ minimum = -1000, maximum = 1000 }: JsonSchema): fc.Arbitrary<number> {
  const [low, high] = [minimum as number, maximum as number]
  const edges = fc.constantFrom(low - 1, low, high, high + 1, low + 0.5)
  return fc.oneof({ weight: 12, arbitrary: fc.integer({ min: low, max: high }) }, { weight: 1, arbitrary: edges })
}

/** One value in the body changed, left out or put in: what a caller who errs would send. */
export function slipped(body: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const slip = fc.constantFrom('replace' as const, 'remove' as const, 'add' as const)
  return fc.tuple(body, slip, fc.nat(), anyJson).map(([it, how, at, value]) => {
    const copy = structuredClone(it)
    const places = objectsIn(copy)
    const place = places[at % places.length]!
    const keys = Object.keys(place)
    const key = keys[at % Math.max(keys.length, 1)]
    if (how === 'add' || key === undefined) Object.assign(place, Array.isArray(place) ? [value] : { more: value })
    else if (how === 'remove' && !Array.isArray(place)) delete place[key]
    else place[key] = value
    return copy
  })
}

function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(objectsIn)]
}
