import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { EngineLost } from '../../runtime/voice/engine-events.ts'
import { openRecorder } from '../../runtime/voice/recorder.ts'
import { goodbye } from './sandbox-call.ts'
import { asks, converse, loud, quiet } from './scripted.ts'

/** The session drops, the caller says something of this length, and hangs up before the next one stands. */
async function hangsUpMeanwhile(lengthMs: number) {
  const heard: string[] = []
  const talk = converse({ heard: (text) => void heard.push(text) })
  talk.respond(200)
  await talk.time.pass(2_000)
  talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
  talk.line.mouth = loud
  await talk.time.pass(lengthMs)
  talk.line.mouth = quiet
  await talk.time.pass(100)
  talk.close('ended')
  await talk.time.pass(300)
  return { talk, heard }
}

test('what the caller says while a session is opened anew is understood, though they hang up before it stands', async () => {
  const { talk, heard } = await hangsUpMeanwhile(1_200)
  expect(talk.calls).toContain('silence 1000')
  expect(talk.calls).not.toContain('engine closed')
  talk.tell({ type: 'ready' })
  talk.tell({ type: 'speech_started', item: 'u', atMs: 0 })
  talk.tell({ type: 'committed', item: 'u' })
  await talk.time.pass(1_000)
  talk.tell({ type: 'heard', item: 'u', text: 'Stop calling me' })
  await talk.time.pass(200)
  expect(heard).toEqual(['Stop calling me'])
  expect(talk.turns.at(-1)).toMatchObject({ role: 'lead', text: 'Stop calling me' })
  expect(talk.ended).toEqual([{ by: 'lead' }])
  expect(asks(talk.calls)).toEqual([])
})

test('a session that comes too late for that, or not at all, holds up the end for three seconds', async () => {
  const { talk } = await hangsUpMeanwhile(1_200)
  await talk.time.pass(2_500)
  expect(talk.ended).toEqual([])
  await talk.time.pass(500)
  expect(talk.ended).toEqual([{ by: 'lead' }])
  expect(talk.calls.at(-1)).toBe('engine closed')
  const { length } = talk.calls
  await talk.time.pass(20_000)
  expect(talk.calls).toHaveLength(length)
})

