import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fieldsIn, fill, templateFaults } from '../../flows/language/template.ts'

const fields = {
  name: 'Ece Yıldız',
  business: 'Helena',
  metadata: { car: 'a red one', 'car model': 'A4' },
  answers: { budget: '12k' },
  booking: { slot: 'Perşembe on beş otuz', owner: 'mehmet@helena.example' },
}

test('every field, and {{ for a brace', () => {
  const template = '{first_name}/{name}: {metadata.car}, {metadata.car model}, {answers.budget}, {booking.slot} {{ok}'
  expect(fill(template, fields)).toBe('Ece/Ece Yıldız: a red one, A4, 12k, Perşembe on beş otuz {ok}')
})

test('what is missing leaves nothing behind', () => {
  expect(fill('Hi {name}, {metadata.car} is here.', {})).toBe('Hi, is here.')
  expect(fill('{name} hello', { name: '  ' })).toBe('hello')
  expect(fill('a {intent} b', { intent: null })).toBe('a b')
  expect(fill('{metadata.constructor}{answers.__proto__}', fields)).toBe('')
})

test.for<[template: string, filled: string]>([
  ['Is it about your appointment, {first_name}?', 'Is it about your appointment?'],
  ['Thanks, {first_name}!', 'Thanks!'],
  ['Merci, {first_name} !', 'Merci !'],
  ['Thanks, {first_name}', 'Thanks'],
  ['{first_name}, hi', 'hi'],
  ['Hello. {first_name}, are you there?', 'Hello. are you there?'],
  ['Hi, {first_name}, how are you?', 'Hi, how are you?'],
  ['Hi, {first_name} {intent}!', 'Hi!'],
  ['{first_name}, {intent}, hi', 'hi'],
  ['(Thanks, {first_name})', '(Thanks)'],
  ['شكرا، {first_name}!', 'شكرا!'],
  ['Well, {first_name} you', 'Well, you'],
  ['Dear {first_name},\nhello', 'Dear,\nhello'],
])('a comma goes with the empty field it stands beside: %s', ([template, filled]) => {
  expect(fill(template, {})).toBe(filled)
})

test('no empty field leaves a comma at the beginning, or before the end of a sentence', () => {
  const field = fc.constantFrom('{name}', '{first_name}', '{metadata.car}')
  const word = fc.constantFrom('Hi', 'how are you', 'we met')
  const mark = fc.constantFrom('?', '!', '.', ', ', ' ', ',', ' and ')
  const piece = fc.tuple(fc.constantFrom(' ', ', ', ',', ''), field, mark, word).map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.constantFrom('', 'Hi', 'Hi, '), fc.array(piece, { minLength: 1 }), field, (start, pieces, last) => {
      const template = `${start}${pieces.join('')}, ${last}!`
      // Commas at the very beginning, or two in a row, are the author's own.
      if (!/^ *,|, *,/.test(template)) expect(fill(template, {})).not.toMatch(/^ *,|, *[?!.]|, *,|[?!.],/)
    }),
    { numRuns: 500 },
  )
})

test('values are data: no control characters, no turns of direction, at most 200 characters, escaped for their place', () => {
  expect(fill('{name}', { name: 'a\u0000\n\tb\u202ec' })).toBe('a bc')
  expect(fill('{name}', { name: '😀'.repeat(300) })).toBe('😀'.repeat(200))
  expect(fill('<{name}>{{', { name: '<b>' }, (value) => value.replaceAll('<', '&lt;'))).toBe('<&lt;b>>{')
  // A value that looks like a field is not filled again.
  expect(fill('{name}', { name: '{business}', business: 'Helena' })).toBe('{business}')
})

test('right-to-left names stay whole', () => {
  expect(fill('Hi {name}!', { name: 'محمد\u200c‌ علی' })).toContain('محمد')
})

test('fields and faults have their places', () => {
  expect(fieldsIn('a {name} {{x} {Foo}')).toEqual([
    { name: 'name', at: 2 },
    { name: 'Foo', at: 14 },
  ])
  const scope = { slots: ['budget'], booking: false }
  expect(templateFaults('{name} {frist_name} {answers.bugdet} {booking.slot} {x}', scope)).toMatchObject([
    { at: 7, suggestion: '{first_name}' },
    { at: 20, suggestion: '{answers.budget}' },
    { at: 37, message: '{booking.slot} is known only in what follows booked' },
    { at: 52, message: expect.stringContaining('there is no field {x}; known: name,') },
  ])
  expect(templateFaults('{answers.anything} {booking.slot}', { slots: null, booking: true })).toEqual([])
  expect(templateFaults('Hi {{name}}', scope)).toMatchObject([{ at: 3, suggestion: '{name}' }])
})

test('any template and any values: nothing thrown, and what has no fault is filled without a trace of its fields', () => {
  const piece = fc.constantFrom('{name}', '{metadata.car}', '{answers.budget}', ' ', 'x', '{{', ',', '{nope}', '{', '}')
  fc.assert(
    fc.property(fc.array(piece), fc.string({ unit: 'binary' }), (pieces, name) => {
      const template = pieces.join('')
      const filled = fill(template, { name })
      const isFaultless = templateFaults(template, { slots: ['budget'], booking: true }).length === 0
      // A single brace before a field makes the two of an escaped one.
      if (isFaultless && !pieces.includes('{')) expect(filled).not.toMatch(/\{(metadata\.car|answers\.budget)\}/)
      expect(filled.length).toBeLessThanOrEqual(template.length + fieldsIn(template).length * 400)
    }),
    { numRuns: 300 },
  )
})
