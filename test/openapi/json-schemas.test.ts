import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { openApiDocument } from '../../openapi/document.ts'
import { eventExamples } from '../../openapi/event-examples.ts'
import type { JsonSchema } from '../../openapi/json-schema.ts'
import { operationIds, operations } from '../../openapi/operations.ts'
import { problemExamples } from '../../openapi/problem-examples.ts'
import { schemaDocuments } from '../../openapi/schema-documents.ts'

const url = 'https://talkif.example'
const schemas = schemaDocuments()

/** As a user would, with everything strict and nothing told beforehand. */
function compile(schema: JsonSchema): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allErrors: true })
  ajvFormats.default(ajv)
  return ajv.compile(schema)
}

describe('JSON Schemas', () => {
  test('are there for every component, the workspace document and the two files', () => {
    const { components } = openApiDocument(url, '1.2.3')
    expect(Object.keys(schemas)).toEqual([...Object.keys(components!.schemas!), 'WorkspaceDocument', 'flow', 'talkif'])
  })

  test.each(Object.entries(schemas))(
    '%s has an id, a title and a description, and compiles in strict mode',
    (name, it) => {
      expect(it).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        // The product's own address: the same on every server.
        $id: `https://talkif.ai/schemas/${name}.json`,
        title: name,
        description: expect.stringMatching(/^[A-Z].*\.$/),
      })
      expect(compile(it)).toBeTypeOf('function')
    },
  )

  test('are the components of the OpenAPI document, word for word', () => {
    const { components } = openApiDocument(url, '1.2.3')
    for (const [name, component] of Object.entries(components!.schemas!)) {
      const { $schema: _, $id: __, title: ___, ...rest } = schemas[name]!
      expect(rest).toEqual(component)
    }
  })

  test('take every example, and nothing but objects', () => {
    const named = (suffix: string) => compile(schemas[suffix]!)
    for (const [name, payload] of Object.entries(eventExamples)) {
      const component = name.replace(/(?:^|[._])(\w)/g, (_, letter: string) => letter.toUpperCase())
      const validate = named(`${component}Event`)
      expect(validate(payload), name).toBe(true)
      expect(validate({ ...payload, event: 'call.ended' }), name).toBe(false)
    }
    const problem = named('Problem')
    for (const it of Object.values(problemExamples(url))) expect(problem(it)).toBe(true)
    const inputs = {
      createLead: 'CreateLead',
      createList: 'CreateList',
      upsertFlow: 'UpsertFlow',
      upsertHandoff: 'UpsertHandoff',
    }
    for (const id of operationIds) {
      if (!(id in inputs)) continue
      const validate = named(inputs[id as keyof typeof inputs])
      expect(validate(operations[id].examples.input), id).toBe(true)
      expect(validate({ ...operations[id].examples.input, unknown: 1 }), id).toBe(false)
    }
    for (const name of Object.keys(schemas)) expect(named(name)([]), name).toBe(false)
  })
})
