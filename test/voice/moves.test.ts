import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EngineLost, EngineRefused } from '../../runtime/voice/engine-events.ts'
import { createReconnects } from '../../runtime/voice/reconnects.ts'
import { goodbye } from './sandbox-call.ts'
import { asks, converse, loud, ms, quiet } from './scripted.ts'

type Talk = ReturnType<typeof converse>

const drop = { type: 'lost', error: new EngineLost('closed with 1006') } as const

test('the greeting leaves the moment the stream begins, at pace', async () => {
  const talk = converse()
  talk.respond(3_000)
  expect(talk.sent.length).toBe(8)
  expect(talk.sent[0]!.atMs).toBe(0)
  await talk.time.pass(1_000)
  expect(talk.sent.length).toBeLessThanOrEqual(59)
  await talk.time.pass(3_000)
  expect(talk.turns).toEqual([{ role: 'agent', atMs: 0, text: 'one two three four five', interrupted: false }])
  expect(asks(talk.calls)).toEqual([])
})

test('the opening "hello" neither cuts the greeting nor is answered', async () => {
  const talk = converse()
  talk.respond(3_000)
  await talk.time.pass(200)
  await talk.speak(500, 'Hello?')
  await talk.time.pass(4_000)
  expect(talk.turns[0]!.interrupted).toBe(false)
  expect(talk.calls).toEqual([])
})

test('barge-in: cut, cancelled, truncated at what was heard, what nobody heard deleted, late audio dropped, then answered', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(2_000)
  await talk.speak(600, 'Tell me about prices.')
  expect(asks(talk.calls).length).toBe(1)
  talk.tell({ type: 'response_started', response: 'x' })
  talk.tell({ type: 'text', response: 'x', item: 'a', delta: 'It costs a hundred a month, and there is more to say.' })
  for (const item of ['a', 'b']) {
    talk.tell({ type: 'audio', response: 'x', item, audio: Buffer.alloc(3_000 * 8, 1) })
    talk.tell({ type: 'audio_done', response: 'x', item })
  }
  await talk.time.pass(1_000)
  const before = talk.calls.length
  const sent = talk.sent.length
  await talk.speak(800, 'Wait, which month?')
  const [cancel, truncate, remove, ...rest] = talk.calls.slice(before)
  expect(cancel).toBe('cancel x')
  const heardMs = Number(truncate!.split(' ')[2])
  expect(truncate).toMatch(/^truncate a /)
  expect(Math.abs(heardMs - 1_300)).toBeLessThanOrEqual(50)
  expect(remove).toBe('delete b')
  expect(rest).toEqual([])
  talk.tell({ type: 'audio', response: 'x', item: 'a', audio: Buffer.alloc(800, 1) })
  await talk.time.pass(200)
  expect(talk.sent.length - sent).toBeLessThanOrEqual(16)
  talk.tell({ type: 'response_done', response: 'x', failure: null, toolCalls: [] })
  expect(asks(talk.calls).length).toBe(2)
  expect(talk.turns.map(({ text, interrupted }) => [text, interrupted])).toEqual([
    ['one two three four five', false],
    ['Tell me about prices.', false],
    ['It costs a hundred a', true],
    ['Wait, which month?', false],
  ])
})

test('a back-channel does not interrupt; a short word that is meant does', async () => {
  const talk = converse()
  talk.respond(9_000)
  await talk.time.pass(2_000)
  await talk.speak(200, 'Uh-huh.')
  expect(talk.calls).toEqual([])
  await talk.speak(200, 'No!')
  expect(talk.calls[0]).toMatch(/^truncate i1/)
  expect(asks(talk.calls).length).toBe(1)
})

test('a "yes" in the last breath of a question is its answer', async () => {
  const talk = converse()
  talk.respond(3_000)
  await talk.time.pass(2_300)
  await talk.speak(200, 'Yes.')
  await talk.time.pass(500)
  expect(asks(talk.calls)).toEqual(['ask'])
})

test.each([
  ['two three four', [], []],
  ['Who is there, please?', ['Who is there, please?'], ['user Who is there, please?', 'ask']],
])('what sounds like our own voice come back is judged by its words: %j', async (words, said, told) => {
  const talk = converse()
  const levels = Array.from({ length: 200 }, (_, at) => [0x10, 0x1c, 0x28, 0x34][(at * at + (at >> 2)) % 4]!)
  const ours = Buffer.concat(levels.map((level) => Buffer.alloc(160, level)))
  talk.tell({ type: 'response_started', response: 'r' })
  talk.tell({ type: 'text', response: 'r', item: 'ours', delta: 'one two three four five' })
  talk.tell({ type: 'audio', response: 'r', item: 'ours', audio: ours })
  talk.tell({ type: 'audio_done', response: 'r', item: 'ours' })
  talk.tell({ type: 'response_done', response: 'r', failure: null, toolCalls: [] })
  for (const [at, level] of levels.entries()) {
    if (at === 110) talk.tell({ type: 'speech_started', item: 'back', atMs: 2_000 })
    talk.line.mouth = Buffer.alloc(160, level + 0x04)
    await talk.time.pass(20)
  }
  talk.line.mouth = quiet
  await talk.time.pass(300)
  expect(talk.turns.map(({ interrupted }) => interrupted)).not.toContain(true)
  talk.tell({ type: 'speech_stopped', item: 'back', atMs: 4_300 })
  talk.tell({ type: 'committed', item: 'back' })
  expect(talk.calls).toEqual(['delete back'])
  talk.tell({ type: 'heard', item: 'back', text: words })
  await talk.time.pass(100)
  expect(talk.turns.filter(({ role }) => role === 'lead').map(({ text }) => text)).toEqual(said)
  expect(talk.calls).toEqual(['delete back', ...told])
})