test.each([
  ['holds the line until it is understood', 900, []],
  ['that was noise holds it for a moment', 100, [{ by: 'agent' }]],
])('what is said over a goodbye while a session is opened anew %s', async (_, lengthMs, ended) => {
  const talk = converse({ tool: async () => goodbye({ ending: true }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(600, 'No, thank you.')
  talk.respond(900, 'Then goodbye.', [{ callId: 'c1', name: 'end_call' }])
  await talk.time.pass(100)
  talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
  talk.line.mouth = loud
  await talk.time.pass(lengthMs)
  talk.line.mouth = quiet
  // The goodbye was heard by now.
  await talk.time.pass(1_000 - lengthMs + 200)
  talk.tell({ type: 'ready' })
  if (lengthMs > 200) {
    talk.tell({ type: 'speech_started', item: 'u', atMs: 300 })
    talk.tell({ type: 'speech_stopped', item: 'u', atMs: 1_700 })
    talk.tell({ type: 'committed', item: 'u' })
    await talk.time.pass(1_000)
    talk.tell({ type: 'heard', item: 'u', text: 'Wait, what does it cost?' })
  }
  await talk.time.pass(2_500)
  expect(talk.ended).toEqual(ended)
})

test('who said nothing meanwhile is not waited for', async () => {
  const { talk } = await hangsUpMeanwhile(0)
  expect(talk.ended).toEqual([{ by: 'lead' }])
})

test('a tool that comes back after the call asks the engine for nothing more', async () => {
  const slow = Promise.withResolvers<{ output: unknown }>()
  const talk = converse({ tool: () => slow.promise })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'When are you free?')
  talk.respond(0, '', [{ callId: 'c1', name: 'check_slots' }])
  await talk.time.pass(100)
  talk.close('ended')
  await talk.time.pass(500)
  const before = asks(talk.calls).length
  slow.resolve({ output: { slots: [1] } })
  await talk.time.pass(500)
  expect(asks(talk.calls)).toHaveLength(before)
  expect(talk.ended).toEqual([{ by: 'lead' }])
})

test('a model that calls voicemail and end_call in one breath still leaves the message', async () => {
  const talk = converse({
    conversation: { voicemailMessage: 'Please call us back.' },
    tool: async (name) => (name === 'voicemail' ? { output: {}, next: 'leave_message' } : goodbye({ ending: true })),
  })
  talk.respond(200)
  await talk.time.pass(1_800)
  await talk.speak(900, 'You have reached the mailbox of')
  talk.respond(0, '', [
    { callId: 'c1', name: 'voicemail' },
    { callId: 'c2', name: 'end_call' },
  ])
  await talk.time.pass(4_000)
  expect(asks(talk.calls).at(-1)).toBe('ask Say exactly: "Please call us back."')
})

test('a disk that does not take the recording holds up the end for twenty seconds, and is told', async () => {
  const talk = converse({ recorder: openRecorder(new Writable({ write() {} })) })
  talk.respond(1_000)
  await talk.time.pass(2_000)
  talk.close('ended')
  await talk.time.pass(19_000)
  expect(talk.ended).toEqual([])
  await talk.time.pass(2_000)
  expect(talk.ended).toEqual([{ by: 'lead', detail: 'the recording was not written in time' }])
})

test('what a key does by itself is known before the agent is told of it', async () => {
  const known = Promise.withResolvers<undefined>()
  const talk = converse({ digit: () => known.promise })
  talk.respond(200)
  await talk.time.pass(1_000)
  talk.digit('9')
  await talk.time.pass(2_500)
  expect(asks(talk.calls)).toEqual([])
  known.resolve(undefined)
  await talk.time.pass(40)
  expect(talk.calls.slice(-2)).toEqual(['user (The caller pressed 9 on the keypad.)', 'ask'])
})

type Talk = ReturnType<typeof converse>

test.each([
  ['a word', (talk: Talk) => talk.speak(300, 'Yes?')],
  ['a key', async (talk: Talk) => talk.digit('1')],
] as const)('%s over the goodbye that silence brought is a sign of life, and is answered', async (_, signOfLife) => {
  const talk = converse({ conversation: { idleSeconds: 5, phrases: { goodbye: 'Goodbye.' } } })
  talk.respond(200)
  await talk.time.pass(5_500)
  talk.respond(300, 'Are you there?')
  await talk.time.pass(5_700)
  expect(asks(talk.calls).at(-1)).toBe('ask Say exactly: "Goodbye."')
  talk.respond(1_500, 'Goodbye.')
  await talk.time.pass(200)
  await signOfLife(talk)
  await talk.time.pass(2_000)
  expect(talk.ended).toEqual([])
  expect(asks(talk.calls).at(-1)).toBe('ask')
})

/** The agent says something and ends the call with it; meanwhile the caller has said this, in its first second or later. */
async function endsMeanwhile(text: string, { greetingInterruptible = true, wordsMs = 50 } = {}) {
  const talk = converse({ conversation: { greetingInterruptible }, tool: async () => goodbye({ ending: true }) })
  talk.tell({ type: 'response_started', response: 'r' })
  talk.tell({ type: 'text', response: 'r', item: 'i', delta: 'That is all. Goodbye.' })
  talk.tell({ type: 'audio', response: 'r', item: 'i', audio: Buffer.alloc(2_000 * 8, 0x30) })
  await talk.time.pass(600)
  await talk.speak(700, text, wordsMs)
  const toolCalls = [{ callId: 'c1', name: 'end_call', arguments: '{}' }]
  talk.tell({ type: 'response_done', response: 'r', failure: null, toolCalls })
  await talk.time.pass(3_000)
  return talk
}

test.each([
  ['before the model ended the call', { greetingInterruptible: false }],
  ['in its first second', {}],
  ['in its first second, by words that come late', { wordsMs: 900 }],
])('a question that was asked %s is answered', async (_, how) => {
  const talk = await endsMeanwhile('And what does it cost in May?', how)
  expect(talk.ended).toEqual([])
  expect(asks(talk.calls)).toEqual(['ask'])
})

test('a parting lets the call end', async () => {
  const talk = await endsMeanwhile('Thanks, bye.', { greetingInterruptible: false })
  expect(talk.ended).toEqual([{ by: 'agent' }])
  expect(asks(talk.calls)).toEqual([])
})
