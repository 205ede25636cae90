import { expect } from 'vitest'
import { parse } from 'yaml'
import { openApiDocument } from '../../openapi/document.ts'
import { call, lead as exampleLead } from '../../openapi/examples.ts'
import { headerName, responseHeaders } from '../../openapi/http.ts'
import { type operationIds, operations } from '../../openapi/operations.ts'
import { problemExamples } from '../../openapi/problem-examples.ts'
import { schemaDocuments } from '../../openapi/schema-documents.ts'
import type { ProblemCode } from '../../openapi/schemas/problem.ts'
import { version } from '../../runtime/version.ts'
import { type Desk, lead, somebody, test } from '../api/desk.ts'

const json = { 'content-type': 'application/json' }

test('the OpenAPI document is served as JSON and as YAML, for the address of this server', async ({ desk }) => {
  const expected = JSON.parse(JSON.stringify(openApiDocument(desk.url, version)))
  const asJson = await fetch(`${desk.url}/openapi.json`)
  expect(asJson.headers.get('content-type')).toBe('application/json')
  expect(await asJson.json()).toEqual(expected)
  const asYaml = await fetch(`${desk.url}/openapi.yaml`)
  expect(asYaml.headers.get('content-type')).toBe('application/yaml')
  const text = await asYaml.text()
  expect(parse(text)).toEqual(expected)
  expect(text).not.toMatch(/[&*]a\d/)
})

test('each JSON Schema is served under its name, the same by every server, and the index lists them all', async ({
  desk,
}) => {
  const schemas = schemaDocuments()
  const index = (await (await fetch(`${desk.url}/schemas`)).json()) as { schemas: { name: string; url: string }[] }
  expect(index.schemas.map(({ name }) => name)).toEqual(Object.keys(schemas))
  for (const { name, url } of index.schemas) {
    const response = await fetch(url)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/schema+json'])
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(url).toBe(`${desk.url}/schemas/${name}.json`)
    expect(await response.json()).toEqual(schemas[name])
    const known = await fetch(url, { headers: { 'if-none-match': response.headers.get('etag')! } })
    expect(known.status).toBe(304)
  }
  expect((await fetch(`${desk.url}/schemas/Nothing.json`)).status).toBe(404)
})

/** A request that fails with this code, its details as in the examples; what a desk cannot provoke is not here. */
const provocations: Partial<Record<ProblemCode, (desk: Desk) => Promise<{ body: unknown }>>> = {
  unauthenticated: (desk) => desk.with(undefined).get('/v1/numbers'),
  forbidden: async (desk) =>
    desk.with((await desk.newKey({ scopes: ['calls:read'] })).key).post('/v1/leads', { ...lead, phone: somebody() }),
  not_found: (desk) => desk.get(`/v1/calls/${call.id}`),
  method_not_allowed: (desk) => desk.put('/v1/leads', {}),
  unsupported_media_type: (desk) =>
    desk.send('/v1/leads', { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }),
  payload_too_large: (desk) => desk.post('/v1/leads', { ...lead, phone: 'x'.repeat(300_000) }),
  malformed_json: (desk) => desk.send('/v1/leads', { method: 'POST', body: '', headers: json }),
  invalid_request: (desk) => desk.post('/v1/leads', { ...exampleLead, call_within: 172_800, intnet: 'pricing' }),
  consent_required: (desk) => desk.post('/v1/leads', { ...lead, phone: somebody(), consent: false }),
  phone_invalid: (desk) => desk.post('/v1/leads', { ...lead, phone: '0532 123 42 18' }),
  lead_invalid: (desk) => desk.post('/v1/leads', { ...lead, phone: somebody(), time_zone: 'Mars/Phobos' }),
  opted_out: async (desk) => {
    const phone = somebody()
    await desk.post('/workspace/dnc', { phones: [phone] })
    return desk.post('/v1/leads', { ...lead, phone })
  },
  no_flow_matches: (desk) => desk.post('/v1/leads', { ...lead, phone: somebody(), flow_id: 'flow_pricing_v4' }),
  flow_invalid: (desk) => desk.post('/v1/flows', { yaml: 'id: a\non:\n  no_answer: retyr(15m)\n' }),
  permanent: async (desk) => {
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    await live.post('/workspace/dnc', { phones: ['+12025550143'] })
    return live.delete('/workspace/dnc/+12025550143')
  },
  idempotency_mismatch: async (desk) => {
    const key = { 'idempotency-key': 'form-4711' }
    await desk.post('/v1/leads', { ...lead, phone: somebody() }, key)
    return desk.post('/v1/leads', { ...lead, phone: somebody() }, key)
  },
}

test.for(Object.keys(provocations) as ProblemCode[])(
  '%s: the example is what the server answers',
  async (code, { desk }) => {
    const { body } = await provocations[code]!(desk)
    const { request_id: _, ...example } = problemExamples(desk.url)[code]
    expect(body).toEqual({ ...example, request_id: expect.stringMatching(/^req_/) })
  },
)

test('what the document says of headers is so', async ({ desk }) => {
  const document = openApiDocument(desk.url, version)
  const documented = (id: (typeof operationIds)[number], status: number): string[] => {
    const it = operations[id]
    const response = document.paths![it.path]![it.method]!.responses![status] as { headers: object } | undefined
    return Object.keys(response!.headers)
  }
  const every = Object.keys(responseHeaders).map(headerName)
  const found = (headers: Headers) => every.filter((name) => headers.has(name))
  const post = (key: string, phone: string) => desk.post('/v1/leads', { ...lead, phone }, { 'idempotency-key': key })
  const phone = somebody()
  const first = await post('same', phone)
  expect(found(first.headers)).toEqual(['Request-Id'])
  const again = await post('same', phone)
  expect(found(again.headers)).toEqual(documented('createLead', 202))
  const read = await desk.get('/v1/numbers')
  expect(found(read.headers)).toEqual(documented('listNumbers', 200))
  const known = await desk.get('/v1/numbers', { 'if-none-match': read.headers.get('etag')! })
  expect([known.status, found(known.headers)]).toEqual([304, documented('listNumbers', 304)])
  const waited = await desk.get(`/v1/calls/${first.body.call_id}`, { prefer: 'wait=0' })
  expect(waited.body.status).toBe('queued')
  const nobody = await desk.with(undefined).get('/v1/numbers')
  const { Unauthenticated } = document.components!.responses as Record<string, { headers: object }>
  expect(found(nobody.headers)).toEqual(Object.keys(Unauthenticated!.headers))
})

test('a flow may come as YAML, as the document says', async ({ desk }) => {
  const { requestBody } = openApiDocument(desk.url, version).paths!['/v1/flows']!.post as {
    requestBody: { content: Record<string, { example: string }> }
  }
  const { example } = requestBody.content['application/yaml']!
  const headers = { 'content-type': 'application/yaml' }
  const { status, body } = await desk.send('/v1/flows', { method: 'POST', body: example, headers })
  expect([status, body.id]).toEqual([200, 'flow_pricing_v3'])
})