test('an uninterruptible greeting is heard to its end, and then what was said over it is answered', async () => {
  const talk = converse({ conversation: { greetingInterruptible: false } })
  talk.respond(5_000)
  await talk.time.pass(1_800)
  await talk.speak(1_500, 'Who is this and what do you want?')
  expect(talk.calls).toEqual([])
  await talk.time.pass(3_000)
  expect(talk.turns[0]!.interrupted).toBe(false)
  expect(asks(talk.calls)).toEqual(['ask'])
})

test('tools run beside the sockets; results go back before the next ask, and a slow one is bridged once', async () => {
  const slow = Promise.withResolvers<{ output: unknown }>()
  const talk = converse({
    conversation: { phrases: { filler: 'One moment.' } },
    tool: (name) => (name === 'slow' ? slow.promise : Promise.resolve({ output: { quick: true } })),
  })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'Book me in.')
  talk.respond(0, '', [
    { callId: 'c1', name: 'slow' },
    { callId: 'c2', name: 'quick' },
  ])
  await talk.time.pass(1_500)
  expect(talk.calls).toEqual(['render One moment.', 'ask'])
  await talk.time.pass(4_000)
  expect(talk.turns.at(-1)).toMatchObject({ role: 'agent', text: 'One moment.', interrupted: false })
  slow.resolve({ output: { booked: 1 } })
  await talk.time.pass(20)
  expect(talk.calls.slice(2)).toEqual(['output c1 {"booked":1}', 'output c2 {"quick":true}', 'ask'])
})

test('a slow model is bridged once a turn; the turn is measured to the answer, and the engine is told nothing of it', async () => {
  const talk = converse({ conversation: { phrases: { filler: 'One moment.' } } })
  talk.respond(200)
  await talk.time.pass(1_000)
  for (const turn of [1, 2]) {
    await talk.speak(500, 'Tell me about prices.')
    const before = talk.spans.length
    await talk.time.pass(1_100)
    expect(talk.turns.filter(({ text }) => text === 'One moment.')).toHaveLength(turn - 1)
    await talk.time.pass(4_000)
    expect(talk.turns.filter(({ text }) => text === 'One moment.')).toHaveLength(turn)
    expect(talk.spans.slice(before)).toEqual([])
    talk.respond(400, 'It costs a hundred.')
    await talk.time.pass(1_000)
    expect(talk.spans.slice(before)).toEqual(['turn', 'stt', 'llm', 'tts'])
  }
  expect(talk.calls).toEqual(['render One moment.', 'ask', 'ask'])
})

test.each(['Mhm.', '', '(coughing)'])('cut by %j, the agent goes on from there within a second', async (sound) => {
  const talk = converse()
  talk.respond(9_000)
  await talk.time.pass(2_000)
  await talk.speak(400, sound)
  const [truncate, ...rest] = talk.calls
  expect(truncate).toMatch(/^truncate i1 2\d\d\d$/)
  expect(rest).toEqual(['delete u2', expect.stringMatching(/^system .*Go on from where you were cut/), 'ask'])
  // 500 ms of pause are the engine's own, 120 its transcription.
  expect(talk.time.monotonic()).toBeLessThanOrEqual(2_000 + 400 + 500 + 120 + 20)
})

test('words that never come are not waited for, nor those of long speech', async () => {
  const talk = converse()
  talk.respond(9_000)
  await talk.time.pass(2_000)
  talk.line.mouth = loud
  talk.tell({ type: 'speech_started', item: 'u', atMs: 2_000 })
  await talk.time.pass(500)
  talk.line.mouth = quiet
  talk.tell({ type: 'speech_stopped', item: 'u', atMs: 2_500 })
  talk.tell({ type: 'committed', item: 'u' })
  await talk.time.pass(500)
  expect(asks(talk.calls)).toEqual([])
  await talk.time.pass(200)
  expect(asks(talk.calls)).toEqual(['ask'])
  const long = converse()
  long.respond(9_000)
  await long.time.pass(2_000)
  await long.speak(1_500, 'Mhm.')
  expect(asks(long.calls)).toEqual(['ask'])
})

test('how easily the agent is cut is the flow’s: at the first sound, or by several words alone', async () => {
  const quick = converse({ conversation: { interruptions: { afterMs: 0, words: 1 } } })
  quick.respond(9_000)
  await quick.time.pass(2_000)
  quick.tell({ type: 'speech_started', item: 'u', atMs: 1_900 })
  expect(quick.calls[0]).toMatch(/^truncate i1/)
  const slow = converse({ conversation: { interruptions: { afterMs: 2_000, words: 3 } } })
  slow.respond(9_000)
  await slow.time.pass(2_000)
  await slow.speak(900, 'No, wait.')
  expect(slow.calls).toEqual([])
  await slow.speak(900, 'No, wait a moment.')
  expect(slow.calls[0]).toMatch(/^truncate i1/)
})

