import { expect, test } from 'vitest'
import { EngineLost } from '../../runtime/voice/engine-events.ts'
import { asks, converse, loud, ms, quiet } from './scripted.ts'

const greeting = 'Hello, this is Talkif, an AI. This call is recorded.'

/** A session that stands late, given what was kept: it tells of speech in a burst. */
async function lateSession(text: string, lengthMs: number) {
  const talk = converse({ conversation: { greeting } })
  await talk.time.pass(1_700)
  talk.line.mouth = loud
  await talk.time.pass(lengthMs)
  talk.line.mouth = quiet
  await talk.time.pass(800)
  talk.tell({ type: 'speech_started', item: 'u', atMs: 1_700 })
  talk.tell({ type: 'speech_stopped', item: 'u', atMs: 1_700 + lengthMs + 500 })
  talk.tell({ type: 'committed', item: 'u' })
  talk.respond(3_000, greeting)
  await talk.time.pass(120)
  talk.tell({ type: 'heard', item: 'u', text })
  await talk.time.pass(5_000)
  return talk
}

test.each([
  ['Hello?', 500, []],
  ['Hello? Can anybody hear me please?', 1_400, ['ask']],
] as const)('%j said before the first sound of the greeting does not take it away', async (text, lengthMs, asked) => {
  const talk = await lateSession(text, lengthMs)
  expect(talk.turns).toContainEqual(expect.objectContaining({ text: greeting, interrupted: false }))
  expect(asks(talk.calls)).toEqual(asked)
})

test('who is still speaking at the first sound of the greeting cuts it only by speaking on', async () => {
  for (const [lengthMs, interrupted] of [
    [1_000, false],
    [3_000, true],
  ] as const) {
    const talk = converse({ conversation: { greeting } })
    await talk.time.pass(1_700)
    talk.tell({ type: 'speech_started', item: 'u', atMs: 1_700 })
    talk.line.mouth = loud
    await talk.time.pass(800)
    talk.tell({ type: 'response_started', response: 'r' })
    talk.tell({ type: 'text', response: 'r', item: 'i', delta: greeting })
    talk.tell({ type: 'audio', response: 'r', item: 'i', audio: ms(4_000) })
    talk.tell({ type: 'audio_done', response: 'r', item: 'i' })
    talk.tell({ type: 'response_done', response: 'r', failure: null, toolCalls: [] })
    await talk.time.pass(lengthMs - 800)
    talk.line.mouth = quiet
    await talk.time.pass(6_000)
    talk.tell({ type: 'heard', item: 'u', text: '' })
    expect(talk.turns.find(({ role }) => role === 'agent')).toMatchObject({ interrupted })
  }
})

test.each([
  [false, 2_500, 120, 'You have the wrong number, there is no Maria living here.'],
  [true, 900, 120, 'Wrong number, no Maria here.'],
  [true, 900, 2_600, 'Wrong number, no Maria here.'],
  [false, 2_500, 120, null],
])(
  'what is said over the greeting (interruptible: %s) in its first second is answered: %d ms, words after %d ms, %j',
  async (greetingInterruptible, lengthMs, wordsMs, text) => {
    const talk = converse({ conversation: { greetingInterruptible, idleSeconds: 30 } })
    talk.respond(3_500)
    await talk.time.pass(800)
    await talk.speak(lengthMs, text, wordsMs)
    await talk.time.pass(12_000)
    expect(asks(talk.calls)).toEqual(['ask'])
  },
)

test.each(['Hello, this is Cleo.', 'Yes?', 'Hi, who is this?', null])(
  'who picks up with %j is answered by the greeting',
  async (text) => {
    const talk = converse({ conversation: { idleSeconds: 30 } })
    talk.respond(3_500)
    await talk.time.pass(400)
    await talk.speak(900, text, 300)
    await talk.time.pass(12_000)
    expect(talk.turns[0]).toMatchObject({ interrupted: false })
    expect(asks(talk.calls)).toEqual([])
  },
)

test('a greeting that must be heard, said anew after its session dropped, is heard to its end as well', async () => {
  const talk = converse({ conversation: { greetingInterruptible: false, greeting } })
  talk.tell({ type: 'response_started', response: 'r' })
  talk.tell({ type: 'text', response: 'r', item: 'i', delta: greeting })
  talk.tell({ type: 'audio', response: 'r', item: 'i', audio: ms(500) })
  await talk.time.pass(300)
  talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
  await talk.time.pass(900)
  talk.tell({ type: 'ready' })
  expect(asks(talk.calls)).toEqual([`ask Say exactly: ${JSON.stringify(greeting)}`])
  talk.respond(4_000, greeting)
  await talk.time.pass(1_000)
  await talk.speak(900, 'Who is this?')
  await talk.time.pass(5_000)
  expect(talk.turns.findLast(({ role }) => role === 'agent')).toMatchObject({ text: greeting, interrupted: false })
  expect(asks(talk.calls)).toHaveLength(2)
  expect(talk.spans.filter((name) => name === 'greeting')).toHaveLength(1)
})
