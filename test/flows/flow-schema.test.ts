import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseFlow } from '../../flows/language/parse.ts'
import { printFlow } from '../../flows/language/print.ts'
import { flowSchema } from '../../openapi/flow-schema.ts'
import { whole } from '../../openapi/flow-schema-parts.ts'
import { OUTCOMES } from '../../openapi/schemas/flow-document.ts'
import { z } from '../../openapi/zod.ts'
import { anyFlow, longForm } from './any-flow.ts'
import { brokenFlows } from './broken-flows.ts'
import { exampleFlows } from './examples.ts'

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(flowSchema)

/** As an editor judges a file: its YAML must be YAML, and then what the schema says. */
function isTaken(yaml: string): boolean {
  try {
    return validate(parse(yaml))
  } catch {
    return false
  }
}

test.each(exampleFlows)('%s is taken by the schema and by the parser', (_, yaml) => {
  expect(isTaken(yaml)).toBe(true)
  expect(parseFlow(yaml)).toHaveProperty('flow')
})

test('a whole number may have two digits', () => {
  const compiled = new Ajv2020().compile(whole(z.int().min(2).max(12)))
  const takes = (it: unknown) => compiled(it)
  const taken = Array.from({ length: 30 }, (_, i) => [i, String(i), `0${i}`]).filter((forms) => forms.some(takes))
  expect(taken).toEqual(taken.filter((forms) => forms.every(takes)))
  expect(taken.map(([number]) => number)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
})

test('an example tells editors where the schema is; the page’s own flow stays as the page prints it', () => {
  const comment = /^# yaml-language-server: \$schema=(\S+)$/m
  const files = exampleFlows.filter(([name]) => name.startsWith('flows/'))
  const others = files.filter(([name]) => name !== 'flows/pricing-v3.yaml')
  expect([files.length, others.length]).toEqual([5, 4])
  for (const [name, yaml] of others) {
    const target = comment.exec(yaml)?.[1] ?? 'nowhere'
    const schema = readFileSync(new URL(target, new URL(`../../${name}`, import.meta.url)), 'utf8')
    expect(JSON.parse(schema)).toMatchObject({ title: 'flow' })
  }
})

/** What only the parser can know, or is YAML that an editor takes. */
const beyondSchemas = [
  'answer before the question',
  'answer to nothing asked',
  'booking before it is made',
  'choice without options',
  'dial budget over a day',
  'directive',
  'disqualifier of a text',
  'disqualifier that is no comparison',
  'disqualifier that is no option',
  'field of a url that input lacks',
  'fields that a question means',
  'greeting that hides the ai',
  'handlebars',
  'input of an unknown type',
  'input that cannot be checked',
  'option given twice',
  'quiet hours of no length',
  'retention in hours',
  'secret in a header',
  'secret in a url',
  'secret in small letters',
  'slot given twice',
  'slow tool',
  'tag',
  'tool without encryption',
  'two retries',
  'unknown field in the greeting',
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
      for (const yaml of [printFlow(flow), longForm(flow)]) {
        expect(parseFlow(yaml)).toMatchObject({ flow })
        expect(isTaken(yaml)).toBe(true)
      }
    }),
    { numRuns: 150 },
  )
})

test('actions: the pattern takes what the parser takes, and refuses what it refuses', () => {
  const word = fc.constantFrom(
    ...['book', 'retry', 'log', 'sms', 'whatsapp', 'handoff', 'webhook', 'calendar.mehmet', 'delay', 'max', 'backoff'],
    ...['15m', '3', '1.5', 'fixed', 'template', 'car', '"a b"', 'sales', '(', ')', '(', ')', ',', '=', ' ', '  '],
  )
  const written = fc.array(word, { maxLength: 12 }).map((words) => words.join(''))
  const known = fc.constantFrom(
    ...['retry(15m, max=3) whatsapp', 'retry("15 m" , backoff = fixed)sms', 'book(calendar=calendar.mehmet)'],
    ...[
      'handoff("sales") webhook(crm) log(later)',
      'sms sms(template=x)',
      'retry(max=2, delay=1h, backoff=exponential)',
    ],
    ...['retry(15m, backoff=1.5)', 'sms("x", car="{metadata.car}", 1=b)whatsapp(x, a="b")', 'retry(15m, max=0010)'],
    ...[
      'sms(car=x)',
      'sms(car=x, template=y)',
      'retry(1h, backoff=11)',
      'sms(x, y)',
      'log(x, y=z)',
      'retry(1h, backoff=.5)',
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
