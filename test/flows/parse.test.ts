import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { completeFlow } from '../../flows/language/defaults.ts'
import { renderFault } from '../../flows/language/faults.ts'
import { contentHash } from '../../flows/language/hash.ts'
import { parseFlow } from '../../flows/language/parse.ts'
import { printFlow } from '../../flows/language/print.ts'
import { FlowDocument } from '../../openapi/schemas/flow-document.ts'
import { PLATFORM_TOOLS } from '../../openapi/schemas/flow-tool.ts'
import { toolsOf } from '../../runtime/voice/tools.ts'
import { anyFlow } from './any-flow.ts'
import { brokenFlows } from './broken-flows.ts'
import { exampleFlows as examples } from './examples.ts'

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

const plainSlot = { question: null, type: 'text', options: [], required: true, disqualify_if: [] }

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
      engine: 'realtime',
      quiet_hours: { from: '22:00', to: '09:00' },
      max_duration_seconds: 600,
      idle_seconds: 8,
      record: false,
      retention_days: null,
      detect_machine: true,
      voicemail_message: null,
    },
    agent: {
      name: null,
      business: null,
      greeting: null,
      greeting_interruptible: true,
      interrupt_after_ms: 300,
      interrupt_words: 1,
      manner: null,
      knowledge: null,
      prompt: null,
    },
    qualify: ['need', 'timing', 'budget', 'location'].map((name) => ({ name, ...plainSlot })),
    tools: [],
    on: {
      qualified: [{ type: 'book', calendar: 'mehmet' }],
      booked: [],
      no_answer: [
        { type: 'retry', delay_seconds: 900, max: 3, backoff: 2 },
        { type: 'whatsapp', template: null, with: {} },
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
    { name: 'need', ...plainSlot },
    { name: 'budget', ...plainSlot, question: 'What budget?' },
  ])
})

test('each action has a short and a long form, which mean the same', () => {
  const forms: Record<string, [short: string, ...long: string[]]> = {
    qualified: ['book(calendar.mehmet)', 'book: mehmet', 'book: calendar.mehmet', 'book: {calendar: mehmet}'],
    booked: ['handoff(sales)', 'handoff: sales', 'handoff: {queue: sales}'],
    not_fit: ['log("out of scope")', 'log: out of scope', 'log: {reason: out of scope}'],
    wrong_number: ['webhook(crm)', 'webhook: crm', 'webhook: {name: crm}'],
    no_answer: ['retry(15m, max=4, backoff=1.5)', 'retry: {delay: 15m, max: 4, backoff: 1.5}'],
  }
  for (const [outcome, [short, ...long]] of Object.entries(forms))
    for (const form of long)
      expect(accepted(`id: a\non:\n  ${outcome}:\n    - ${form}\n`)).toEqual(
        accepted(`id: a\non:\n  ${outcome}: ${short}\n`),
      )
  const message = (yaml: string) => accepted(`id: a\non:\n  no_answer:\n    - ${yaml}\n`).on.no_answer
  expect(message('sms("x", car="{metadata.car}", 1="a")')).toEqual(
    message('sms: {template: x, with: {car: "{metadata.car}", 1: a}}'),
  )
  expect(message('retry(1h, backoff=fixed)')).toEqual(message('retry: {delay: 1h, backoff: 1}'))
  expect(message('retry(1h, backoff=exponential)')).toEqual(message('retry: 1h'))
  expect(message('whatsapp')).toEqual(message('whatsapp:'))
})

test('slots of one letter share a line, as others do', () => {
  const names = (yaml: string) => accepted(yaml).qualify.map(({ name }) => name)
  expect(names('id: a\nqualify:\n  - x - need - y - z\n')).toEqual(['x', 'need', 'y', 'z'])
  const apart = accepted('id: a\nqualify:\n  - x\n  - need\n')
  expect(accepted(printFlow(apart))).toEqual(apart)
})

