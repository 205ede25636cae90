import { expect, test } from 'vitest'
import { reply, type Script } from '../../runtime/sandbox/people/scripts.ts'

const own = [
  { question: 'Please tell me your postcode.', words: 'one two three' },
  { question: 'ご用件は何ですか？', words: '見積もりです。' },
  { question: 'ما الخدمة؟', words: 'صيانة' },
  { question: 'Bize bütçenizi söyleyin, {first_name}.', words: 'on bin' },
  { question: 'What is your name?', words: 'Ada Yılmaz' },
  { question: 'What is your first name?', words: 'Ada' },
  { question: 'Could you tell me your age?', words: 'I am 21.' },
]
const persona: Script = { pickUp: 'answers', ringMs: 1, opening: 'Hello?', answers: { slot: 'Yes.', own } }
const hear = (text: string, said: string[] = []) =>
  reply(persona, { text, answered: 1, insisted: false, said, waited: false })

test.each([
  ['Thank you. Please tell me your postcode.', 'one two three'],
  ['Please tell me your postcode. It only takes a moment.', 'one two three'],
  ['Please tell me your postcode. Are you still there?', 'one two three'],
  ['Thank you. ご用件は何ですか？', '見積もりです。'],
  ['Thank you. ما الخدمة؟', 'صيانة'],
  ['Bize bütçenizi söyleyin, Ada.', 'on bin'],
  ['What is your first name?', 'Ada'],
  ['What is your name? Please tell me your postcode.', 'one two three'],
  ['お元気ですか？', 'That would be fine.'],
])('what is asked is answered, with a question mark or without, in every script: %s', (asked, words) => {
  expect(hear(asked)).toBe(words)
})

test('a statement in words of a question is none', () => {
  expect(hear('Thank you for telling me your age.')).toBe(null)
})

test('of two slots that are asked alike the one that has no answer yet is answered', () => {
  const asked = 'And which one?'
  const twins = ['red', 'blue'].map((words) => ({ question: asked, words }))
  const script = { ...persona, answers: { slot: 'Yes.', own: twins } }
  const turn = { text: asked, answered: 1, insisted: false, waited: false }
  expect(reply(script, { ...turn, said: [] })).toBe('red')
  expect(reply(script, { ...turn, said: ['red'] })).toBe('blue')
  expect(reply(script, { ...turn, said: ['red', 'blue'] })).toBe('red')
})

test('whoever says no when the first question comes says it also to one without a question mark', () => {
  const script: Script = { ...persona, insists: { at: 'question', words: 'No, thanks.' } }
  const turn = { answered: 1, insisted: false, said: [], waited: false }
  expect(reply(script, { ...turn, text: 'Please tell me your postcode.' })).toBe('No, thanks.')
})
