import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseFlow } from '../../flows/language/parse.ts'
import { printFlow } from '../../flows/language/print.ts'
import { flowSchema } from '../../openapi/flow-schema.ts'
import { OUTCOMES } from '../../openapi/schemas/flow-document.ts'
import { anyFlow } from './any-flow.ts'
import { brokenFlows } from './broken-flows.ts'

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(flowSchema)

/** As an editor judges a file: its YAML must be YAML, and then what the schema says. */
function isTaken(yaml: string): boolean {
  try {
    return validate(parse(yaml))
  } catch {
    return false
  }
}

const folder = new URL('../../flows/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')

test.each(files)('%s is taken by the schema and by the parser', (name) => {
  expect(isTaken(read(name))).toBe(true)
  expect(parseFlow(read(name))).toHaveProperty('flow')
})

test('an example tells editors where the schema is; the page’s own flow stays as the page prints it', () => {
  expect(files).toContain('pricing-v3.yaml')
  const comment = /^# yaml-language-server: \$schema=(\S+)$/m
  const others = files.filter((name) => name !== 'pricing-v3.yaml')
  expect(others.length).toBeGreaterThan(0)
  for (const name of others) {
    const target = comment.exec(read(name))?.[1] ?? 'nowhere'
    expect(JSON.parse(readFileSync(new URL(target, folder), 'utf8'))).toMatchObject({ title: 'flow' })
  }
})

/** What only the parser can know, or is YAML that an editor takes. */
const beyondSchemas = [
  'a tag',
  'a directive',
  'a dial budget over a day',
  'quiet hours of no length',
  'retention in hours',
  'a slot given twice',
  'two retries',
  'a greeting that hides the AI',
]

test.each(brokenFlows)('$what: refused, unless it is beyond schemas', ({ what, yaml }) => {
  expect(isTaken(yaml)).toBe(beyondSchemas.includes(what))
})

test('every exception is one', () => {
  expect(beyondSchemas.filter((what) => !brokenFlows.some((it) => it.what === what))).toEqual([])
})

test('whatever the parser takes, the schema takes', () => {
  fc.assert(
    fc.property(anyFlow, (flow) => {
      expect(isTaken(printFlow(flow))).toBe(true)
    }),
    { numRuns: 150 },
  )
})

test('actions: the pattern takes what the parser takes, and refuses what it refuses', () => {
  const word = fc.constantFrom(
    ...['book', 'retry', 'log', 'sms', 'whatsapp', 'handoff', 'webhook', 'calendar.mehmet', 'delay', 'max', 'backoff'],
    ...['15m', '3', 'fixed', 'template', '"a b"', 'sales', '(', ')', '(', ')', ',', '=', ' ', '  '],
  )
  const written = fc.array(word, { maxLength: 12 }).map((words) => words.join(''))
  const known = fc.constantFrom(
    ...['retry(15m, max=3) whatsapp', 'retry("15 m" , backoff = fixed)sms', 'book(calendar=calendar.mehmet)'],
    ...[
      'handoff("sales") webhook(crm) log(later)',
      'sms sms(template=x)',
      'retry(max=2, delay=1h, backoff=exponential)',
    ],
    ...['retry()', 'sms(', 'log("a"b")', 'smswhatsapp', 'whatsapp()sms', 'retry(15m max=3)', 'retry(15m,)'],
  )
  const property = fc.property(fc.oneof(written, known), fc.constantFrom(...OUTCOMES), (text, outcome) => {
    const yaml = `id: a\non:\n  ${outcome}: ${JSON.stringify(text)}\n`
    const parsed = parseFlow(yaml)
    // Said twice, and longer than allowed: no pattern counts.
    const counted = 'faults' in parsed ? parsed.faults.filter((it) => !/twice/.test(it.message)) : []
    const isParsed = counted.length === 0
    expect([text, outcome, isTaken(yaml)]).toEqual([text, outcome, isParsed])
  })
  fc.assert(property, { numRuns: 3_000 })
})
