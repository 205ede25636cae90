import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contentHash } from '../../flows/language/hash.ts'
import { parseFlow } from '../../flows/language/parse.ts'
import { printFlow } from '../../flows/language/print.ts'
import { FlowDocument } from '../../openapi/schemas/flow-document.ts'
import { anyFlow } from './any-flow.ts'
import { brokenFlows } from './broken-flows.ts'

/** The product page's flow, letter for letter. */
const PAGE = `id: flow_pricing_v3
match:
  source: [web_form, meta_lead_ads]
  intent: pricing
  language: [tr, en]
call:
  within: 60s  # dial budget
  voice: voice_warm_tr
  quiet_hours: 22:00-09:00
qualify:
  - need - timing - budget - location
on:
  qualified: book(calendar.mehmet)
  no_answer:   retry(15m, max=3) whatsapp
  not_fit:     log("out_of_scope")
`

const accepted = (yaml: string) => {
  const read = parseFlow(yaml)
  if ('faults' in read) throw new Error(JSON.stringify(read.faults))
  return read.flow
}

test('the demo flow is the one on the product page', () => {
  expect(readFileSync(new URL('../../flows/pricing-v3.yaml', import.meta.url), 'utf8')).toBe(PAGE)
})

test('the flow of the page means what the page says', () => {
  expect(accepted(PAGE)).toEqual({
    id: 'flow_pricing_v3',
    match: { source: ['web_form', 'meta_lead_ads'], campaign: [], intent: ['pricing'], language: ['tr', 'en'] },
    call: {
      within_seconds: 60,
      voice: 'voice_warm_tr',
      quiet_hours: { from: '22:00', to: '09:00' },
      max_duration_seconds: 600,
      idle_seconds: 8,
      record: false,
      retention_days: null,
      detect_machine: true,
      voicemail_message: null,
    },
    agent: {
      business: null,
      greeting: null,
      greeting_interruptible: true,
      manner: null,
      knowledge: null,
      prompt: null,
    },
    qualify: ['need', 'timing', 'budget', 'location'].map((name) => ({ name, question: null })),
    on: {
      qualified: [{ type: 'book', calendar: 'mehmet' }],
      booked: [],
      no_answer: [
        { type: 'retry', delay_seconds: 900, max: 3, backoff: 'exponential' },
        { type: 'whatsapp', template: null },
      ],
      not_fit: [{ type: 'log', reason: 'out_of_scope' }],
      wrong_number: [],
    },
  })
})

test('as printed with no-break spaces, and with Windows line ends, it is the same flow', () => {
  const printed = PAGE.replace(/^ +/gm, (indent) => '\u00a0'.repeat(indent.length))
  expect(printed).not.toBe(PAGE)
  expect(accepted(printed)).toEqual(accepted(PAGE))
  expect(accepted(PAGE.replaceAll('\n', '\r\n'))).toEqual(accepted(PAGE))
})

test('lists may be written in any of the usual ways', () => {
  const one = accepted(
    'id: a\nqualify:\n  - need\n  - budget: "What budget?"\non:\n  no_answer:\n    - retry(1h)\n    - sms("sorry")\n',
  )
  const other = accepted(
    'id: a\nqualify: [need, budget: What budget?]\non: {no_answer: "retry(60m, max=3) sms(sorry)"}\n',
  )
  expect(one).toEqual(other)
  expect(one.qualify).toEqual([
    { name: 'need', question: null },
    { name: 'budget', question: 'What budget?' },
  ])
})

for (const { what, yaml, faults } of brokenFlows) {
  test(`refused: ${what}`, () => {
    const read = parseFlow(yaml)
    const told = 'flow' in read ? 'accepted' : read.faults.map(line)
    expect(told).toEqual(faults)
  })
}

const line = (fault: { line: number; column: number; path: string; message: string; suggestion?: string }) =>
  `${fault.line}:${fault.column} ${fault.path} | ${fault.message}${fault.suggestion ? ` -> ${fault.suggestion}` : ''}`

