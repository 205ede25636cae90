import { getRefId, OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi'
import type { z } from 'zod'
import { events } from './events.ts'
import { type JsonSchema, printSchema } from './json-schema.ts'
import { type Operation, pathParameters } from './operation.ts'
import { operations } from './operations.ts'
import { Problem, type ProblemCode, problems } from './schemas/problem.ts'

const title = 'Talkif'
const description =
  'Turn a lead event into an AI phone call within seconds. `POST /v1/leads` queues an outbound call; its typed, signed outcome ' +
  'comes back as a webhook, and `GET /v1/calls/{id}?wait=30` waits for it.'

/** Every operation can fail in these ways besides its own. */
const everywhere: ProblemCode[] = ['unauthenticated', 'forbidden', 'rate_limited', 'unavailable']
const withBody: ProblemCode[] = [
  'malformed_json',
  'unsupported_media_type',
  'payload_too_large',
  'idempotency_conflict',
  'idempotency_mismatch',
]

/** The codes an operation can answer, its own and the common ones. */
export const problemsOf = (it: Operation): ProblemCode[] => [
  ...everywhere,
  ...(it.method === 'post' ? withBody : []),
  ...it.problems,
]

/** OpenAPI 3.1 of the whole surface, for a server at `serverUrl`. */
export function openApiDocument(serverUrl: string, version: string) {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: '`tk_test_…` drives the sandbox phone network; `tk_live_…` places real calls.',
  })
  for (const [operationId, it] of Object.entries(operations)) registry.registerPath(route(operationId, it))
  for (const [name, it] of Object.entries(events)) {
    registry.registerWebhook({
      method: 'post',
      path: name,
      operationId: name.replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase()),
      summary: it.summary,
      tags: ['Webhooks'],
      request: { body: { required: true, content: { 'application/json': { schema: it.payload } } } },
      responses: { 204: { description: 'Any 2xx within 15 s counts as delivered.' } },
    })
  }
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title,
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      contact: { name: 'Talkif', url: `${serverUrl}/docs` },
    },
    servers: [{ url: serverUrl }],
    security: [{ apiKey: [] }],
    tags: ['Leads', 'Calls', 'Flows', 'Lists', 'Numbers', 'Handoffs', 'Webhooks'].map((name) => ({ name })),
  })
  document.components!.schemas = Object.fromEntries(componentSchemas())
  return document
}

/** The named objects as our one printer prints them, parts inlined; the generator's own print differs and is thrown away. */
function componentSchemas(): [string, JsonSchema][] {
  const inputs = Object.values(operations).flatMap((it) => (it.method === 'post' ? [[it.input, 'input'] as const] : []))
  const outputs = [
    ...Object.values(operations).map((it) => it.output),
    ...Object.values(events).map((it) => it.payload),
    Problem,
  ].map((schema) => [schema, 'output'] as const)
  return [...inputs, ...outputs].map(([schema, io]) => [nameOf(schema), printSchema(schema, io)])
}

function nameOf(schema: z.ZodType): string {
  const name = getRefId(schema)
  if (!name) throw new Error('A schema of the surface has no name: call .openapi("Name") on it.')
  return name
}

function route(operationId: string, it: Operation): RouteConfig {
  const inPath = pathParameters(it)
  const params = inPath.length
    ? it.input.pick(Object.fromEntries(inPath.map((name) => [name, true])) as never)
    : undefined
  const rest = it.input.omit(Object.fromEntries(inPath.map((name) => [name, true])) as never)
  const hasQuery = it.method !== 'post' && Object.keys(rest.shape).length > 0
  const example = Object.fromEntries(Object.entries(it.examples.input).filter(([name]) => !inPath.includes(name)))
  return {
    method: it.method,
    path: it.path,
    operationId,
    tags: [it.tag],
    summary: it.summary,
    description: it.description,
    request: {
      ...(params ? { params } : {}),
      ...(hasQuery ? { query: rest } : {}),
      ...(it.method === 'post'
        ? { body: { required: true, content: { 'application/json': { schema: it.input, example } } } }
        : {}),
    },
    responses: { ...successes(it), ...failures(it) },
  }
}

function successes(it: Operation): RouteConfig['responses'] {
  const content = { 'application/json': { schema: it.output, example: it.examples.output } }
  const named = Object.entries(it.successes ?? {}).map(([status, text]) => [status, { description: text, content }])
  return Object.fromEntries([[it.success, { description: it.summary, content }], ...named])
}

function failures(it: Operation): RouteConfig['responses'] {
  const byStatus = Map.groupBy(problemsOf(it), (code) => problems[code][0])
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${problems[code][1]}.`).join(' '),
        content: { 'application/problem+json': { schema: Problem } },
      },
    ]),
  )
}
