import { expect, test } from 'vitest'
import { converse } from './scripted.ts'

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
