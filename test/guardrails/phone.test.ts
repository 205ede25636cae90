import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalisePhone, phoneOfWhatsApp } from '../../runtime/guardrails/phone.ts'

test.each([
  ['+90 532 123 45 67', null, '+905321234567', 'TR'],
  ['+90 (0) 532 123 45 67', null, '+905321234567', 'TR'],
  ['+90 (0)532.123.45.67', 'DE', '+905321234567', 'TR'],
  ['0090 532 123 45 67', 'TR', '+905321234567', 'TR'],
  ['0090-532-123-45-67', null, '+905321234567', 'TR'],
  ['0532.123.45.67', 'tr', '+905321234567', 'TR'],
  ['532 123 4567', 'TR', '+905321234567', 'TR'],
  ['905321234567', 'TR', '+905321234567', 'TR'],
  ['٠٥٣٢١٢٣٤٥٦٧', 'TR', '+905321234567', 'TR'],
  ['+٩٠ ٥٣٢ ١٢٣ ٤٥ ٦٧', null, '+905321234567', 'TR'],
  ['٠٠٩٠٥٣٢١٢٣٤٥٦٧', null, '+905321234567', 'TR'],
  ['۰۵۳۲۱۲۳۴۵۶۷', 'TR', '+905321234567', 'TR'],
  ['＋９０５３２１２３４５６７', null, '+905321234567', 'TR'],
  ['\u202a+90 532 123 45 67\u202c', null, '+905321234567', 'TR'],
  ['\ufeff+90\u00a0532\u200b1234567\u200f', null, '+905321234567', 'TR'],
  ['tel:+90-532-123-45-67', null, '+905321234567', 'TR'],
  ['(415) 555-2671', 'US', '+14155552671', 'US'],
  ['1-415-555-2671', 'US', '+14155552671', 'US'],
  ['011 44 20 7946 0018', 'US', '+442079460018', 'GB'],
  ['+44 (0)20 7946 0018', null, '+442079460018', 'GB'],
  ['06 12 34 56 78', 'FR', '+33612345678', 'FR'],
  ['030/901820', 'DE', '+4930901820', 'DE'],
  ['+800 1234 5678', null, '+80012345678', null],
])('%s with %s is %s', (written, country, e164, found) => {
  expect(normalisePhone(written, { country })).toEqual({ ok: true, e164, country: found })
})

test.each([
  ['', null, 'There are no digits in it.'],
  ['call me', null, 'There are no digits in it.'],
  ['0532 123 45 67', null, 'Write it with + and the country code, or add the country.'],
  ['+90 1', null, 'It is not a possible phone number.'],
  ['+90 111 111 11 11', null, 'No such number exists in TR.'],
  ['0532 123 45 67', 'XX', '"XX" is not a country code such as TR or US.'],
  ['+1 900 234 5678', null, 'Premium-rate numbers are not called.'],
  ['+90 532 123 45 67 ext. 4', null, 'An extension cannot be dialed; give the direct number.'],
  ['1'.repeat(101), null, 'The number is longer than 100 characters.'],
  ['+90••••4218', null, 'The number is masked; send all of its digits.'],
  ['0532 *** ** 67', 'TR', 'The number is masked; send all of its digits.'],
  ['(415) 555-XXXX', 'US', 'The number is masked; send all of its digits.'],
])('%s with %s is refused: %s', (written, country, reason) => {
  expect(normalisePhone(written, { country })).toEqual({ ok: false, reason })
})

test.each([
  ['+5215512345678', '+525512345678'],
  ['+525512345678', '+525512345678'],
  ['+551187654321', '+5511987654321'],
  ['+5511987654321', '+5511987654321'],
  // Fixed lines, and numbers that exist with eight digits, have no ninth.
  ['+551133334444', '+551133334444'],
  ['+551178123456', '+551178123456'],
  ['+12025550100', '+12025550100'],
  ['+905321112233', '+905321112233'],
  // Nothing that exists comes of it.
  ['+5210000000000', '+5210000000000'],
])('the WhatsApp id %s is the number %s', (id, phone) => {
  expect(phoneOfWhatsApp(id)).toBe(phone)
})

const digits = fc.constantFrom('٠١٢٣٤٥٦٧٨٩', '०१२३४५६७८९', '0123456789', '０１２３４５６７８９')
const separator = fc.constantFrom('', ' ', '-', '.', '\u00a0', '\u2011', ' (', ') ')

test('however a number is spelt, it is the same number, and normalising it again changes nothing', () => {
  const number = fc.constantFrom('+905321234567', '+14155552671', '+442079460018', '+33612345678')
  fc.assert(
    fc.property(number, digits, fc.array(separator, { minLength: 12, maxLength: 12 }), (e164, script, separators) => {
      const between = (i: number) => (i < e164.length - 2 ? separators[i % 12] : '')
      const spelt = `+${Array.from(e164.slice(1), (digit, i) => `${script[Number(digit)]}${between(i)}`).join('')}`
      const found = normalisePhone(spelt)
      expect(found).toMatchObject({ ok: true, e164 })
      expect(normalisePhone(e164)).toEqual(found)
    }),
  )
})

test('any text gives E.164 or a reason, and never throws', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.stringMatching(/^[+0-9 ().-]{0,20}$/))
  fc.assert(
    fc.property(text, fc.constantFrom(null, 'TR', 'US', 'zz', ''), (written, country) => {
      const found = normalisePhone(written, { country })
      if (!found.ok) return found.reason.length > 0
      return (
        /^\+[1-9][0-9]{6,14}$/.test(found.e164) && JSON.stringify(normalisePhone(found.e164)) === JSON.stringify(found)
      )
    }),
    { numRuns: 1_000 },
  )
})