test('the goodbye is heard to its end before the line drops', async () => {
  const talk = converse({ tool: async () => goodbye({ ok: true }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'That is all.')
  talk.respond(2_000, 'Thank you. Goodbye.', [{ callId: 'c1', name: 'end_call' }])
  await talk.time.pass(5_000)
  await talk.loop.done
  const hangUp = talk.steps.find(({ step }) => step === 'hangUp')!
  expect(talk.steps.map(({ step }) => step)).toEqual(['answered', 'hangUp', 'ended'])
  expect(hangUp.atMs - talk.line.lastMarkMs).toBeLessThanOrEqual(20)
  expect(talk.line.lastMarkMs).toBeGreaterThan(2_000)
  expect(asks(talk.calls)).toEqual(['ask'])
  expect(talk.ended).toEqual([{ by: 'agent' }])
})

test('a caller who speaks over the goodbye calls it off', async () => {
  const talk = converse({ tool: async () => goodbye({ ok: true }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  talk.tell({ type: 'committed', item: 'u' })
  talk.respond(6_000, 'Thank you. Goodbye.', [{ callId: 'c1', name: 'end_call' }])
  await talk.time.pass(1_000)
  await talk.speak(1_600, 'Wait, one more question, how much is it?')
  expect(talk.ended).toEqual([])
  expect(asks(talk.calls).length).toBe(2)
  talk.respond(500)
  await talk.time.pass(3_000)
  expect(talk.ended).toEqual([])
})

/** A conversation whose agent says a goodbye of six seconds from now on. */
async function partingTalk() {
  const talk = converse({ tool: async () => goodbye({ ok: true }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'That is all.')
  talk.respond(6_000, 'Thank you. Goodbye.', [{ callId: 'c1', name: 'end_call' }])
  await talk.time.pass(100)
  return talk
}

test.each([
  ['a short question in its midst', 3_000, 700, 'Wait, one question!'],
  ['a question that begins before its end and outlasts it', 5_300, 4_000, 'And how much is it for two of us?'],
  ['a few words just before its end', 5_700, 250, 'No, stop.'],
])('the goodbye is called off by %s', async (_, afterMs, lengthMs, words) => {
  const talk = await partingTalk()
  await talk.time.pass(afterMs)
  const before = asks(talk.calls).length
  await talk.speak(lengthMs, words)
  await talk.time.pass(300)
  expect(talk.ended).toEqual([])
  expect(asks(talk.calls).length).toBe(before + 1)
  talk.respond(500)
  await talk.time.pass(3_000)
  expect(talk.ended).toEqual([])
})

test.each(['Thanks, bye!', 'Okay.', '(coughing)', ''])(
  'a goodbye that the caller answers with %j goes on',
  async (words) => {
    const talk = await partingTalk()
    await talk.time.pass(5_300)
    await talk.speak(400, words)
    await talk.time.pass(1_000)
    await talk.loop.done
    expect(talk.ended).toEqual([{ by: 'agent' }])
    expect(asks(talk.calls).length).toBe(1)
  },
)

test.each([
  [900, 900],
  [600, 1_500],
  [1_100, 2_500],
])('a question of %i ms over the goodbye is waited for, though its words take %i ms', async (voiceMs, wordsMs) => {
  const talk = await partingTalk()
  await talk.time.pass(5_300)
  await talk.speak(voiceMs, 'Wait, one question!', wordsMs)
  expect(talk.ended).toEqual([])
  expect(asks(talk.calls).at(-1)).toBe('ask')
})

test('a question over the goodbye is waited for, though the words of a sound before it never came', async () => {
  const talk = converse({ tool: async () => goodbye({ ok: true }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'That is all.')
  talk.tell({ type: 'response_started', response: 'last' })
  talk.tell({ type: 'audio', response: 'last', item: 'last', audio: ms(6_000) })
  await talk.time.pass(1_000)
  talk.tell({ type: 'speech_started', item: 'sound', atMs: talk.time.monotonic() })
  talk.tell({ type: 'committed', item: 'sound' })
  const toolCalls = [{ callId: 'c1', name: 'end_call', arguments: '{}' }]
  talk.tell({ type: 'response_done', response: 'last', failure: null, toolCalls })
  await talk.time.pass(3_000)
  const before = asks(talk.calls).length
  // Its words come once the agent is silent.
  await talk.speak(900, 'Wait, one question!', 900)
  expect(asks(talk.calls).length).toBe(before + 1)
  await talk.time.pass(5_000)
  expect(talk.ended).toEqual([])
})

test.each([null, undefined])(
  'words over a goodbye that are not understood, or never come, keep the call',
  async (words) => {
    const talk = await partingTalk()
    await talk.time.pass(5_300)
    if (words === null) await talk.speak(600, null)
    else {
      // Ten minutes are more than anybody waits.
      void talk.speak(600, 'Wait!', 600_000)
      await talk.time.pass(5_000)
    }
    expect(talk.ended).toEqual([])
    expect(asks(talk.calls).at(-1)).toBe('ask')
  },
)

test.each([
  ['the engine refuses', (talk: Talk) => talk.tell({ type: 'lost', error: new EngineRefused('insufficient_quota') })],
  ['the process ends', (talk: Talk) => talk.loop.end('shutdown')],
])(
  'a call that was about to end has ended when %s during its goodbye: nobody is to blame, and nobody rung again',
  async (_, breaks) => {
    const talk = await partingTalk()
    await talk.time.pass(100)
    breaks(talk)
    await talk.loop.done
    expect(talk.ended).toMatchObject([{ by: 'agent' }])
  },
)

test.each(['Yes.', 'Evet, tamam.', 'Yes, okay.'])(
  '%j after a "hmm" is an answer: nothing of the agent was heard between',
  async (words) => {
    const talk = converse()
    talk.respond(1_000, 'Shall I book Tuesday at ten?')
    await talk.time.pass(2_500)
    await talk.speak(300, 'Hmm.')
    const before = talk.calls.length
    talk.tell({ type: 'response_started', response: 'x' })
    await talk.speak(400, words)
    talk.tell({ type: 'response_done', response: 'x', failure: null, toolCalls: [] })
    expect(talk.calls.slice(before)).toEqual(['cancel x', 'ask'])
    expect(talk.turns.at(-1)).toMatchObject({ role: 'lead', text: words })
  },
)

test('a cough before the next sound is forgotten, and cut nothing short', async () => {
  const talk = converse()
  talk.respond(1_000, 'When shall we meet?')
  await talk.time.pass(2_500)
  await talk.speak(700, 'Tuesday at ten.')
  const before = talk.calls.length
  talk.tell({ type: 'response_started', response: 'x' })
  await talk.speak(400, '(coughing)')
  talk.tell({ type: 'response_done', response: 'x', failure: null, toolCalls: [] })
  expect(talk.calls.slice(before)).toEqual(['cancel x', expect.stringMatching(/^delete u/), 'ask'])
})

test('whoever begins to speak in the last moment of the goodbye is heard, before the engine tells of it', async () => {
  const talk = await partingTalk()
  await talk.time.pass(5_600)
  talk.line.mouth = loud
  await talk.time.pass(550)
  // Its last mark is back; the engine is a quarter of a second late.
  expect(talk.ended).toEqual([])
  const saidMs = talk.time.monotonic() - 300
  talk.tell({ type: 'speech_started', item: 'late', atMs: saidMs })
  await talk.time.pass(800)
  talk.line.mouth = quiet
  await talk.time.pass(500)
  talk.tell({ type: 'speech_stopped', item: 'late', atMs: talk.time.monotonic() })
  talk.tell({ type: 'committed', item: 'late' })
  talk.tell({ type: 'heard', item: 'late', text: 'And what does it cost?' })
  await talk.time.pass(100)
  expect(talk.ended).toEqual([])
  expect(asks(talk.calls).at(-1)).toBe('ask')
})

test('noise on the line holds up the end for less than half a second', async () => {
  const talk = await partingTalk()
  talk.line.mouth = loud
  await talk.time.pass(6_800)
  expect(talk.ended).toEqual([{ by: 'agent' }])
})

test('a call that is over its time does not wait for a speech to end', async () => {
  const talk = converse({ conversation: { maxDurationSeconds: 20, phrases: { goodbye: 'Goodbye.' } } })
  talk.respond(200)
  await talk.time.pass(6_000)
  await talk.speak(500, 'Tell me all about it.')
  talk.respond(50_000, 'A very long story.')
  await talk.time.pass(13_600)
  expect(talk.calls.slice(-2)).toEqual([expect.stringMatching(/^truncate /), 'ask Say exactly: "Goodbye."'])
  talk.respond(1_000, 'Goodbye.')
  await talk.time.pass(2_000)
  expect(talk.ended).toEqual([{ by: 'max_duration' }])
  expect(talk.turns.at(-1)).toMatchObject({ text: 'Goodbye.', interrupted: false })
})

test('a limit of the engine is waited out in its session; audio makes it forgotten', async () => {
  const talk = converse({ conversation: { idleSeconds: 60 } })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'What does it cost?')
  const before = asks(talk.calls).length
  const failing = (at: number) => {
    talk.tell({ type: 'response_started', response: `x${at}` })
    talk.tell({ type: 'response_done', response: `x${at}`, failure: 'rate_limit_exceeded', toolCalls: [] })
  }
  for (const [at, waitMs] of [400, 1_400, 2_900, 5_900].entries()) {
    failing(at)
    await talk.time.pass(waitMs)
    expect(asks(talk.calls).length).toBe(before + at)
    await talk.time.pass(200)
    expect(asks(talk.calls).length).toBe(before + at + 1)
  }
  expect(talk.calls.join()).not.toContain('reopen')
  talk.respond(500, 'A hundred.')
  await talk.time.pass(1_000)
  expect(talk.turns.at(-1)).toMatchObject({ text: 'A hundred.', interrupted: false })
})

test.each([
  [false, 'ask Say exactly: "Hello."'],
  [true, 'ask'],
])(
  'a greeting in whose midst the session drops is said anew only where it must be heard (interruptible: %s)',
  async (greetingInterruptible, expected) => {
    const talk = converse({ conversation: { greetingInterruptible, greeting: 'Hello.' } })
    talk.tell({ type: 'response_started', response: 'r' })
    talk.tell({ type: 'text', response: 'r', item: 'i', delta: 'Hello.' })
    talk.tell({ type: 'audio', response: 'r', item: 'i', audio: ms(500) })
    await talk.time.pass(300)
    talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
    talk.tell({ type: 'ready' })
    expect(asks(talk.calls)).toEqual([expected])
  },
)

test('words that are announced and of which no sound came are forgotten by the engine, late ones too', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'Tell me about prices.')
  talk.tell({ type: 'response_started', response: 'x' })
  talk.tell({ type: 'text', response: 'x', item: 'a', delta: 'It costs' })
  await talk.speak(600, 'And the dates?')
  expect(talk.calls.slice(1, 3)).toEqual(['cancel x', 'delete a'])
  talk.tell({ type: 'text', response: 'x', item: 'a', delta: ' a hundred' })
  talk.tell({ type: 'text', response: 'x', item: 'b', delta: 'Shall I' })
  talk.tell({ type: 'audio', response: 'x', item: 'b', audio: Buffer.alloc(800, 1) })
  expect(talk.calls.filter((call) => call.startsWith('delete'))).toEqual(['delete a', 'delete b'])
  talk.tell({ type: 'response_done', response: 'x', failure: null, toolCalls: [] })
  talk.respond(300, 'In May.')
  await talk.time.pass(1_000)
  expect(talk.turns.map(({ text }) => text)).toEqual([
    'one two three four five',
    'Tell me about prices.',
    'And the dates?',
    'In May.',
  ])
})

test('what a response called that was complete before its cut is run; the caller goes on, and the call with them', async () => {
  const ran: string[] = []
  const talk = converse({
    async tool(name) {
      ran.push(name)
      return name === 'end_call' ? goodbye({ ok: true }) : { output: { saved: true } }
    },
  })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'I need a course.')
  talk.tell({ type: 'response_started', response: 'x' })
  talk.tell({ type: 'audio', response: 'x', item: 'a', audio: Buffer.alloc(4_000 * 8, 1) })
  await talk.time.pass(500)
  await talk.speak(600, 'Wait, in May please.')
  const toolCalls = [
    { callId: 'c1', name: 'save_answer', arguments: '{}' },
    { callId: 'c2', name: 'end_call', arguments: '{}' },
  ]
  talk.tell({ type: 'response_done', response: 'x', failure: null, toolCalls })
  await talk.time.pass(100)
  expect(ran).toEqual(['save_answer', 'end_call'])
  expect(talk.calls.filter((call) => call.startsWith('output'))).toHaveLength(2)
  expect(asks(talk.calls)).toHaveLength(2)
  talk.respond(300, 'In May.')
  await talk.time.pass(2_000)
  expect(talk.ended).toEqual([])
})

test('a longer "yes" in the last breath of a question is its answer too', async () => {
  const talk = converse()
  talk.respond(3_000)
  await talk.time.pass(2_300)
  await talk.speak(400, 'Yes.')
  expect(asks(talk.calls)).toEqual(['ask'])
  expect(talk.calls.filter((call) => /^(delete|system)/.test(call))).toEqual([])
})

test('a response of nothing at all is asked for again, and given up with its session at last', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'Tell me about prices.')
  for (let tries = 1; tries <= 2; tries += 1) talk.respond(0)
  expect(asks(talk.calls)).toHaveLength(3)
  expect(talk.calls.filter((call) => call.startsWith('reopen'))).toHaveLength(0)
  talk.respond(0)
  expect(talk.calls.filter((call) => call.startsWith('reopen'))).toHaveLength(1)
})

test('keys go to the desk at once and to the engine as text, together', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  talk.digit('4')
  await talk.time.pass(300)
  talk.digit('2')
  await talk.time.pass(1_100)
  expect(talk.calls).toEqual(['user (The caller pressed 42 on the keypad.)', 'ask'])
  const stop = converse({ digit: () => ({ ...goodbye({ opted_out: true }) }) })
  stop.respond(3_000)
  await stop.time.pass(500)
  stop.digit('9')
  await stop.time.pass(20)
  expect(stop.calls.slice(0, 2)).toEqual([expect.stringMatching(/^truncate i1/), 'system {"opted_out":true}'])
  expect(stop.calls[2]).toMatch(/^ask .*goodbye/)
})

test('media that stops in mid-speech is closed with silence', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  talk.tell({ type: 'speech_started', item: 'u', atMs: 1_000 })
  talk.line.mouth = null
  await talk.time.pass(700)
  expect(talk.calls).toEqual([])
  await talk.time.pass(100)
  expect(talk.calls).toEqual(['silence 750'])
})

test("the caller's turns stand where they began in the stream, after gaps, fed silence and a new session too", async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  /** What the engine was given, by its own clock. */
  const hears = (item: string, atMs: number) => {
    talk.tell({ type: 'speech_started', item, atMs })
    talk.tell({ type: 'speech_stopped', item, atMs })
    talk.tell({ type: 'heard', item, text: item })
  }
  hears('first', 900)
  // Two seconds of the stream never came.
  talk.line.mouth = null
  await talk.time.pass(2_000)
  talk.line.mouth = quiet
  await talk.time.pass(1_000)
  hears('after a gap', 1_900)
  talk.tell({ type: 'speech_started', item: 'in a gap', atMs: 2_000 })
  talk.line.mouth = null
  await talk.time.pass(1_000)
  talk.line.mouth = quiet
  talk.tell({ type: 'heard', item: 'in a gap', text: 'in a gap' })
  await talk.time.pass(1_000)
  hears('after silence', 2_000 + 750 + 900)
  talk.tell(drop)
  await talk.time.pass(1_000)
  talk.tell({ type: 'ready' })
  hears('in a new session', 700)
  const lead = talk.turns.filter(({ role }) => role === 'lead')
  expect(lead.map(({ text }) => text)).toEqual([
    'first',
    'after a gap',
    'in a gap',
    'after silence',
    'in a new session',
  ])
  const expected = [900, 3_900, 4_000, 5_900, 6_700]
  expect(lead.filter(({ atMs }, at) => Math.abs(atMs - expected[at]!) > 40)).toEqual([])
})

