import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asksToStop, isStopKey, isStopMessage } from '../../runtime/guardrails/opt-out.ts'
import { notRequests, requests } from './spoken.ts'
import { notTextRequests, textRequests } from './written.ts'

test.each([
  'STOP',
  ' stop. ',
  'Stopall',
  'UNSUBSCRIBE!',
  'cancel',
  'End',
  'QUIT',
  'revoke',
  'OptOut',
  'OPT OUT',
  'opt-out',
  'ARRET',
  'Arrêt',
  'DUR',
  'dur',
  'İPTAL',
  'IPTAL',
  'iptal',
  'ıptal',
  'STOPP',
  '"STOP"',
  'ＳＴＯＰ',
  '\u202aSTOP\u202c',
  'ST\u200bOP',
  'İP\u00adTAL',
  'S\u0327TOP'.normalize('NFD').replace('\u0327', ''),
  'STOP ALL',
  'please stop',
  'stop please',
  'Stop it',
  'STOP STOP',
  'stop, thanks',
  'No, stop. Thank you!',
  'Cancel. Cancel!',
  'opt out please',
  'revoke consent',
  'remove me',
  'Stop SMS',
  'durun',
  'Lütfen durun artık',
  'BAJA',
  'baja, por favor',
  'ARRETER',
  'ARRÊTER',
  'Arrêtez, svp',
  'Stopp bitte',
])('the message %s is an opt-out', (message) => {
  expect(isStopMessage(message)).toBe(true)
})

test.each([
  '',
  'stop by at five',
  'the end',
  'durum nedir',
  'iptal etmeyin',
  'nonstop',
  'Yes',
  'cancel my order 7',
  'stop by at 5',
  'Please stop by at 5, thanks',
  'Cancel my appointment',
  'please cancel it',
  'iptal lütfen',
  'Can you stop at the office?',
  "I'd like to stop smoking, call me",
  'dur bir dakika',
  'Should I wait at the bus stop?',
  '👍',
])('the message %s is none', (message) => {
  expect(isStopMessage(message)).toBe(false)
})

test.each(textRequests)('written: %s', (text) => {
  expect(isStopMessage(text)).toBe(true)
  expect(isStopMessage(`Hello, ${text}!`)).toBe(true)
  expect(isStopMessage(text.toLocaleUpperCase('en'))).toBe(true)
  expect(isStopMessage(text.normalize('NFD').replace(/\p{M}/gu, ''))).toBe(true)
})

test.each(notTextRequests)('written, and not a request: %s', (text) => {
  expect(isStopMessage(text)).toBe(false)
})

test.each(requests)('said: %s', (text) => {
  expect(asksToStop(text)).toBe(true)
  // In the middle of a longer turn, in capitals, and without accents, as recognisers write.
  expect(asksToStop(`Well, ${text}`)).toBe(true)
  expect(asksToStop(text.toLocaleUpperCase('en'))).toBe(true)
  expect(asksToStop(text.normalize('NFD').replace(/\p{M}/gu, ''))).toBe(true)
  expect(isStopMessage(text)).toBe(true)
})

test.each(notRequests)('said, and not a request: %s', (text) => {
  expect(asksToStop(text)).toBe(false)
})

test('an answer about texts ends no call', () => {
  expect(asksToStop("No, don't text me.")).toBe(false)
  expect(asksToStop('Stop texting me!')).toBe(true)
})

test('only the key that was offered counts', () => {
  expect([...'0123456789*#'].filter(isStopKey)).toEqual(['9'])
})

test('a request is heard at the end of however much was said, and any text is only text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom(...requests), (before, request) => {
      return typeof asksToStop(before) === 'boolean' && asksToStop(`${before}. Hello. ${request}`)
    }),
  )
  expect(asksToStop(`${'so '.repeat(100_000)} please stop calling me`)).toBe(true)
})