test('hostile files are refused before anything is built from them', () => {
  const size = 256 * 1024
  const hostile = {
    'too large': ['x'.repeat(size + 1), 'the file is larger than 256 kB'],
    'too large in bytes': ['ş'.repeat(size / 2 + 1), 'the file is larger than 256 kB'],
    'deep brackets': ['['.repeat(size), 'nested more than 32 deep'],
    'deep dashes': ['- '.repeat(size / 2), 'nested more than 32 deep'],
    'deep keys': ['a: '.repeat(size / 4), 'nested more than 32 deep'],
    'many keys': [
      Array.from({ length: 20_000 }, (_, i) => `k${i}:`).join('\n'),
      'the file has too many parts for a flow',
    ],
    'many items': [`[${'a,'.repeat(100_000)}]`, 'the file has too many parts for a flow'],
    'many actions': [`id: a\non:\n  not_fit: ${'sms '.repeat(60_000)}`, '"on.not_fit" is longer than 2000 characters'],
    'many slots': [`id: a\nqualify:\n  - ${'a - '.repeat(60_000)}a`, '"qualify" is longer than 2000 characters'],
    'many documents': ['---\n'.repeat(size / 4), 'the file has too many parts for a flow'],
  }
  for (const [what, [yaml, message]] of Object.entries(hostile)) {
    const read = parseFlow(yaml!)
    expect('faults' in read && read.faults.map((fault) => fault.message), what).toEqual([message])
  }
})

test('32 deep is read, 33 is not', () => {
  const nested = (depth: number) => parseFlow(`id: ${'['.repeat(depth - 1)}x${']'.repeat(depth - 1)}\n`)
  const messages = (read: ReturnType<typeof parseFlow>) => ('faults' in read ? read.faults.map((it) => it.message) : [])
  expect(messages(nested(32))).toEqual(['"id" is text'])
  expect(messages(nested(33))).toEqual(['nested more than 32 deep'])
})

test('any text gives a valid flow or faults inside the text, and never throws', () => {
  const word = fc.constantFrom(
    'id: ',
    'on:',
    '\n  ',
    '- ',
    'retry(',
    ')',
    ', ',
    '15m',
    '"',
    '[',
    '{',
    '&',
    '*',
    '#',
    ': ',
    '|',
    '\n',
  )
  const yamlish = fc.array(fc.oneof(word, fc.string({ maxLength: 4, unit: 'binary' })), { maxLength: 40 })
  const mutated = fc
    .tuple(fc.nat(PAGE.length), fc.nat(6), word)
    .map(([at, cut, put]) => PAGE.slice(0, at) + put + PAGE.slice(at + cut))
  fc.assert(
    fc.property(
      fc.oneof(
        yamlish.map((parts) => parts.join('')),
        mutated,
      ),
      (text) => {
        const read = parseFlow(text)
        if ('flow' in read) return FlowDocument.safeParse(read.flow).success
        const lines = text.split('\n').length
        return (
          read.faults.length > 0 &&
          read.faults.every((it) => it.line >= 1 && it.line <= lines && it.column >= 1 && it.message !== '')
        )
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a flow printed and read again is the same flow, with the same hash', () => {
  fc.assert(
    fc.property(anyFlow, (flow) => {
      expect(accepted(printFlow(flow))).toEqual(flow)
      expect(contentHash(accepted(printFlow(flow)))).toBe(contentHash(flow))
    }),
    { numRuns: 150 },
  )
})

test('the hash follows the meaning, not the spelling', () => {
  const respelt = PAGE.replace('60s  # dial budget', '1m').replace('intent: pricing', 'intent: [pricing]')
  expect(contentHash(accepted(respelt))).toBe(contentHash(accepted(PAGE)))
  expect(contentHash(accepted(PAGE.replace('max=3', 'max=2')))).not.toBe(contentHash(accepted(PAGE)))
  const { on, ...rest } = accepted(PAGE)
  expect(contentHash({ on, ...rest })).toBe(contentHash(accepted(PAGE)))
})