test('an engine that falls silent is opened anew three times in five minutes; then the call ends', async () => {
  const talk = converse()
  for (let lost = 1; lost <= 3; lost += 1) {
    await talk.time.pass(22_000)
    expect(talk.calls.filter((call) => call === 'reopen 0').length).toBe(lost)
    talk.tell({ type: 'ready' })
    expect(talk.calls.at(-1)).toMatch(/^ask Say exactly: "Hi, this is Talkif/)
  }
  await talk.time.pass(22_000)
  await talk.loop.done
  expect(talk.ended).toEqual([{ by: 'engine_lost', detail: 'the engine fell silent' }])
  expect(talk.time.pending).toBeLessThanOrEqual(1)
})

test('dropped in mid-sentence: what has arrived is heard, kept and replayed, no more, and the answer goes on', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_500)
  await talk.speak(600, 'Tell me about prices.')
  talk.tell({ type: 'response_started', response: 'x' })
  talk.tell({ type: 'text', response: 'x', item: 'a', delta: 'It costs a hundred a month, and there is more to say.' })
  talk.tell({ type: 'text', response: 'x', item: 'b', delta: 'Nobody hears this.' })
  talk.tell({ type: 'audio', response: 'x', item: 'a', audio: Buffer.alloc(1_300 * 8, 1) })
  await talk.time.pass(400)
  talk.tell(drop)
  talk.tell({ type: 'ready' })
  expect(talk.replayed).toEqual([
    ['agent: one two three four five', 'lead: Tell me about prices.', 'agent: It costs a hundred a'],
  ])
  await talk.time.pass(2_000)
  expect(talk.turns.at(-1)).toMatchObject({ text: 'It costs a hundred a', interrupted: true })
  expect(asks(talk.calls)).toEqual(['ask', 'ask'])
  expect(talk.ended).toEqual([])
})

