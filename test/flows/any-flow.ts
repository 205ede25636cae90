import fc from 'fast-check'
import { type Flow, FlowDocument, type FlowSlot, type FlowTool } from '../../openapi/schemas/flow-document.ts'
import { METHODS, PLATFORM_TOOLS } from '../../openapi/schemas/flow-tool.ts'

const name = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z]$/) },
)
const reference = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/)
/** Text of any characters that a flow can hold: a no-break space is a space, and braces are fields. */
const text = (maxLength: number) =>
  fc
    .oneof(
      fc.string({ minLength: 1, maxLength, unit: 'grapheme' }),
      fc.string({ minLength: 1, maxLength, unit: 'binary' }),
      fc.constantFrom(
        'a: b',
        '- a',
        '# a',
        'null',
        '12',
        '0x1f',
        'yes',
        '"',
        "'",
        '\\',
        'a\n\n  b\nc',
        'a\tb',
        '`|>',
        '~',
      ),
    )
    .map((it) =>
      it
        .replaceAll('\0', ' ')
        .replace(/[\u00a0{}]/g, ' ')
        .trim()
        .slice(0, maxLength),
    )
    .filter((it) => it.trim() === it && it !== '' && it.isWellFormed())
const orNull = <T>(it: fc.Arbitrary<T>) => fc.option(it, { nil: null })
const values = fc.uniqueArray(text(30), { maxLength: 4 })
const time = fc.tuple(fc.nat(23), fc.nat(59)).map(([h, m]) => `${`${h}`.padStart(2, '0')}:${`${m}`.padStart(2, '0')}`)

const retry = fc.record({
  type: fc.constant('retry' as const),
  delay_seconds: fc.integer({ min: 1, max: 604_800 }),
  max: fc.integer({ min: 1, max: 10 }),
  backoff: fc.integer({ min: 100, max: 1000 }).map((percent) => percent / 100),
})
const variables = fc.dictionary(
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,10}$/),
  fc.oneof(text(60), fc.constantFrom('{first_name}', 'Hi {name}, {{ {metadata.car model}', '{campaign}')),
  { maxKeys: 3, noNullPrototype: true },
)
const message = fc
  .record({ type: fc.constantFrom('sms' as const, 'whatsapp' as const), template: orNull(reference), with: variables })
  .map((it) => (it.template === null ? { ...it, with: {} } : it))
const log = fc.record({ type: fc.constant('log' as const), reason: text(120) })
const book = fc.record({ type: fc.constant('book' as const), calendar: reference })
const handoff = fc.record({ type: fc.constant('handoff' as const), queue: reference })
const webhook = fc.record({ type: fc.constant('webhook' as const), name: reference })

const plainSlot = { options: [] as string[], disqualify_if: [] as string[] }
const slotKind: fc.Arbitrary<Pick<FlowSlot, 'type' | 'options' | 'disqualify_if'>> = fc.oneof(
  fc.constantFrom('text' as const, 'date' as const).map((type) => ({ type, ...plainSlot })),
  fc.subarray(['yes', 'no']).map((it) => ({ ...plainSlot, type: 'yes_no' as const, disqualify_if: it })),
  fc
    .uniqueArray(
      fc.tuple(fc.constantFrom('<', '<=', '>', '>='), fc.integer()).map((it) => it.join(' ')),
      { maxLength: 2 },
    )
    .map((it) => ({ ...plainSlot, type: 'number' as const, disqualify_if: it })),
  fc
    .uniqueArray(text(20), { minLength: 2, maxLength: 4 })
    .chain((options) => fc.record({ options: fc.constant(options), disqualify_if: fc.subarray(options) }))
    .map((it) => ({ ...it, type: 'choice' as const })),
)
const bareSlot = { question: null, type: 'text' as const, ...plainSlot, required: true }
const slot: fc.Arbitrary<FlowSlot> = fc.oneof(
  fc
    .record({ name, question: orNull(text(60)), kind: slotKind, required: fc.boolean() })
    .map(({ kind, ...rest }) => ({ ...rest, ...kind })),
  // Those that share a line.
  name.map((it) => ({ name: it, ...bareSlot })),
)

const key = fc.stringMatching(/^[A-Za-z0-9 $._-]{1,12}$/).filter((it) => it !== '__proto__')
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(
      text(20),
      fc.constant(''),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom(0.5, 1e21, -3.25),
    ),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(key, tie('json'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))
