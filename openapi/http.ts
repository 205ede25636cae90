import type { RouteConfig } from '@asteasolutions/zod-to-openapi'
import { type JsonSchema, printSchema } from './json-schema.ts'
import { type Operation, pathParameters } from './operation.ts'

const text = { type: 'string' } as const

/**
 * What requests may say beside path, query and body. They are optional and have no `example`: forms made from this document
 * would send it, and a second press would replay the first.
 */
export const headerParameters = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Your name for this request, e.g. `form-4711`. Sent again within 24 h with the same body it gets the stored answer, and nothing happens twice.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: '`ETag` of an earlier answer: if nothing has changed, the answer is an empty 304.',
    schema: text,
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description:
      '`wait=N` (RFC 7240) is another spelling of the query parameter `wait`, which counts when both are given.',
    schema: text,
  },
} as const

/** What answers say beside the body. */
export const responseHeaders = {
  RequestId: {
    description: 'Of this answer alone; quote it when you ask for help.',
    schema: { type: 'string', pattern: '^req_[0-9a-z]{26}$' },
  },
  ETag: { description: 'Weak; send it back as `If-None-Match`.', schema: text },
  IdempotencyReplayed: {
    description: 'There when this is the stored answer of an earlier request with the same `Idempotency-Key`.',
    schema: { type: 'string', const: 'true' },
  },
  RetryAfter: {
    description: 'Seconds to wait before sending the request again; absent where waiting does not help.',
    schema: { type: 'integer', minimum: 1 },
  },
  WwwAuthenticate: {
    description: 'The scheme to authenticate with (RFC 9110).',
    schema: { type: 'string', const: 'Bearer' },
  },
} as const

/** What a webhook carries so that its receiver can verify it (Standard Webhooks 1.0). */
export const webhookHeaders = {
  WebhookId: {
    name: 'webhook-id',
    in: 'header',
    required: true,
    description: 'Id of the event, the same on every try: drop what you have seen.',
    schema: { type: 'string', pattern: '^evt_[0-9a-z]{26}$' },
  },
  WebhookTimestamp: {
    name: 'webhook-timestamp',
    in: 'header',
    required: true,
    description: 'When this try was signed, in seconds since 1970: refuse what is older than five minutes.',
    schema: { type: 'string', pattern: '^\\d+$' },
  },
  WebhookSignature: {
    name: 'webhook-signature',
    in: 'header',
    required: true,
    description:
      '`v1,` and the HMAC-SHA256 of `id.timestamp.body` with the secret of your endpoint, in base64; two of them, parted by a ' +
      'space, while a secret is rotated. Any Standard Webhooks library verifies it.',
    schema: { type: 'string', pattern: '^v1,\\S+( v1,\\S+)*$' },
  },
} as const

/** The HTTP spelling of a component's name: `IdempotencyKey` → `Idempotency-Key`. */
export const headerName = (name: string): string =>
  name === 'ETag' ? name : name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`)

/** References to shared headers, by their HTTP names. */
export const headersOf = (...names: (keyof typeof responseHeaders)[]) =>
  Object.fromEntries(names.map((name) => [headerName(name), { $ref: `#/components/headers/${name}` }]))

export const schemaRef = (name: string) => ({ $ref: `#/components/schemas/${name}` })

export const parameterRef = (name: keyof typeof headerParameters | keyof typeof webhookHeaders) => ({
  $ref: `#/components/parameters/${name}`,
})

/** Path and query parameters of an operation, as its input says them, and the headers that its method reads. */
export function parametersOf(it: Operation): NonNullable<RouteConfig['parameters']> {
  const { properties, required = [] } = printSchema(it.input, 'input') as {
    properties: Record<string, JsonSchema & { description: string }>
    required?: string[]
  }
  const inPath = pathParameters(it)
  const named = Object.entries(properties).filter(([name]) => it.method !== 'post' || inPath.includes(name))
  const plain = named.map(([name, { description, ...schema }]) => ({
    name,
    in: inPath.includes(name) ? ('path' as const) : ('query' as const),
    required: required.includes(name),
    description,
    schema,
  }))
  if (it.method === 'post') return [...plain, parameterRef('IdempotencyKey')]
  if (it.method !== 'get') return plain
  return [...plain, parameterRef('IfNoneMatch'), ...('wait' in properties ? [parameterRef('Prefer')] : [])]
}