test('a session that is lost while nobody waits for an answer says nothing of its own accord', async () => {
  const talk = converse()
  talk.respond(3_000)
  await talk.time.pass(500)
  talk.tell(drop)
  talk.tell({ type: 'ready' })
  // Heard over the rest of the greeting, which the new session knows only as text.
  await talk.speak(1_200, 'What is this about, please?')
  expect(talk.calls.filter((call) => !call.startsWith('ask'))).toEqual(['reopen 1'])
  expect(asks(talk.calls)).toEqual(['ask'])
})

test('a voicemail message in the midst of which the session drops is said again, whole', async () => {
  const talk = converse({ conversation: { voicemailMessage: 'Call us.' } })
  talk.respond(200)
  await talk.time.pass(1_000)
  talk.loop.verdict('machine_end')
  talk.tell({ type: 'response_started', response: 'x' })
  talk.tell({ type: 'audio', response: 'x', item: 'a', audio: Buffer.alloc(300 * 8, 1) })
  await talk.time.pass(100)
  talk.tell(drop)
  talk.tell({ type: 'ready' })
  const message = 'ask Say exactly: "Call us."'
  expect(asks(talk.calls)).toEqual([message, message])
  talk.respond(1_000, 'Call us.')
  await talk.time.pass(3_000)
  await talk.loop.done
  expect(talk.turns.at(-1)).toMatchObject({ text: 'Call us.', interrupted: false })
})

