import { expect, test } from 'vitest'
import { converse, loud, ms, quiet } from './scripted.ts'

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
  ['Hello?', 500],
  ['Hello? Can anybody hear me please?', 1_400],
] as const)('%j said before the first sound of the greeting does not take it away', async (text, lengthMs) => {
  const talk = await lateSession(text, lengthMs)
  expect(talk.turns).toContainEqual(expect.objectContaining({ text: greeting, interrupted: false }))
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
