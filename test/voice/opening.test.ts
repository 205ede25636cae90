import { expect, test } from 'vitest'
import { conversation } from './sandbox-call.ts'
import { converse, loud, quiet } from './scripted.ts'

/** Within the first second and a half somebody says "hello"; these say something else. */
test.each([
  [false, 2_500, 'You have the wrong number, there is no Maria living here.'],
  [true, 900, 'Wrong number, no Maria here.'],
])(
  'over a greeting (interruptible: %s), %d ms from its first second on are answered once it is over',
  async (greetingInterruptible, lengthMs, text) => {
    const talk = converse({ conversation: { greetingInterruptible, idleSeconds: 30 } })
    talk.respond(6_000)
    await talk.time.pass(800)
    await talk.speak(lengthMs, text)
    await talk.time.pass(12_000)
    expect(talk.turns.map((turn) => turn.text)).toContain(text)
    expect(talk.calls.filter((call) => call.startsWith('ask'))).toEqual(['ask'])
  },
)

/** The session is not there yet at the pick-up (no prewarm, a slow engine): the callee says hello into the silence. */
test.each([
  ['Hello?', 500],
  ['Hello? Who is this please?', 1_400],
])('"%s" said before the first sound of the greeting does not take the greeting away', async (text, lengthMs) => {
  const talk = converse()
  await talk.time.pass(1_700)
  talk.line.mouth = loud
  await talk.time.pass(lengthMs)
  talk.line.mouth = quiet
  await talk.time.pass(800)
  // The session stands now: it asks for the greeting, is given what was kept, and tells of the speech in a burst.
  talk.tell({ type: 'response_started', response: 'greeting' })
  talk.tell({ type: 'speech_started', item: 'u', atMs: 1_700 })
  talk.tell({ type: 'speech_stopped', item: 'u', atMs: 1_700 + lengthMs + 500 })
  talk.tell({ type: 'committed', item: 'u' })
  await talk.time.pass(120)
  talk.tell({ type: 'heard', item: 'u', text })
  await talk.time.pass(100)
  const wanted = talk.calls.filter((call) => call.startsWith('ask'))
  const cancelled = talk.calls.includes('cancel greeting')
  // Either the greeting goes on, or it is what is asked for next.
  expect({ cancelled, wanted }).toSatisfy(() => !cancelled || wanted.some((ask) => ask.includes(conversation.greeting)))
})

test('the same, told in full: what the callee hears first is the greeting', async () => {
  const talk = converse()
  await talk.time.pass(1_700)
  talk.line.mouth = loud
  await talk.time.pass(500)
  talk.line.mouth = quiet
  await talk.time.pass(800)
  talk.tell({ type: 'speech_started', item: 'u', atMs: 1_700 })
  talk.tell({ type: 'speech_stopped', item: 'u', atMs: 2_700 })
  talk.tell({ type: 'committed', item: 'u' })
  talk.respond(3_000, conversation.greeting)
  await talk.time.pass(120)
  talk.tell({ type: 'heard', item: 'u', text: 'Hello?' })
  talk.respond(1_000, 'Yes, hello.')
  await talk.time.pass(5_000)
  expect(talk.turns.filter(({ role }) => role === 'agent')[0]).toMatchObject({ text: conversation.greeting })
})