test('what happens while there is no session is known to the next one, and answered there', async () => {
  const slow = Promise.withResolvers<{ output: unknown }>()
  const talk = converse({ tool: () => slow.promise })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'Book me in.')
  talk.respond(0, '', [{ callId: 'c1', name: 'book_slot' }])
  talk.tell(drop)
  // The second outage is bridged after a pause.
  talk.tell(drop)
  slow.resolve({ output: { booked: true } })
  await talk.time.pass(100)
  talk.digit('4')
  await talk.time.pass(1_200)
  expect(asks(talk.calls)).toEqual(['ask'])
  talk.tell({ type: 'ready' })
  expect(talk.replayed).toEqual([
    [
      'agent: one two three four five',
      'lead: Book me in.',
      'system: The function book_slot returned: {"booked":true}',
      'lead: (The caller pressed 4 on the keypad.)',
    ],
  ])
  expect(asks(talk.calls)).toEqual(['ask', 'ask'])
  talk.respond(200, 'It is booked.')
  await talk.time.pass(1_000)
  expect(asks(talk.calls)).toEqual(['ask', 'ask'])
})

test('what a function returned is known to later sessions too, each thing in its place', async () => {
  const talk = converse({ tool: async () => ({ output: { free: 3 } }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'When?')
  talk.respond(0, '', [{ callId: 'c1', name: 'check_slots' }])
  await talk.time.pass(100)
  talk.respond(200, 'On Monday.')
  await talk.time.pass(1_000)
  for (let lost = 1; lost <= 2; lost += 1) {
    talk.tell(drop)
    await talk.time.pass(600)
    talk.tell({ type: 'ready' })
    expect(talk.replayed.at(-1)).toEqual([
      'agent: one two three four five',
      'lead: When?',
      'system: The function check_slots returned: {"free":3}',
      'agent: On Monday.',
    ])
  }
})

test.each(['goodbye', 'limit'] as const)(
  'a session lost around the last words (%s): they are said whole in the next',
  async (when) => {
    const talk = converse({
      tool: async () => goodbye({ ok: true }),
      conversation: { maxDurationSeconds: when === 'limit' ? 5 : 600, phrases: { goodbye: 'Bye now.' } },
    })
    talk.respond(200)
    await talk.time.pass(1_000)
    if (when === 'limit') {
      await talk.time.pass(3_500)
      talk.tell(drop)
      await talk.time.pass(1_000)
    } else {
      await talk.speak(500, 'That is all.')
      talk.respond(0, '', [{ callId: 'c1', name: 'end_call' }])
      await talk.time.pass(100)
      talk.tell({ type: 'response_started', response: 'x' })
      talk.tell({ type: 'audio', response: 'x', item: 'a', audio: Buffer.alloc(300 * 8, 1) })
      await talk.time.pass(100)
      talk.tell(drop)
    }
    const before = asks(talk.calls).length
    await talk.time.pass(500)
    expect(talk.ended).toEqual([])
    talk.tell({ type: 'ready' })
    expect(asks(talk.calls).slice(before)).toEqual([when === 'limit' ? 'ask Say exactly: "Bye now."' : 'ask'])
    talk.respond(800, 'Bye now.')
    await talk.time.pass(3_000)
    expect(talk.turns.at(-1)).toMatchObject({ text: 'Bye now.', interrupted: false })
    expect(talk.ended).toEqual([{ by: when === 'limit' ? 'max_duration' : 'agent' }])
  },
)

test('reconnects: at once, then with pauses, never more than three in any five minutes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 20 }), (gaps) => {
      const reconnects = createReconnects()
      const tries: number[] = []
      let nowMs = 0
      for (const gap of gaps) {
        nowMs += gap
        const recent = tries.filter((at) => nowMs - at < 300_000).length
        const waitMs = reconnects.lost(nowMs)
        expect(waitMs).toBe([0, 500, 2_000, null][recent])
        if (waitMs !== null) tries.push(nowMs)
      }
    }),
    { numRuns: 10_000 },
  )
})

test('a key that is refused ends the call at once', async () => {
  const talk = converse()
  talk.tell({ type: 'lost', error: new EngineRefused('insufficient_quota') })
  await talk.time.pass(100)
  expect(talk.ended).toEqual([{ by: 'engine_lost', detail: 'insufficient_quota' }])
})

