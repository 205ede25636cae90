import { nearest } from '../../openapi/nearest.ts'
import type { FlowTool } from '../../openapi/schemas/flow-document.ts'
import { z } from '../../openapi/zod.ts'

/** Something wrong with a part of a flow that its shape does not show. */
export interface Judgement {
  /** The part, as in the parsed flow. */
  part: PropertyKey[]
  message: string
  suggestion?: string
  /** Offset in the text of the part. */
  at?: number
}

const SECRET = /\$\{([^{}]*)\}/g
const SECRET_NAME = /^[A-Z][A-Z0-9_]{0,63}$/
/** Names under which secrets travel. */
const SECRET_FIELD = /authorization|cookie|password|passwd|secret|token|api[-_]?key|^key$/i
/** Belong to the connection, which is not the flow's. */
const OWN_HEADERS = ['host', 'content-length', 'transfer-encoding', 'connection', 'content-type']
const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']

/** Names of the fields that a URL takes from the input. */
export const fieldsOfUrl = (url: string): string[] =>
  [...url.replaceAll(SECRET, '').matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]!)

/** What is wrong with a tool: its URL, its headers, its input, and secrets that stand in it openly. */
export function toolFaults(tool: FlowTool): Judgement[] {
  return [
    ...secretNames(tool),
    ...urlFaults(tool),
    ...headerFaults(tool),
    ...(tool.kind === 'http' && tool.input ? inputFaults(tool.input) : []),
    ...(tool.kind === 'http' ? fieldFaults(tool) : []),
  ]
}

function secretNames(tool: FlowTool): Judgement[] {
  const texts = [['url', tool.url] as const, ...Object.entries(tool.headers).map(([name, it]) => [name, it] as const)]
  return texts.flatMap(([name, text]) =>
    [...text.matchAll(SECRET)].flatMap(({ 1: secret, index: at }) => {
      if (SECRET_NAME.test(secret!)) return []
      const meant = secret!.toUpperCase().replace(/[^A-Z0-9]+/g, '_')
      const part = name === 'url' ? ['url'] : ['headers', name]
      const message = `a secret is named in capitals, digits and _, as \${CRM_TOKEN}`
      return [{ part, message, ...(SECRET_NAME.test(meant) ? { suggestion: `\${${meant}}` } : {}), at }]
    }),
  )
}

function urlFaults(tool: FlowTool): Judgement[] {
  const { url } = tool
  const fault = (message: string, suggestion?: string) => [
    { part: ['url'], message, ...(suggestion ? { suggestion } : {}) },
  ]
  // A secret may be the beginning of the URL; what it holds is judged when it is used.
  const plain = url.replace(/^\$\{[^{}]*\}/, 'https://secret.example').replaceAll(SECRET, 'x')
  if (/^[a-z]+:\/\/[^/?#]*\{/i.test(plain)) return fault('a field of the input may not stand in the host of the url')
  const parsed = URL.parse(plain.replace(/\{[^{}]*\}/g, 'x'))
  if (!parsed || /\s/.test(url)) return fault('the url must be a whole one, such as https://api.example.com/orders')
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(parsed.hostname)
  if (parsed.protocol !== 'https:' && !(parsed.protocol === 'http:' && isLoopback))
    return fault(
      'the url must begin with https://',
      url.startsWith('http://') ? url.replace('http', 'https') : undefined,
    )
  if (parsed.username || parsed.password) return fault(`the url holds a password; send it in a header, as \${NAME}`)
  const open = [...new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? '')].find(
    ([name, value]) => SECRET_FIELD.test(name) && value !== '' && !/[{]/.test(value),
  )
  return open
    ? fault(`the url holds a secret: keep it in the workspace, and write ${open[0]}=\${${secretOf(tool)}}`)
    : []
}

function headerFaults(tool: FlowTool): Judgement[] {
  const { headers } = tool
  const names = Object.keys(headers)
  return names.flatMap((name, i) => {
    const part = ['headers', name]
    const lower = name.toLowerCase()
    if (names.findIndex((other) => other.toLowerCase() === lower) < i)
      return [{ part, message: `the header ${lower} is given twice` }]
    if (OWN_HEADERS.includes(lower)) return [{ part, message: `the header ${lower} is set by Talkif itself` }]
    if (!SECRET_FIELD.test(name) || headers[name]!.search(SECRET) !== -1) return []
    const scheme = /^(Bearer|Basic|Token|ApiKey) /i.exec(headers[name]!)?.[0] ?? ''
    const message = 'a secret may not stand in a flow: keep it in the workspace, and name it here'
    return [{ part, message, suggestion: `${scheme}\${${secretOf(tool)}}` }]
  })
}

/** The part of JSON Schema that every model provider takes: an object with properties, each of a known type. */
function inputFaults(input: Record<string, unknown>): Judgement[] {
  const fault = (message: string, suggestion?: string): Judgement[] => [
    { part: ['input'], message, ...(suggestion ? { suggestion } : {}) },
  ]
  if (input.type !== 'object') return fault('input is a JSON Schema: it begins with "type: object", then "properties"')
  const properties = input.properties ?? {}
  if (!isObject(properties)) return fault('properties of input must be a mapping of names to schemas')
  for (const [name, schema] of Object.entries(properties)) {
    if (!isObject(schema)) return fault(`${name} of input must be a schema, such as {type: string}`)
    const types = schema.type === undefined ? [] : Array.isArray(schema.type) ? schema.type : [schema.type]
    const odd = types.find((type) => !TYPES.includes(type))
    if (odd !== undefined)
      return fault(`the type of ${name} in input must be one of ${TYPES.join(', ')}`, nearest(String(odd), TYPES))
  }
  const required = input.required ?? []
  if (!Array.isArray(required)) return fault('required of input must be a list of names')
  const stray = required.find((name) => !Object.hasOwn(properties, name))
  if (stray !== undefined)
    return fault(
      `input requires ${stray}, which is none of its properties`,
      nearest(String(stray), Object.keys(properties)),
    )
  const odd = uncheckable(input)
  return odd === undefined ? [] : fault(`input holds what the agent's arguments cannot be checked by: ${odd}`)
}

/** Why a schema cannot be checked by; undefined when it can. */
function uncheckable(schema: Record<string, unknown>): string | undefined {
  try {
    z.fromJSONSchema(schema)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** A field of the URL must be there in every request. */
function fieldFaults(tool: Extract<FlowTool, { kind: 'http' }>): Judgement[] {
  const required = Array.isArray(tool.input?.required) ? (tool.input.required as string[]) : []
  const missing = fieldsOfUrl(tool.url).find((field) => !required.includes(field))
  if (missing === undefined) return []
  const suggestion = nearest(missing, required)
  const message = `the url takes {${missing}}: it must be among the properties of input, and required`
  return [{ part: ['url'], message, ...(suggestion ? { suggestion: `{${suggestion}}` } : {}) }]
}

/** What a secret of this tool might be called. */
const secretOf = ({ name }: FlowTool) => `${name.toUpperCase()}_TOKEN`

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