test('a slot has its type from its options, and one spelling of what disqualifies', () => {
  const [plan, budget, owner] = accepted(
    'id: a\nqualify:\n  - plan: {options: [basic, full]}\n  - budget: {type: number, disqualify_if: ["<500", ">= 9000"]}\n' +
      '  - owner: {type: yes_no, required: false, disqualify_if: No}\n',
  ).qualify
  expect(plan).toEqual({ ...plainSlot, name: 'plan', type: 'choice', options: ['basic', 'full'] })
  expect(budget!.disqualify_if).toEqual(['< 500', '>= 9000'])
  expect(owner).toMatchObject({ required: false, disqualify_if: ['no'] })
})

test('tools: http in a line or whole, and an MCP server', () => {
  const { tools } = accepted(`id: a
tools:
  order_status:
    description: Looks up an order.
    http: GET https://api.example.com/orders/{order_id}
    input: {type: object, properties: {order_id: {type: string}}, required: [order_id]}
    timeout: 5s
    sample: {status: shipped}
  crm:
    mcp:
      url: https://mcp.example.com
      headers: {Authorization: "Bearer \${CRM_TOKEN}"}
    allow: lookup
`)
  expect(tools).toEqual([
    {
      ...{ name: 'order_status', description: 'Looks up an order.', kind: 'http', method: 'GET' },
      ...{ url: 'https://api.example.com/orders/{order_id}', headers: {} },
      input: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
      ...{ timeout_seconds: 5, sample: { status: 'shipped' } },
    },
    {
      ...{ name: 'crm', description: null, kind: 'mcp', url: 'https://mcp.example.com' },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a secret by its name
      ...{ headers: { Authorization: 'Bearer ${CRM_TOKEN}' }, allow: ['lookup'], timeout_seconds: 8, sample: null },
    },
  ])
})