test('a response that fails is asked for again', async () => {
  const talk = converse()
  talk.tell({ type: 'response_started', response: 'r' })
  talk.tell({ type: 'response_done', response: 'r', failure: 'server_error', toolCalls: [] })
  expect(asks(talk.calls)[0]).toMatch(/Say exactly: "Hi, this/)
})

test.each([
  ['ended', 'lead', ['answered', 'ended']],
  ['lost', 'carrier_lost', ['answered', 'hangUp', 'ended']],
] as const)('the stream is %s: %s', async (cause, by, steps) => {
  const talk = converse()
  talk.respond(3_000, 'one two three four five six')
  await talk.time.pass(1_500)
  talk.close(cause)
  await talk.time.pass(5_000)
  await talk.loop.done
  expect(talk.ended).toEqual([{ by }])
  expect(talk.steps.map(({ step }) => step)).toEqual(steps)
  expect(talk.turns).toEqual([{ role: 'agent', atMs: 0, text: 'one two three', interrupted: true }])
})

test('a desk that cannot take a turn does not stop the call; its fault is told at the end', async () => {
  const talk = converse({ turnsFail: true })
  talk.respond(400)
  await talk.time.pass(1_000)
  expect(talk.ended).toEqual([])
  talk.close('ended')
  await talk.time.pass(1_000)
  expect(talk.ended).toEqual([{ by: 'lead', detail: 'the books are closed' }])
})

test('words in the midst of which the line went are still heard', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  talk.tell({ type: 'speech_started', item: 'u', atMs: 1_000 })
  talk.close('ended')
  await talk.time.pass(200)
  expect(talk.calls).toEqual(['silence 1000'])
  talk.tell({ type: 'committed', item: 'u' })
  talk.tell({ type: 'heard', item: 'u', text: 'Stop calling me' })
  await talk.time.pass(200)
  await talk.loop.done
  expect(talk.turns.at(-1)).toMatchObject({ role: 'lead', text: 'Stop calling me' })
  expect(talk.ended).toEqual([{ by: 'lead' }])
})

const anyStep = (longestMs: number) =>
  fc.oneof(
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: longestMs }) }),
    fc.record({ do: fc.constant('start' as const), id: fc.integer({ min: 0, max: 6 }) }),
    fc.record({
      do: fc.constant('audio' as const),
      id: fc.integer({ min: 0, max: 6 }),
      ms: fc.integer({ min: 1, max: 3_000 }),
    }),
    fc.record({
      do: fc.constant('done' as const),
      id: fc.integer({ min: 0, max: 6 }),
      tool: fc.constantFrom('', 'save', 'end', 'hang', 'throw'),
    }),
    fc.record({
      do: fc.constantFrom('speech_started', 'speech_stopped', 'committed', 'heard', 'busy', 'refused', 'failed'),
    }),
    fc.record({ do: fc.constantFrom('digit', 'lost', 'ready', 'mute', 'loud', 'machine', 'news') }),
  )

type Step = ReturnType<typeof anyStep> extends fc.Arbitrary<infer S> ? S : never

/** Plays what both sides do, ends the call and waits until everything is over. */
async function play(script: Step[], last: 'end' | 'ended' | 'lost') {
  const talk = converse({
    async tool(name) {
      if (name === 'throw') throw new Error('no')
      if (name === 'end') return goodbye({})
      return name === 'hang' ? { output: {}, next: 'hang_up' } : { output: {} }
    },
  })
  const received = new Map<string, number>()
  for (const event of script) {
    const item = 'u1'
    if (event.do === 'pass') await talk.time.pass(event.ms)
    else if (event.do === 'start') talk.tell({ type: 'response_started', response: `r${event.id}` })
    else if (event.do === 'audio') {
      const id = `i${event.id}`
      received.set(id, (received.get(id) ?? 0) + event.ms)
      talk.tell({ type: 'audio', response: `r${event.id}`, item: id, audio: Buffer.alloc(event.ms * 8) })
    } else if (event.do === 'done') {
      const toolCalls = event.tool ? [{ callId: 'c', name: event.tool, arguments: '{}' }] : []
      talk.tell({ type: 'response_done', response: `r${event.id}`, failure: null, toolCalls })
    } else if (event.do === 'failed') {
      talk.tell({ type: 'response_done', response: 'r1', failure: 'server_error', toolCalls: [] })
    } else if (event.do === 'speech_started' || event.do === 'speech_stopped') {
      talk.tell({ type: event.do, item, atMs: 0 })
    } else if (event.do === 'committed') talk.tell({ type: 'committed', item })
    else if (event.do === 'heard') talk.tell({ type: 'heard', item, text: 'No thanks, not now' })
    else if (event.do === 'busy') talk.tell({ type: 'ask_refused', busy: true, message: '' })
    else if (event.do === 'refused') talk.tell({ type: 'ask_refused', busy: false, message: 'no' })
    else if (event.do === 'digit') talk.digit('1')
    else if (event.do === 'lost') talk.tell({ type: 'lost', error: new EngineLost('gone') })
    else if (event.do === 'ready') talk.tell({ type: 'ready' })
    else if (event.do === 'machine') talk.loop.verdict('machine_end')
    else if (event.do === 'news') talk.loop.tell({ output: { transfer: 'nobody' } })
    else talk.line.mouth = event.do === 'mute' ? null : Buffer.alloc(160, 0x20)
  }
  if (last === 'end') talk.loop.end('shutdown')
  else if (talk.ended.length === 0) talk.close(last)
  await talk.time.pass(130_000)
  await talk.loop.done
  return { talk, received }
}

test.each([
  ['short', 16, 200, 10_000],
  ['long', 60, 2_000, 100],
] as const)(
  'in any order of events (%s scripts) the call ends exactly once, cuts nothing that was not there, and leaves no timer behind',
  async (_, maxLength, longestMs, numRuns) => {
    const script = fc.array(anyStep(longestMs), { maxLength })
    await fc.assert(
      fc.asyncProperty(script, fc.constantFrom('end', 'ended', 'lost'), async (steps, last) => {
        const { talk, received } = await play(steps, last)
        const done = talk.steps.map(({ step }) => step)
        expect(talk.ended.length).toBe(1)
        expect(done.filter((one) => one === 'hangUp').length).toBeLessThanOrEqual(1)
        expect(done.at(-1)).toBe('ended')
        expect(talk.time.pending).toBe(0)
        for (const [, item, ms] of talk.calls.map((call) => /^truncate (\S+) (\d+)$/.exec(call) ?? [])) {
          if (item === undefined) continue
          expect(Number(ms)).toBeGreaterThan(0)
          expect(Number(ms)).toBeLessThanOrEqual(received.get(item) ?? 0)
        }
        // Each turn once, in the order in which they began, but for words that come after more than five seconds.
        const inOrder = talk.turns.filter(({ role }) => role === 'agent' || maxLength * longestMs < 5_000)
        const begins = inOrder.map(({ atMs }) => atMs)
        expect(begins).toEqual(begins.toSorted((a, b) => a - b))
      }),
      { numRuns },
    )
  },
  60_000,
)

