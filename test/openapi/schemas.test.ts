import { readFileSync } from 'node:fs'
import { getRefId } from '@asteasolutions/zod-to-openapi'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { components } from '../../openapi/components.ts'
import { openApiDocument } from '../../openapi/document.ts'
import { eventExamples } from '../../openapi/event-examples.ts'
import { eventNames, events } from '../../openapi/events.ts'
import * as example from '../../openapi/examples.ts'
import { type JsonSchema, personalFields, printSchema } from '../../openapi/json-schema.ts'
import { operationIds, operations } from '../../openapi/operations.ts'
import { printedFiles } from '../../openapi/print.ts'
import { problemExamples } from '../../openapi/problem-examples.ts'
import { Problem, problemCodes } from '../../openapi/schemas/problem.ts'

const document = openApiDocument('https://talkif.example', '1.2.3')
const schemas = document.components!.schemas as Record<string, JsonSchema>

describe('examples', () => {
  test.each(operationIds)('%s: the input is one, and the output says nothing that the schema does not know', (id) => {
    const { input, output, examples } = operations[id]
    expect(input.parse(examples.input)).toEqual(examples.input)
    for (const one of [examples.output, 'created' in examples ? examples.created : examples.output])
      expect(output.parse(one)).toEqual(one)
  })

  test.each(eventNames)('%s', (name) => {
    expect(events[name].payload.parse(eventExamples[name])).toEqual(eventExamples[name])
  })

  test.each(problemCodes)('%s', (code) => {
    const problem = problemExamples('https://talkif.example')[code]
    expect(Problem.parse(problem)).toEqual(problem)
    expect(problem.code).toBe(code)
  })

  test('the flow is the product page’s, letter for letter', () => {
    const file = new URL('../../flows/pricing-v3.yaml', import.meta.url)
    expect(example.flowYaml).toBe(readFileSync(file, 'utf8'))
  })
})