test('no tool of a flow has the name of one that every call has', () => {
  const everything = accepted('id: a\nqualify: need\non:\n  qualified: book(calendar.x)\n')
  expect(
    toolsOf(everything, { takesMessages: true })
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(PLATFORM_TOOLS.toSorted())
})

test('a version stored by an older language is completed, and means what it meant', () => {
  const now = accepted(PAGE)
  const old = JSON.parse(JSON.stringify(now))
  delete old.tools
  delete old.call.engine
  delete old.agent.name
  old.qualify = now.qualify.map(({ name, question }) => ({ name, question }))
  old.on.no_answer[0].backoff = 'exponential'
  delete old.on.no_answer[1].with
  expect(completeFlow(old)).toEqual(now)
  expect(completeFlow(now)).toEqual(now)
  old.on.no_answer[0].backoff = 'fixed'
  expect(completeFlow(old).on.no_answer[0]).toMatchObject({ backoff: 1 })
})

const shown = (yaml: string): string => {
  const read = parseFlow(yaml)
  return 'flow' in read ? 'accepted' : `${read.faults.map((fault) => renderFault(yaml, fault)).join('\n\n')}\n`
}

test('there are many broken files', () => {
  expect(brokenFlows.length).toBeGreaterThan(75)
})

test.each(brokenFlows)('refused, in these words: $what', ({ yaml, told }) => {
  expect(shown(yaml)).toBe(told)
})

test('hostile files are refused before anything is built from them', () => {
  const size = 256 * 1024
  const hostile = {
    'too large': ['x'.repeat(size + 1), 'the file is larger than 256 kB'],
    'too large in bytes': ['ş'.repeat(size / 2 + 1), 'the file is larger than 256 kB'],
    'deep brackets': ['['.repeat(size), 'nested more than 32 deep'],
    'deep dashes': ['- '.repeat(size / 2), 'nested more than 32 deep'],
    'deep keys': ['a: '.repeat(size / 4), 'nested more than 32 deep'],
    'many keys': [
      Array.from({ length: 9_000 }, (_, i) => `k${i}:`).join('\n'),
      'the file has too many parts for a flow',
    ],
    'many lines': [Array.from({ length: 20_000 }, (_, i) => `k${i}:`).join('\n'), 'the file has more than 10000 lines'],
    'many items': [`[${'a,'.repeat(100_000)}]`, 'the file has too many parts for a flow'],
    'many actions': [`id: a\non:\n  not_fit: ${'sms '.repeat(60_000)}`, '"on.not_fit" is longer than 2000 characters'],
    'many slots': [`id: a\nqualify:\n  - ${'a - '.repeat(60_000)}a`, '"qualify" is longer than 2000 characters'],
    'many documents': ['---\n'.repeat(9_000), 'a file holds one flow: found a second document'],
  }
  for (const [what, [yaml, message]] of Object.entries(hostile)) {
    const read = parseFlow(yaml!)
    expect('faults' in read && read.faults.map((fault) => fault.message), what).toEqual([message])
  }
})

test('what is refused costs no more than a legal file of the same size', () => {
  const facts = '    Facts, and more facts, in sentences of some length.\n'.repeat(1_900)
  const legal = `id: a\nagent:\n  knowledge: |\n${facts}${'# a comment of some length, as people write them\n'.repeat(3_100)}`
  expect(accepted(legal).id).toBe('a')
  const hostile = [
    'k: &a\n'.repeat(40_000),
    Array.from({ length: 20_000 }, (_, i) => `k${i}:`).join('\n'),
    'x: |\n'.repeat(50_000),
    `id: a\nqualify:\n${Array.from({ length: 850 }, (_, i) => `  - A${i}: {b: 1}\n`).join('')}`,
    `id: a\non:\n  not_fit: ${'log("\\'.repeat(380)}`,
    `id: a\nagent:\n  greeting: "${'{'.repeat(120_000)}${'{x}'.repeat(40_000)}"`,
    `id: a\nagent:\n  greeting: "${' '.repeat(200_000)}."`,
    `id: a\ntools:\n  t:\n    description: d\n    http: GET https://x.example/${'{a}'.repeat(80_000)}\n`,
  ]
  for (const yaml of hostile) {
    expect(parseFlow(yaml)).toHaveProperty('faults')
    expect(costBeside(legal, yaml)).toBeLessThan(3)
  }
})

/** What reading `yaml` costs the processor beside `other`, the least of five times in turns: what is more is the machine's other work. */
function costBeside(other: string, yaml: string): number {
  const cost = (text: string) => {
    const before = process.cpuUsage()
    parseFlow(text)
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  return Math.min(...[1, 2, 3, 4, 5].map(() => cost(yaml) / cost(other)))
}

test('32 deep is read, 33 is not', () => {
  const nested = (depth: number) => parseFlow(`id: ${'['.repeat(depth - 1)}x${']'.repeat(depth - 1)}\n`)
  const messages = (read: ReturnType<typeof parseFlow>) => ('faults' in read ? read.faults.map((it) => it.message) : [])
  expect(messages(nested(32))).toEqual(['"id" must be text'])
  expect(messages(nested(33))).toEqual(['nested more than 32 deep'])
})

test('any text gives a valid flow or faults inside the text, and never throws', () => {
  const word = fc.constantFrom(
    'tools:',
    'http: ',
    'with: ',
    '{metadata.',
    '{{',
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
    .tuple(fc.constantFrom(...examples), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(6), word)
    .map(([[, yaml], part, cut, put]) => {
      const at = Math.floor(part * yaml.length)
      return yaml.slice(0, at) + put + yaml.slice(at + cut)
    })
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
    { numRuns: 300 },
  )
})

test.each(examples)('%s: printed, it is the same flow, and printed again the same text', (_, yaml) => {
  const printed = printFlow(accepted(yaml))
  expect(accepted(printed)).toEqual(accepted(yaml))
  expect(printFlow(accepted(printed))).toBe(printed)
})

test('a flow is printed in the short forms of the page', () => {
  const canonical = PAGE.replace('  within: 60s  # dial budget\n', '').replace(/: {2,}/g, ': ')
  expect(printFlow(accepted(PAGE))).toBe(canonical)
})

test('the hash follows the meaning, not the spelling', () => {
  const respelt = PAGE.replace('60s  # dial budget', '1m').replace('intent: pricing', 'intent: [pricing]')
  expect(contentHash(accepted(respelt))).toBe(contentHash(accepted(PAGE)))
  expect(contentHash(accepted(PAGE.replace('max=3', 'max=2')))).not.toBe(contentHash(accepted(PAGE)))
  const { on, ...rest } = accepted(PAGE)
  expect(contentHash({ on, ...rest })).toBe(contentHash(accepted(PAGE)))
})
