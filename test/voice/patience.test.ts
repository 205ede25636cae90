import { expect, test } from 'vitest'
import { converse } from './scripted.ts'

test('a keypress long after a "mhm" is a turn of its own', async () => {
  const talk = converse()
  talk.respond(9_000)
  await talk.time.pass(2_000)
  await talk.speak(200, 'Uh-huh.')
  await talk.time.pass(9_000)
  talk.digit('1')
  await talk.time.pass(1_100)
  const before = talk.spans.length
  await talk.time.pass(200)
  talk.respond(400)
  expect(talk.spans.slice(before)).toEqual(['llm', 'tts', 'turn'])
  expect(talk.turnsTookMs).toEqual([300])
})

test('a transcription that never comes holds up the transcript for five seconds, not for the rest of the call', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  talk.tell({ type: 'speech_started', item: 'u', atMs: 1_000 })
  talk.tell({ type: 'speech_stopped', item: 'u', atMs: 1_500 })
  talk.tell({ type: 'committed', item: 'u' })
  talk.respond(400, 'It costs a hundred.')
  await talk.time.pass(4_000)
  expect(talk.turns).toHaveLength(1)
  await talk.time.pass(1_500)
  expect(talk.turns.at(-1)).toMatchObject({ text: 'It costs a hundred.' })
  talk.tell({ type: 'heard', item: 'u', text: 'What does it cost?' })
  expect(talk.turns.at(-1)).toMatchObject({ role: 'lead', atMs: 1_000, text: 'What does it cost?' })
})
