import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, test } from 'vitest'
import { type JsonSchema, printSchema } from '../../openapi/json-schema.ts'
import { type Operation, snake } from '../../openapi/operation.ts'
import { operationIds, operations } from '../../openapi/operations.ts'
import { printTools, takesKey } from '../../openapi/tools.ts'
import { differences } from './same-schema.ts'

const tools = printTools()
const definitions = tools.map((tool) => tool.definition)

test('there is a tool for each operation, and no other', () => {
  expect(tools.map((tool) => tool.operation)).toEqual(operationIds)
  expect(definitions.map((it) => it.name)).toEqual(operationIds.map(snake))
})

test('the definitions are those that were reviewed', async () => {
  for (const definition of definitions) {
    const text = `${JSON.stringify(definition, null, 2)}\n`
    await expect(text).toMatchFileSnapshot(`./tools/${definition.name}.snap`)
  }
})

test('the list costs an agent few tokens', () => {
  const whole = countTokens(JSON.stringify(definitions))
  const read = countTokens(
    JSON.stringify(definitions.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }))),
  )
  console.info(`tools/list: ${whole} tokens (o200k), of which a model that is not shown output schemas reads ${read}`)
  expect(whole).toBeLessThanOrEqual(5000)
  expect(read).toBeLessThanOrEqual(3100)
})

describe.each(tools)('$definition.name', ({ operation, definition }) => {
  const it: Operation = operations[operation]

  test('says when to use it, with an example that its schema accepts, and all four hints', () => {
    expect(definition.description).toMatch(/^Use this when .+\. Example: \{.*\}$/s)
    const example = JSON.parse(definition.description.split(' Example: ')[1]!)
    expect(ajv().validate(definition.inputSchema, example)).toBe(true)
    expect(definition.title).toMatch(/^[A-Z][a-z]+ [a-z]+$/)
    expect(Object.values(definition.annotations).map((hint) => typeof hint)).toEqual(Array(4).fill('boolean'))
    expect(definition.annotations.readOnlyHint).toBe(it.method === 'get')
  })

  test('every field is described, nothing is referred to', () => {
    for (const schema of [definition.inputSchema, definition.outputSchema]) {
      expect(undescribed(schema)).toEqual([])
      expect(JSON.stringify(schema)).not.toMatch(/"\$(ref|defs|id|schema)"/)
    }
  })

  test('an idempotency key is taken by what creates, and by nothing else', () => {
    const { properties } = definition.inputSchema as unknown as { properties: object }
    expect('idempotency_key' in properties).toBe(takesKey(it))
    expect(takesKey(it)).toBe(['createLead', 'createList'].includes(operation))
  })

  const { idempotency_key: _, ...properties } = definition.inputSchema.properties as Record<string, unknown>
  const input: JsonSchema = { ...definition.inputSchema, properties }
  const inInput = (one: JsonSchema) => differences(one, printSchema(it.input, 'input'), { io: 'input' })
  const output = printSchema(it.tool.answer?.schema ?? it.output, 'output')
  const inOutput = (one: JsonSchema) => differences(one, output, { io: 'output', shows: it.tool.shows })

  test('its input lacks nothing that binds, its output declares what is stated, and Ajv reads both in strict mode', () => {
    expect(inInput(input)).toEqual([])
    expect(inOutput(definition.outputSchema)).toEqual([])
    for (const schema of [definition.inputSchema, definition.outputSchema]) ajv().compile(schema)
  })

  test('one word more or less in a schema is noticed', () => {
    for (const one of lessOneWord(input)) expect(inInput(one), JSON.stringify(one)).not.toEqual([])
    for (const one of lessOneWord(definition.outputSchema)) expect(inOutput(one), JSON.stringify(one)).not.toEqual([])
    expect(inInput({ ...input, minProperties: 1 })).toEqual(['/minProperties'])
    expect(inOutput({ ...definition.outputSchema, properties: { nope: {} } })).toContain('/properties/nope')
  })
})

function ajv() {
  const validator = new Ajv2020({ strict: true, allErrors: true })
  addFormats.default(validator)
  return validator
}

/** A JSON value in all forms that lack one member somewhere, or one entry. */
function lessOneWord<T>(value: T): T[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) {
    const without = value.map((_, i) => value.toSpliced(i, 1))
    return [...without, ...value.flatMap((entry, i) => lessOneWord(entry).map((less) => value.with(i, less)))] as T[]
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    const { [key]: _, ...without } = value as Record<string, unknown>
    return [without, ...lessOneWord(inner).map((less) => ({ ...value, [key]: less }))] as T[]
  })
}

/** Paths of the fields that say nothing of themselves, neither at their top nor where they hold a value. */
function undescribed(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null) return []
  const { properties = {}, items, anyOf = [] } = node as { properties?: object; items?: object; anyOf?: object[] }
  const fields = Object.entries(properties).flatMap(([name, field]) => [
    ...(isDescribed(field) ? [] : [`${path}/${name}`]),
    ...undescribed(field, `${path}/${name}`),
  ])
  return [...fields, ...undescribed(items, `${path}/*`), ...anyOf.flatMap((form) => undescribed(form, path))]
}

/** A value that may be null says it where it is not. */
const isDescribed = ({ description, anyOf = [] }: { description?: string; anyOf?: { description?: string }[] }) =>
  [{ description }, ...anyOf].some((form) => form.description)
