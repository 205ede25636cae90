import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import fc from 'fast-check'
import { expect } from 'vitest'
import { type JsonSchema, printSchema } from '../../openapi/json-schema.ts'
import { type Operation, pathParameters } from '../../openapi/operation.ts'
import { type OperationId, operationIds, operations } from '../../openapi/operations.ts'
import { printTools } from '../../openapi/tools.ts'
import { somebody, test } from '../api/desk.ts'
import { call, connect } from '../mcp/agents.ts'
import { fromSchema, slipped } from './from-schema.ts'

/**
 * The printed schemas and the server judge alike: what Ajv takes is never answered `invalid_request`, what Ajv refuses always is.
 * Beyond schemas, and so never generated: U+0000 and halves of surrogate pairs, the name `__proto__`, nesting over 32 levels.
 */

const ajv = new Ajv2020({ strict: true })
ajvFormats.default(ajv)

interface Verdict {
  input: unknown
  accepted: boolean
  answer: { status: number; code: string | undefined; errors?: unknown }
}

/** Both verdicts of one request; a failure shows the input and the server's own words. */
function expectAlike({ input, accepted, answer }: Verdict): void {
  const what = JSON.stringify({ input, answer })
  expect(answer.status, what).toBeLessThan(500)
  expect(answer.code === 'invalid_request', what).toBe(!accepted)
  if (!accepted) expect(answer.status, what).toBe(422)
}

/** Inputs of an operation: many that are right, some with numbers that exist, so that they go all the way, and some a slip away. */
function candidatesOf(id: OperationId, schema: JsonSchema): fc.Arbitrary<unknown> {
  const callable = fromSchema(schema).map((body) =>
    id === 'createLead' ? { ...(body as object), phone: somebody(), consent: true } : body,
  )
  return fc.oneof(fromSchema(schema), callable, slipped(callable), slipped(fc.constant(operations[id].examples.input)))
}

/** Whether a row of a list was refused as a whole: what is no object refuses its row alone. */
const hasOddRow = ({ results = [] }: { results?: { reason: string | null; errors: { pointer: string }[] }[] }) =>
  results.some(({ reason, errors }) => reason === 'invalid_request' && errors.some(({ pointer }) => pointer === ''))

const withBody = operationIds.filter((id) => operations[id].method === 'post')
const withoutBody = operationIds.filter((id) => operations[id].method !== 'post')

test.for(withBody)('%s: bodies', async (id, { desk }) => {
  const it: Operation = operations[id]
  const schema = printSchema(it.input, 'input')
  const validate = ajv.compile(schema)
  let taken = 0
  const property = fc.asyncProperty(candidatesOf(id, schema), async (body) => {
    const answer = await desk.post(it.path, body)
    const accepted = validate(JSON.parse(JSON.stringify(body)))
    if (accepted) taken++
    if (id === 'createList' && !accepted && hasOddRow(answer.body)) return
    expectAlike({ input: body, accepted, answer: { ...answer.body, status: answer.status } })
  })
  await fc.assert(property, { numRuns: 200 })
  // About one in six; that there are some is what matters.
  expect(taken).toBeGreaterThan(4)
})

test.for(['createLead', 'upsertHandoff', 'getCall'] as const)('%s: arguments of its tool', async (id, { desk }) => {
  const { inputSchema, name } = printTools().find((tool) => tool.operation === id)!.definition
  const validate = ajv.compile(inputSchema)
  const agent = await connect('2026-07-28', desk)
  const seen = { taken: 0, refused: 0 }
  const property = fc.asyncProperty(candidatesOf(id, inputSchema), async (input) => {
    const sent = JSON.parse(JSON.stringify(input))
    const accepted = validate(sent)
    seen[accepted ? 'taken' : 'refused']++
    const { problem } = await call(agent, name, sent)
    expectAlike({ input, accepted, answer: { status: 200, code: undefined, ...problem } })
  })
  await fc.assert(property, { numRuns: 100, examples: [[operations[id].examples.input]] })
  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(0)
})

test.for(withoutBody)('%s: path and query', async (id, { desk }) => {
  const it: Operation = operations[id]
  const schema = printSchema(it.input, 'input')
  const validate = ajv.compile(schema)
  const live = desk.with((await desk.newKey({ mode: 'live' })).key)
  const candidates = fc.oneof(fromSchema(schema), slipped(fromSchema(schema)), slipped(fc.constant(it.examples.input)))
  const property = fc.asyncProperty(candidates.filter(canTravel(it, schema)), async (input) => {
    const accepted = validate(input)
    for (const asker of [desk, live]) {
      const answer = await asker.send(urlOf(it, input as Record<string, unknown>), { method: it.method.toUpperCase() })
      expectAlike({ input, accepted, answer: { ...answer.body, status: answer.status } })
    }
  })
  await fc.assert(property, { numRuns: 100 })
})

/** Path and query are text: a value that does not come back from it as it was is another request. */
function canTravel(it: Operation, schema: JsonSchema) {
  const properties = schema.properties as Record<string, JsonSchema | undefined>
  return (input: unknown): boolean =>
    Object.entries(input as object).every(([name, value]) => {
      if (pathParameters(it).includes(name)) return typeof value === 'string' && !/^(\.{0,2}|.*\0.*)$/.test(value)
      const type = properties[name]?.type
      if (type === 'array')
        return Array.isArray(value) && value.every((one) => typeof one === 'string' && /^[^,]+$/.test(one))
      return typeof value === 'number' ? type === 'integer' : typeof value === 'string' && !/^-?\d/.test(value)
    }) && pathParameters(it).every((name) => name in (input as object))
}

function urlOf(it: Operation, input: Record<string, unknown>): string {
  const inPath = pathParameters(it)
  const path = inPath.reduce(
    (url, name) => url.replace(`{${name}}`, () => encodeURIComponent(String(input[name]))),
    it.path,
  )
  const query = new URLSearchParams(
    Object.entries(input)
      .filter(([name]) => !inPath.includes(name))
      .flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
      ),
  )
  return `${path}${query.size ? `?${query}` : ''}`
}