const headers = fc.dictionary(
  fc.constantFrom('Authorization', 'X-Api-Key', 'Accept', 'x-tenant'),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a secret by its name
  fc.constantFrom('Bearer ${TOKEN}', '${A}:${B_2}'),
  { noNullPrototype: true },
)
const toolBase = {
  name: name.filter((it) => !PLATFORM_TOOLS.includes(it)),
  headers,
  timeout_seconds: fc.integer({ min: 1, max: 30 }),
  sample: json,
}
const http = fc.record({
  ...toolBase,
  description: text(80),
  kind: fc.constant('http' as const),
  method: fc.constantFrom(...METHODS),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a secret by its name
  url: fc.constantFrom('https://api.example.com/orders?q=a b'.replace(' ', '+'), '${BASE}/x', 'http://127.0.0.1:8080/'),
  input: orNull(
    fc.dictionary(key, fc.record({ type: fc.constantFrom('string', 'number'), note: json }), { noNullPrototype: true }),
  ).map((properties) => properties && { type: 'object', properties }),
})
const mcp = fc.record({
  ...toolBase,
  description: orNull(text(80)),
  kind: fc.constant('mcp' as const),
  url: fc.constant('https://mcp.example.com/mcp'),
  allow: orNull(fc.uniqueArray(reference, { minLength: 1, maxLength: 3 })),
})
const tool: fc.Arbitrary<FlowTool> = fc.oneof(http, mcp)

/** Any flow that the language can say. */
export const anyFlow: fc.Arbitrary<Flow> = fc
  .record({
    id: name,
    match: fc.record({
      source: values,
      campaign: values,
      intent: values,
      language: fc.uniqueArray(fc.constantFrom('tr', 'en', 'de-AT', 'pt-BR', 'zh-Hant'), { maxLength: 3 }),
    }),
    call: fc.record({
      within_seconds: fc.integer({ min: 1, max: 86_400 }),
      voice: orNull(reference),
      engine: fc.constantFrom('realtime' as const, 'cascade' as const),
      quiet_hours: orNull(fc.record({ from: time, to: time }).filter(({ from, to }) => from !== to)),
      max_duration_seconds: fc.integer({ min: 30, max: 3_600 }),
      idle_seconds: fc.integer({ min: 3, max: 60 }),
      record: fc.boolean(),
      retention_days: orNull(fc.integer({ min: 1, max: 3_650 })),
      detect_machine: fc.boolean(),
      voicemail_message: orNull(fc.oneof(text(80), fc.constant('{first_name}: {business} called'))),
    }),
    agent: fc.record({
      name: orNull(text(30)),
      business: orNull(text(60)),
      greeting: orNull(fc.constant('Hi {name}, I am an AI calling for {business}, and this is recorded.')),
      greeting_interruptible: fc.boolean(),
      interrupt_after_ms: fc.integer({ min: 0, max: 2_000 }),
      interrupt_words: fc.integer({ min: 1, max: 5 }),
      manner: orNull(text(80)),
      knowledge: orNull(text(200)),
      prompt: orNull(text(200)),
    }),
    qualify: fc.uniqueArray(slot, { selector: (it) => it.name, maxLength: 6 }),
    tools: fc.uniqueArray(tool, { selector: (it) => it.name, maxLength: 3 }),
    on: fc.record({
      qualified: fc
        .tuple(fc.array(book, { maxLength: 1 }), fc.array(fc.oneof(handoff, webhook, log), { maxLength: 3 }))
        .map((it) => it.flat()),
      booked: fc.array(fc.oneof(message, webhook), { maxLength: 3 }),
      no_answer: fc
        .tuple(fc.array(retry, { maxLength: 1 }), fc.array(message, { maxLength: 2 }))
        .map((it) => it.flat()),
      not_fit: fc.array(fc.oneof(log, webhook), { maxLength: 2 }),
      wrong_number: fc.array(log, { maxLength: 2 }),
    }),
  })
  .filter((flow) => FlowDocument.safeParse(flow).success)

/** A flow with everything spelt out as mappings, in the JSON that is YAML too. */
export function longForm({ id, match, call, agent, qualify, tools, on }: Flow): string {
  const { quiet_hours: hours, retention_days: days } = call
  const seconds = (it: number) => `${it}s`
  const { interrupt_after_ms: after, ...agentKeys } = agent
  const document = {
    ...{ id, match, agent: { ...agentKeys, interrupt_after: `${after} ms` } },
    call: {
      ...{ within: seconds(call.within_seconds), voice: call.voice, engine: call.engine, record: call.record },
      ...{ max_duration: seconds(call.max_duration_seconds), idle: seconds(call.idle_seconds) },
      ...{ quiet_hours: hours && `${hours.from}-${hours.to}`, retention: days && `${days}d` },
      ...{ amd: call.detect_machine, voicemail_message: call.voicemail_message },
    },
    qualify: qualify.map(({ name, ...slot }) => ({ [name]: slot })),
    tools: Object.fromEntries(
      tools.map((tool) => {
        const { name, description, url, headers, timeout_seconds, sample } = tool
        const common = { description, timeout: seconds(timeout_seconds), sample }
        if (tool.kind === 'mcp') return [name, { ...common, mcp: { url, headers }, allow: tool.allow }]
        return [name, { ...common, http: { method: tool.method, url, headers }, input: tool.input }]
      }),
    ),
    on: Object.fromEntries(
      Object.entries(on).map(([outcome, actions]) => [
        outcome,
        actions.map((action) => {
          const { type, ...rest } = action
          if (action.type !== 'retry') return { [type]: rest }
          return { [type]: { delay: seconds(action.delay_seconds), max: action.max, backoff: action.backoff } }
        }),
      ]),
    ),
  }
  return JSON.stringify(document)
}