describe('the printed document', () => {
  test.each(printedFiles().map((it) => [it.file.pathname.split('/').at(-1)!, it] as const))(
    '%s is what the code says',
    (name, it) => {
      expect(readFileSync(it.file, 'utf8') === it.text, `${name} is stale: npm run print`).toBe(true)
    },
  )

  test('its components are the schemas through the one printer, and no others', () => {
    const named: [z.ZodType, 'input' | 'output'][] = [
      ...operationIds.flatMap((id): [z.ZodType, 'input' | 'output'][] => [
        ...(operations[id].method === 'post' ? [[operations[id].input, 'input'] as [z.ZodType, 'input']] : []),
        [operations[id].output, 'output'],
      ]),
      ...eventNames.map((name): [z.ZodType, 'output'] => [events[name].payload, 'output']),
      [Problem, 'output'],
    ]
    const expected = Object.fromEntries(named.map(([schema, io]) => [getRefId(schema), printSchema(schema, io)]))
    expect(schemas).toEqual(expected)
  })

  test('every reference leads somewhere, and every component is referred to', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, to]) => to)
    expect(new Set(refs)).toEqual(new Set(Object.keys(schemas)))
  })

  test('inputs are closed, outputs open, in every depth', () => {
    const inputs = ['CreateLead', 'CreateList', 'UpsertFlow', 'UpsertHandoff']
    for (const [name, schema] of Object.entries(schemas)) {
      const objects = nodes(schema).filter(([, node]) => node.properties !== undefined)
      expect(objects.length).toBeGreaterThan(0)
      for (const [path, node] of objects) {
        expect(node.additionalProperties, `${name}${path}`).toBe(inputs.includes(name) ? false : undefined)
      }
    }
  })

  test('it prints what several clients trip over in one way: no $ref, no nullable type lists, no long patterns, no words of our own', () => {
    for (const [name, schema] of Object.entries(schemas)) {
      for (const [path, node] of nodes(schema)) {
        expect(Array.isArray(node.type) && node.type.includes('null'), `${name}${path}`).toBe(false)
        expect(String(node.pattern ?? '').length, `${name}${path}`).toBeLessThan(80)
        expect(Object.keys(node).filter((key) => key.startsWith('x-'))).toEqual([])
        expect(node, `${name}${path}`).not.toHaveProperty('$ref')
      }
    }
  })

  test('every component and every field of one says what it is', () => {
    for (const [name, schema] of Object.entries(schemas)) {
      expect(schema.description, name).toMatch(/^[A-Z`].*[^.]\.$/)
      for (const [path, node] of nodes(schema)) {
        if (path.split('/').at(-2) !== 'properties') continue
        const inner = [node, ...nodes(node.anyOf).map(([, it]) => it)]
        expect(
          inner.some((it) => typeof it.description === 'string'),
          `${name}${path}`,
        ).toBe(true)
      }
    }
  })

  test('the surface: eight operations under /v1 and eight webhooks', () => {
    const paths = Object.entries(document.paths!).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(paths.toSorted()).toEqual([
      'DELETE /v1/leads/{id}',
      'GET /v1/calls/{id}',
      'GET /v1/flows/{id}',
      'GET /v1/numbers',
      'POST /v1/flows',
      'POST /v1/handoffs',
      'POST /v1/leads',
      'POST /v1/lists',
    ])
    expect(Object.keys(document.webhooks!)).toEqual([
      'lead.created',
      'call.started',
      'call.answered',
      'outcome.booked',
      'outcome.qualified',
      'outcome.no_answer',
      'outcome.not_fit',
      'outcome.wrong_number',
    ])
    expect(document.servers!.map(({ url }) => url)).toEqual(['https://talkif.example'])
    expect(document.externalDocs?.url).toBe('https://talkif.example/docs/quickstart')
    expect(document.info.contact?.url).toBe('https://talkif.example/')
  })

  test('each operation documents its success, its problems, and its example', () => {
    for (const id of operationIds) {
      const it = operations[id]
      const printedOperation = document.paths![it.path]![it.method]!
      expect(printedOperation.operationId).toBe(id)
      const statuses = Object.keys(printedOperation.responses!).map(Number)
      expect(statuses).toEqual(expect.arrayContaining([it.success, 401, 403, 422, 429, 503]))
      const answer = (printedOperation.responses as Record<number, { content: Record<string, { example: unknown }> }>)[
        it.success
      ]
      expect(answer!.content['application/json']!.example).toEqual(it.examples.output)
    }
  })
})

describe('personal data', () => {
  /** Where the contract says that something of a person is held; `*` is any member or row. */
  const fields: Record<string, string[]> = {
    CreateLead: ['phone', 'name', 'email', 'consent.ip', 'metadata.*'],
    CreateList: ['consent.ip', 'leads.*'],
    UpsertHandoff: ['targets.*.name', 'targets.*.phone', 'targets.*.sip'],
    HandoffQueue: ['targets.*.name', 'targets.*.phone', 'targets.*.sip'],
    Call: [
      'phone',
      'detail',
      'attempts.*.from',
      'answers.*',
      'booking.owner',
      'booking.notes',
      'handoff.reason',
      'handoff.target',
      'handoff.message',
      'transcript.*.text',
    ],
    NumberPage: ['data.*.phone'],
    LeadCreatedEvent: ['phone', 'consent.ip'],
    OutcomeBookedEvent: ['answers.*', 'booking.owner', 'booking.notes'],
    OutcomeQualifiedEvent: ['answers.*', 'handoff.reason', 'handoff.target', 'handoff.message'],
    OutcomeNoAnswerEvent: ['answers.*'],
    OutcomeNotFitEvent: ['answers.*', 'detail'],
    OutcomeWrongNumberEvent: ['answers.*'],
  }

  const flagged = (name: string) => {
    const { schema, io } = components.find((it) => it.name === name)!
    return personalFields(schema, io).map((path) => path.slice(1).replaceAll('/', '.'))
  }

  test.each(Object.keys(schemas))('%s flags exactly the fields that hold it, and the document lists them', (name) => {
    expect(flagged(name).toSorted()).toEqual((fields[name] ?? []).toSorted())
    const listed = (document as { 'x-personal-data'?: Record<string, string[]> })['x-personal-data']![name] ?? []
    expect(listed.map((path) => path.slice(1).replaceAll('/', '.'))).toEqual(flagged(name))
  })

  test('no field with a telling name goes without the flag', () => {
    const telling = /^(phone|email|ip|sip|owner|notes|text|answers|metadata)$/
    // The words a consent was given in are the form's, not the person's.
    const innocent = ['CreateLead: consent.text', 'CreateList: consent.text', 'LeadCreatedEvent: consent.text']
    const bare = Object.entries(schemas).flatMap(([name, schema]) =>
      nodes(schema)
        .filter(([path]) => telling.test(path.split('/').at(-1)!) && path.split('/').at(-2) === 'properties')
        .map(([path]) => fieldOf(path))
        .filter((field) => !flagged(name).some((it) => it === field || it.startsWith(`${field}.`)))
        .map((field) => `${name}: ${field}`),
    )
    expect(bare.filter((it) => !innocent.includes(it))).toEqual([])
  })
})

/** Every schema node of a printed schema with its path, the root first. */
function nodes(node: unknown, path = ''): [string, JsonSchema][] {
  if (typeof node !== 'object' || node === null) return []
  if (Array.isArray(node)) return node.flatMap((inner, index) => nodes(inner, `${path}/${index}`))
  const inner = Object.entries(node).filter(([key]) => key !== 'examples')
  return [[path, node as JsonSchema], ...inner.flatMap(([key, value]) => nodes(value, `${path}/${key}`))]
}

/** `/properties/consent/anyOf/1/properties/ip` → `consent.ip`. */
const fieldOf = (path: string): string =>
  path
    .replaceAll(/\/(anyOf|oneOf)\/\d+/g, '')
    .replaceAll(/\/(items|additionalProperties)/g, '/*')
    .replaceAll('/properties', '')
    .slice(1)
    .replaceAll('/', '.')