test('a tool call that is told again does not run again', async () => {
  let runs = 0
  const talk = converse({ tool: async () => ({ output: { run: ++runs } }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(600, 'Where is my order?')
  for (let i = 0; i < 2; i++) {
    talk.respond(0, '', [{ callId: 'c1', name: 'order' }])
    await talk.time.pass(100)
  }
  expect(talk.calls.filter((call) => call.startsWith('output'))).toEqual(Array(2).fill('output c1 {"run":1}'))
})

test('a leave that a tool asks for is taken in words, whatever was said beside the call', async () => {
  const talk = converse({ tool: async () => ({ output: { disqualified: true }, next: 'take_leave' }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(600, 'Ten euro.')
  talk.respond(300, 'Great.', [{ callId: 'c1', name: 'save_answer' }])
  await talk.time.pass(1_000)
  expect(asks(talk.calls)).toHaveLength(2)
  talk.respond(500, 'Thank you, goodbye.')
  await talk.time.pass(2_000)
  expect(talk.ended).toEqual([{ by: 'agent' }])
})

test.each([
  ['goes on and on', 60, 0],
  ['comes in one burst', 1, 50_000],
])('nor for one that %s after the time is over', async (_, seconds, burstMs) => {
  const conversation = { idleSeconds: 60, maxDurationSeconds: 20, phrases: { goodbye: 'Goodbye.' } }
  const talk = converse({ conversation })
  const isCut = () => talk.calls.includes('cancel x') || talk.calls.some((call) => call.startsWith('truncate a'))
  talk.respond(200)
  await talk.time.pass(16_000)
  await talk.speak(500, 'Tell me all about it.')
  talk.tell({ type: 'response_started', response: 'x' })
  talk.tell({ type: 'text', response: 'x', item: 'a', delta: 'A very long story.' })
  talk.tell({ type: 'audio', response: 'x', item: 'a', audio: ms(3_000) })
  await talk.time.pass(20_040 - talk.time.monotonic())
  expect(isCut()).toBe(false)
  for (let second = 0; second < seconds && !isCut(); second += 1) {
    talk.tell({ type: 'audio', response: 'x', item: 'a', audio: ms(burstMs || 1_000) })
    if (burstMs) talk.tell({ type: 'audio_done', response: 'x', item: 'a' })
    if (burstMs) talk.tell({ type: 'response_done', response: 'x', failure: null, toolCalls: [] })
    await talk.time.pass(1_000)
  }
  if (burstMs === 0) talk.tell({ type: 'response_done', response: 'x', failure: null, toolCalls: [] })
  // What was asked for before the rest was cut is cut with it.
  else talk.respond(0)
  expect(talk.time.monotonic()).toBeLessThan(26_500)
  expect(asks(talk.calls).at(-1)).toBe('ask Say exactly: "Goodbye."')
  talk.respond(1_000, 'Goodbye.')
  await talk.time.pass(2_000)
  expect(talk.ended).toEqual([{ by: 'max_duration' }])
  expect(talk.turns.at(-1)).toMatchObject({ text: 'Goodbye.', interrupted: false })
})

test('an "Okay, great." of 600 ms while the agent explains cuts nothing for good: it goes on from there', async () => {
  const talk = converse()
  talk.respond(9_000)
  await talk.time.pass(2_000)
  await talk.speak(600, 'Okay, great.')
  expect(talk.calls).toContainEqual(expect.stringMatching(/^system .*Go on from where you were cut/))
})

test('a "Great!" of 240 ms while the agent explains does not cut it', async () => {
  const talk = converse()
  talk.respond(9_000)
  await talk.time.pass(2_000)
  await talk.speak(240, 'Great!')
  expect(talk.calls).toEqual([])
})

test('a "Perfect." over "you are booked, goodbye" lets it be heard and the call end', async () => {
  const talk = converse({ tool: async () => goodbye({ ok: true }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'That is all.')
  talk.respond(6_000, 'You are booked for Tuesday at ten. Thank you. Goodbye.', [{ callId: 'c1', name: 'end_call' }])
  await talk.time.pass(3_000)
  await talk.speak(400, 'Perfect.')
  await talk.time.pass(5_000)
  expect(talk.turns.filter(({ interrupted }) => interrupted)).toEqual([])
  expect(asks(talk.calls).length).toBe(1)
  expect(talk.ended).toEqual([{ by: 'agent' }])
})

test.each(['(sigh)', 'Uh.', ''])(
  'a question over the goodbye keeps the call, also when the caller makes another sound (%j) before its words have come',
  async (sound) => {
    const talk = await partingTalk()
    await talk.time.pass(3_000)
    const item = 'question'
    talk.line.mouth = loud
    talk.tell({ type: 'speech_started', item, atMs: talk.time.monotonic() })
    await talk.time.pass(800)
    talk.line.mouth = quiet
    await talk.time.pass(500)
    talk.tell({ type: 'speech_stopped', item, atMs: talk.time.monotonic() })
    talk.tell({ type: 'committed', item })
    // A breath or an "uh" begins 200 ms later, the words of the question come after 500 ms.
    await talk.time.pass(200)
    const second = talk.speak(600, sound)
    await talk.time.pass(300)
    talk.tell({ type: 'heard', item, text: 'Wait, what does it cost?' })
    await second
    await talk.time.pass(6_000)
    expect(talk.ended).toEqual([])
    expect(asks(talk.calls).at(-1)).toBe('ask')
    expect(asks(talk.calls).length).toBe(2)
  },
)
