import { expect, test } from 'vitest'
import { asks, converse } from './scripted.ts'

const news = { output: { transferred: false } }

test('news reach the agent at once, and it speaks', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  talk.loop.tell(news)
  expect(talk.calls).toEqual(['system {"transferred":false}', 'ask'])
})

test('news that come while the caller speaks are told with the answer to them', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  const spoken = talk.speak(800, 'How long does it take?')
  await talk.time.pass(300)
  talk.loop.tell(news)
  expect(asks(talk.calls)).toEqual([])
  await talk.time.pass(2_000)
  await spoken
  expect(asks(talk.calls)).toEqual(['ask'])
})

test('a call that is over takes no news', async () => {
  const talk = converse()
  talk.loop.end('shutdown')
  talk.loop.tell(news)
  expect(talk.calls.filter((call) => call.startsWith('system'))).toEqual([])
})

test('whoever waits for something is not asked whether they are there', async () => {
  let waits = true
  const talk = converse({ waits: () => waits })
  talk.respond(200)
  await talk.time.pass(60_000)
  expect(asks(talk.calls)).toEqual([])
  waits = false
  await talk.time.pass(9_000)
  expect(asks(talk.calls).length).toBe(1)
})
