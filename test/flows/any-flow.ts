import fc from 'fast-check'
import { type Flow, FlowDocument } from '../../openapi/schemas/flow-document.ts'

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/)
const reference = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/)
const text = (maxLength: number) =>
  fc
    .string({ minLength: 1, maxLength, unit: 'grapheme' })
    .map((it) =>
      it
        .replace(/[\u00a0\ufeff\u0085\u2028\u2029]/g, ' ')
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
  backoff: fc.constantFrom('exponential' as const, 'fixed' as const),
})
const message = fc.record({ type: fc.constantFrom('sms' as const, 'whatsapp' as const), template: orNull(reference) })
const log = fc.record({ type: fc.constant('log' as const), reason: text(60) })
const book = fc.record({ type: fc.constant('book' as const), calendar: reference })
const handoff = fc.record({ type: fc.constant('handoff' as const), queue: reference })
const webhook = fc.record({ type: fc.constant('webhook' as const), name: reference })

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
      quiet_hours: orNull(fc.record({ from: time, to: time }).filter(({ from, to }) => from !== to)),
      max_duration_seconds: fc.integer({ min: 30, max: 3_600 }),
      idle_seconds: fc.integer({ min: 3, max: 60 }),
      record: fc.boolean(),
      retention_days: orNull(fc.integer({ min: 1, max: 3_650 })),
      detect_machine: fc.boolean(),
      voicemail_message: orNull(text(80)),
    }),
    agent: fc.record({
      business: orNull(text(60)),
      greeting: orNull(fc.constant('Hi {name}, I am an AI calling for {business}, and this is recorded.')),
      greeting_interruptible: fc.boolean(),
      manner: orNull(text(80)),
      knowledge: orNull(text(200)),
      prompt: orNull(text(200)),
    }),
    qualify: fc.uniqueArray(fc.record({ name, question: orNull(text(60)) }), {
      selector: (slot) => slot.name,
      maxLength: 6,
    }),
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
