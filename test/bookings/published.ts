import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { parse } from 'yaml'

/** As a request gives them; headers by their small names. */
export interface Given {
  path: Record<string, string>
  query: Record<string, string>
  headers: IncomingHttpHeaders
  body?: unknown
}

export interface PublishedOperation {
  /** `POST /v2/bookings/{bookingUid}/cancel` */
  name: string
  /** Whether it names the header, in small letters. */
  takes(header: string): boolean
  /** What the document has against a request; nothing when it permits it. */
  faultsOf(given: Given): string[]
  /** @throws for an answer that the document does not permit. */
  expectAnswer(status: number, body: unknown): void
}

interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  schema: object
}
type Content = { content: { 'application/json': { schema: object } } }
interface Operation {
  parameters: Parameter[]
  requestBody?: Content
  responses: Record<string, Content>
}

const options: Options = { strict: true, strictTypes: false, strictRequired: false, allErrors: true }

/** The operation that a request is for, and what its path gives; undefined when there is none. */
export type Published = (
  method: string,
  pathname: string,
) => { operation: PublishedOperation; path: Record<string, string> } | undefined

/**
 * The operations of an OpenAPI document, to hold requests and answers against. An object that lists its properties has no others,
 * and a query no parameters besides those named: documents hardly say so, and a client that sends more is wrong all the same.
 */
export function readPublished(file: URL): Published {
  const document = parse(readFileSync(file, 'utf8'), { merge: true }) as {
    paths: Record<string, Record<string, Operation>>
  }
  closeObjects(document)
  // What stands in a URL or a header is text.
  const ofText = formatted(new Ajv2020({ ...options, coerceTypes: 'array' }))
  const ofJson = formatted(new Ajv2020({ ...options, keywords: Object.keys(document) })).addSchema(document, 'document')

  function operationOf(path: string, method: string, { parameters, requestBody, responses }: Operation) {
    const compiled = (...at: string[]) => {
      const pointer = ['paths', path, method, ...at, 'content', 'application/json', 'schema'].map(escaped).join('/')
      return ofJson.compile({ $ref: `document#/${pointer}` })
    }
    const named = (where: Parameter['in']) => parameters.filter((it) => it.in === where)
    const checks = {
      path: ofText.compile(objectOf(named('path'), true)),
      query: ofText.compile(objectOf(named('query'), true)),
      headers: ofText.compile(objectOf(named('header'), false)),
    }
    const bodyCheck = requestBody && compiled('requestBody')
    const answers = Object.fromEntries(Object.keys(responses).map((it) => [it, compiled('responses', it)]))
    const name = `${method.toUpperCase()} ${path}`

    const operation: PublishedOperation = {
      name,
      takes: (header) => named('header').some((it) => it.name.toLowerCase() === header),
      faultsOf({ body, ...texts }) {
        const places = ['path', 'query', 'headers'] as const
        return [
          // A copy: Ajv writes the numbers that it makes of text into what it is given.
          ...places.flatMap((place) => faults(checks[place], { ...texts[place] }, `${name} ${place}`)),
          ...(bodyCheck ? faults(bodyCheck, body, `${name} body`) : body === undefined ? [] : [`${name} has no body`]),
        ]
      },
      expectAnswer(status, answer) {
        const check = answers[status] ?? answers[`${Math.floor(status / 100)}XX`]
        const found = check ? faults(check, answer, `${name} ${status}`) : [`${name} does not answer ${status}`]
        if (found.length) throw new Error(found.join('\n'))
      },
    }
    return operation
  }

  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]) => ({
      method: method.toUpperCase(),
      pattern: new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
      operation: operationOf(path, method, it),
    })),
  )
  return (method, pathname) => {
    for (const it of operations) {
      const found = it.method === method ? it.pattern.exec(pathname) : null
      if (!found) continue
      const path = Object.entries({ ...found.groups }).map(([name, value]) => [name, decodeURIComponent(value)])
      return { operation: it.operation, path: Object.fromEntries(path) }
    }
    return undefined
  }
}

function closeObjects(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return
  if ('properties' in schema) Object.assign(schema, { additionalProperties: false })
  for (const part of Object.values(schema)) closeObjects(part)
}

const objectOf = (parameters: Parameter[], closed: boolean) => ({
  type: 'object',
  properties: Object.fromEntries(parameters.map(({ name, in: where, schema }) => [cased(name, where), schema])),
  required: parameters.filter((it) => it.required).map((it) => cased(it.name, it.in)),
  additionalProperties: !closed,
})

const cased = (name: string, where: string) => (where === 'header' ? name.toLowerCase() : name)
const escaped = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

function formatted(ajv: Ajv2020): Ajv2020 {
  ajvFormats.default(ajv)
  return ajv.addFormat('time-zone', (zone) => zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone))
}

function faults(check: ValidateFunction, value: unknown, what: string): string[] {
  return check(value) ? [] : check.errors!.map((it) => `${what}${it.instancePath} ${it.message}`)
}
