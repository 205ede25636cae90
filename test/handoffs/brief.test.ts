import { expect, test } from 'vitest'
import { briefTwiml } from '../../runtime/carrier/twilio/transfer-twiml.ts'
import { briefOf, farewellOf } from '../../runtime/handoffs/brief.ts'
import { closedBecause } from '../../runtime/handoffs/pick.ts'
import { parseTwiml } from '../../runtime/sandbox/carrier/twiml.ts'

const input = { agent: 'Defne', business: 'Helena Education', name: 'Ada', reason: 'wants a discount', language: 'en' }

test('a colleague hears who, why, and what was said so far', () => {
  const answers = { need: 'a master program', start_date: 'fall' }
  expect(briefOf({ ...input, answers })).toBe(
    'Hello. This is Defne, the AI assistant of Helena Education. Ada is on the line and would like to talk to a person. ' +
      'The reason: wants a discount. So far they said: need: a master program; start date: fall. ' +
      'Press 1 to take the call, or any other key to decline.',
  )
})

test.each([
  ['tr-TR', 'Görüşmeyi almak için 1'],
  ['de', 'Drücken Sie die 1'],
  ['es-MX', 'Pulse 1'],
  ['fr-FR', 'Appuyez sur 1'],
  ['ja', 'Press 1'],
])('in %s it is asked: %s', (language, asked) => {
  const brief = briefOf({ ...input, name: null, reason: '', answers: {}, language })
  expect(brief).toContain(asked)
  expect(brief).not.toMatch(/[{}]/)
  for (const why of ['declined', 'too_late', 'gone', 'alone'] as const) expect(farewellOf(why, language)).toMatch(/\.$/)
})

test('a colleague knows for whom they work when nobody has said it', () => {
  const brief = (language: string) => briefOf({ ...input, business: null, answers: {}, language })
  expect(brief('en')).toContain('the AI assistant of our company.')
  expect(brief('fr')).toContain("l'assistant IA de notre entreprise.")
})

test('what strangers wrote is neither markup nor endless, and fits into what the carrier takes', () => {
  const evil = '</Say><Dial>+19005550100</Dial> {agent} "\n\u0000 \u202e &amp; '.repeat(50)
  const brief = briefOf({ ...input, name: evil, reason: evil, answers: { need: evil, timing: '🙂'.repeat(900) } })
  expect(brief.length).toBeLessThan(1_500)
  const placing = { from: '', to: '', ringSeconds: 1, maxSeconds: 1, statusUrl: '', signal: AbortSignal.abort() }
  const keyUrl = `https://talkif.example/${'x'.repeat(100)}`
  const twiml = briefTwiml({
    ...placing,
    beforeSend() {},
    brief: { text: brief, language: 'en' },
    keySeconds: 8,
    keyUrl,
  })
  expect(twiml.length).toBeLessThan(4_000)
  expect(parseTwiml(twiml)).toMatchObject([{ verb: 'gather', action: keyUrl, says: [{ text: brief }] }])
})

const always = { hours: null, languages: [] }
const istanbul = (time: string) => ({ at: new Date(time), zone: 'Europe/Istanbul', language: 'en-GB' })

test.each([
  ['09:00-18:00', '2026-11-24T06:00:00Z', true],
  ['09:00-18:00', '2026-11-24T05:59:59Z', false],
  ['09:00-18:00', '2026-11-24T15:00:00Z', false],
  ['22:00-06:00', '2026-11-24T20:30:00Z', true],
  ['22:00-06:00', '2026-11-24T03:00:00Z', false],
  ['09:00-09:00', '2026-11-24T05:59:59Z', true],
  ['09:00-09:00', '2026-11-24T06:00:00Z', true],
])('hours are those of the workspace: %s at %s', (hours, time, open) => {
  expect(closedBecause({ ...always, hours }, istanbul(time)) === undefined).toBe(open)
})

test('they follow the season', () => {
  const berlin = (time: string) => ({ ...istanbul(time), zone: 'Europe/Berlin' })
  const queue = { ...always, hours: '09:00-10:00' }
  expect(closedBecause(queue, berlin('2026-07-01T07:30:00Z'))).toBeUndefined()
  expect(closedBecause(queue, berlin('2026-12-01T07:30:00Z'))).toBe('the queue is there 09:00-10:00')
})

test('languages count without their region; none means any', () => {
  const now = istanbul('2026-11-24T09:00:00Z')
  expect(closedBecause(always, now)).toBeUndefined()
  expect(closedBecause({ ...always, languages: ['tr', 'en-US'] }, now)).toBeUndefined()
  expect(closedBecause({ ...always, languages: ['tr'] }, now)).toBe('nobody of the queue speaks en-GB')
})
