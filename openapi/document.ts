import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi'
import { component, components } from './components.ts'
import { eventExamples } from './event-examples.ts'
import { type EventName, eventNames, events } from './events.ts'
import { failure, failures, problemsOf, sharedFailures } from './failures.ts'
import {
  headerParameters,
  headersOf,
  parameterRef,
  parametersOf,
  responseHeaders,
  schemaRef,
  webhookHeaders,
} from './http.ts'
import { personalFields } from './json-schema.ts'
import { MAX_BODY, type Operation } from './operation.ts'
import { operations } from './operations.ts'
import { guides, landing } from './pages.ts'
import { problemExamples } from './problem-examples.ts'
import { problemCodes, problems } from './schemas/problem.ts'

const description =
  'Turn a lead event into an AI phone call within seconds. `POST /v1/leads` queues an outbound call; its typed, signed outcome ' +
  'comes back as a webhook, and `GET /v1/calls/{id}?wait=30` waits for it.'

/** In the order of a lead's way. */
const tags = [
  { name: 'Leads', description: 'People who asked for something and agreed to be called.' },
  { name: 'Calls', description: 'The one conversation we try to have with a lead, and what came of it.' },
  { name: 'Flows', description: 'Which leads are called, how, what is asked and what follows: YAML with versions.' },
  { name: 'Lists', description: 'Many leads at once, behind single ones.' },
  { name: 'Numbers', description: 'The numbers calls are placed from.' },
  { name: 'Handoffs', description: 'Queues of people who take over a call.' },
  { name: 'Webhooks', description: 'What is posted to your endpoints: signed, and at least once.' },
]

/** OpenAPI 3.1 of the whole surface, for a server at `serverUrl`. */
export function openApiDocument(serverUrl: string, version: string) {
  const registry = new OpenAPIRegistry()
  registerShared(registry, serverUrl)
  for (const [operationId, it] of Object.entries(operations)) registry.registerPath(route(operationId, it))
  for (const name of eventNames) registry.registerWebhook(webhook(name))
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Talkif',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      contact: { name: 'Talkif', url: `${serverUrl}${landing.path}` },
    },
    servers: [{ url: serverUrl, description: 'This server.' }],
    security: [{ apiKey: [] }],
    tags,
    externalDocs: { url: `${serverUrl}${guides.quickstart.path}`, description: 'Quickstart' },
    'x-personal-data': Object.fromEntries(
      components
        .map(({ name, schema, io }) => [name, personalFields(schema, io)])
        .filter(([, fields]) => fields!.length),
    ),
  })
  // The generator's own print of the schemas differs from ours and is thrown away.
  document.components!.schemas = Object.fromEntries(components.map(({ name, json }) => [name, json]))
  return document
}

/** What operations refer to instead of repeating it. */
function registerShared(registry: OpenAPIRegistry, serverUrl: string): void {
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description:
      '`tk_test_…` drives the sandbox phone network; `tk_live_…` places real calls. Each operation names the scope a key needs for it.',
  })
  for (const [name, it] of Object.entries(responseHeaders)) registry.registerComponent('headers', name, it)
  for (const [name, it] of Object.entries({ ...headerParameters, ...webhookHeaders }))
    registry.registerComponent('parameters', name, it)
  const examples = problemExamples(serverUrl)
  const answered = new Set(Object.values(operations).flatMap(problemsOf))
  for (const code of problemCodes.filter((it) => answered.has(it)))
    registry.registerComponent('examples', code, { summary: problems[code][1], value: examples[code] })
  for (const [name, codes] of sharedFailures) registry.registerComponent('responses', name, failure(codes))
}

function route(operationId: string, it: Operation): RouteConfig {
  return {
    method: it.method,
    path: it.path,
    operationId,
    tags: [it.tag],
    summary: it.summary,
    description: `${it.description} Needs a key with the scope \`${it.scope}\`.`,
    parameters: parametersOf(it),
    ...(it.method === 'post' ? { requestBody: requestBody(it) } : {}),
    responses: { ...successes(it), ...failures(it) },
  }
}

function requestBody(it: Operation) {
  const { name, json } = component(it.input, 'input')
  const { yaml } = json.properties as { yaml?: object }
  return {
    required: true,
    description: `At most ${(it.maxBody ?? MAX_BODY) / 1024} kB.`,
    content: {
      'application/json': { schema: schemaRef(name), example: it.examples.input },
      ...(yaml ? { 'application/yaml': { schema: yaml, example: it.examples.input.yaml } } : {}),
    },
  }
}

function successes(it: Operation): RouteConfig['responses'] {
  const { name } = component(it.output, 'output')
  const headers = headersOf(
    'RequestId',
    ...(it.method === 'get' ? (['ETag'] as const) : []),
    ...(it.method === 'post' ? (['IdempotencyReplayed'] as const) : []),
  )
  const answer = (description: string, example: object) => ({
    description,
    headers,
    content: { 'application/json': { schema: schemaRef(name), example } },
  })
  const others = Object.entries(it.successes ?? {})
  return {
    [it.success]: answer(it.summary, it.examples.output),
    ...Object.fromEntries(
      others.map(([status, text]) => [status, answer(text, it.examples.created ?? it.examples.output)]),
    ),
    ...(it.method === 'get' ? { 304: { description: 'Nothing has changed.', headers } } : {}),
  }
}

function webhook(name: EventName): RouteConfig {
  return {
    method: 'post',
    path: name,
    operationId: name.replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary: name,
    description: events[name].summary,
    tags: ['Webhooks'],
    security: [],
    parameters: (Object.keys(webhookHeaders) as (keyof typeof webhookHeaders)[]).map(parameterRef),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: schemaRef(component(events[name].payload, 'output').name),
          example: eventExamples[name],
        },
      },
    },
    responses: {
      '2XX': { description: 'Within 15 s: delivered. The body is not read.' },
      410: { description: 'Nothing is sent to this endpoint any more.' },
      default: { description: 'Anything else, redirects too: tried again for 80 h, each time later.' },
    },
  }
}
