import { expect, test } from 'vitest'
import { EngineLost } from '../../runtime/voice/engine-events.ts'
import { createLineClock } from '../../runtime/voice/line-clock.ts'
import type { ToolResult } from '../../runtime/voice/port.ts'
import { goodbye } from './sandbox-call.ts'
import { converse, loud, ms, quiet } from './scripted.ts'

/** What was held back, or was not told as usual, comes all the same: nobody is left without an answer. */

const asks = ({ calls }: { calls: string[] }) => calls.filter((call) => call.startsWith('ask')).length
const slots = { output: { slots: [1, 2, 3] } }

/** A conversation in which the agent has greeted and was asked something. */
async function asked(plan: Parameters<typeof converse>[0] = {}) {
  const talk = converse({ ...plan, conversation: { idleSeconds: 20, ...plan.conversation } })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'Tuesday, please.')
  return talk
}

/** Loud and quiet as nothing else is, so that its echo is known. */
const levels = Array.from({ length: 200 }, (_, at) => [0x10, 0x1c, 0x28, 0x34][(at * at + (at >> 2)) % 4]!)
const voice = (lengthMs: number) =>
  Buffer.concat(levels.slice(0, lengthMs / 20).map((level) => Buffer.alloc(160, level)))

/** The agent says something with that voice, and a loudspeaker sends it back 200 ms later, which the engine takes for speech. */
async function onLoudspeaker(
  talk: ReturnType<typeof converse>,
  { text, lengthMs, tools = [] }: { text: string; lengthMs: number; tools?: { callId: string; name: string }[] },
  during?: () => void,
) {
  const [response, item, back] = [`said ${text}`, `item ${text}`, `back ${text} ${talk.calls.length}`]
  talk.tell({ type: 'response_started', response })
  talk.tell({ type: 'text', response, item, delta: text })
  talk.tell({ type: 'audio', response, item, audio: voice(lengthMs) })
  talk.tell({ type: 'audio_done', response, item })
  const toolCalls = tools.map((tool) => ({ ...tool, arguments: '{}' }))
  talk.tell({ type: 'response_done', response, failure: null, toolCalls })
  const beganMs = talk.time.monotonic()
  for (let at = 0; at < lengthMs / 20 + 10; at += 1) {
    if (at === 20) talk.tell({ type: 'speech_started', item: back, atMs: beganMs + 240 })
    if (at === 60) during?.()
    talk.line.mouth = at >= 10 ? Buffer.alloc(160, levels[at - 10]! + 4) : quiet
    await talk.time.pass(20)
  }
  talk.line.mouth = quiet
  await talk.time.pass(500)
  talk.tell({ type: 'speech_stopped', item: back, atMs: 0 })
  talk.tell({ type: 'committed', item: back })
  await talk.time.pass(120)
  talk.tell({ type: 'heard', item: back, text })
}

test('a tool that returns while the caller says "okay" over the agent is told once the agent is silent', async () => {
  const slow = Promise.withResolvers<typeof slots>()
  const talk = await asked({ tool: () => slow.promise })
  talk.respond(3_500, 'Let me look that up for you.', [{ callId: 'c1', name: 'check_slots' }])
  await talk.time.pass(300)
  const okay = talk.speak(240, 'Okay.')
  await talk.time.pass(400)
  slow.resolve(slots)
  await okay
  expect(asks(talk)).toBe(1)
  await talk.time.pass(4_000)
  expect(asks(talk)).toBe(2)
})

test('one that returns while our own voice comes back is told once that is known', async () => {
  const slow = Promise.withResolvers<typeof slots>()
  const talk = await asked({ tool: () => slow.promise })
  const said = { text: 'Let me look that up for you.', lengthMs: 3_000, tools: [{ callId: 'c1', name: 'check_slots' }] }
  await onLoudspeaker(talk, said, () => slow.resolve(slots))
  await talk.time.pass(1_000)
  expect(talk.calls).toContain('output c1 {"slots":[1,2,3]}')
  expect(asks(talk)).toBe(2)
})

test('news that comes while a "mhm" is heard over the agent is told once the agent is silent', async () => {
  const talk = await asked()
  talk.respond(5_000, 'I am trying to reach a colleague, and meanwhile let me tell you')
  await talk.time.pass(500)
  const mhm = talk.speak(200, 'Mhm.')
  await talk.time.pass(400)
  talk.loop.tell({ output: { transferred: false } })
  await mhm
  await talk.time.pass(6_000)
  expect(asks(talk)).toBe(2)
})

test.each([
  ['a tool', 'On Tuesday.'],
  ['a tool', 'Mhm.'],
  ['news', 'On Tuesday.'],
] as const)(
  '%s that comes while the words of a short %j that cut the agent are awaited is told with its answer',
  async (what, text) => {
    const slow = Promise.withResolvers<typeof slots>()
    const talk = await asked({ tool: () => slow.promise })
    const tools = what === 'a tool' ? [{ callId: 'c1', name: 'check_slots' }] : []
    talk.respond(6_000, 'Let me look that up for you, it takes a moment.', tools)
    await talk.time.pass(1_500)
    const speaking = talk.speak(440, text, 400)
    // 100 ms after the end of speech was told, 300 ms before its words.
    talk.time.clock.setTimeout(() => (what === 'news' ? talk.loop.tell(slots) : slow.resolve(slots)), 1_040)
    await speaking
    await talk.time.pass(100)
    talk.respond(800, 'I have Tuesday at ten.')
    await talk.time.pass(3_000)
    expect(asks(talk)).toBe(2)
  },
)

test('somebody silent on a loudspeaker is asked once whether they are there, and then let go', async () => {
  const phrases = { nudge: 'Are you still there?', goodbye: 'Goodbye then.' }
  const talk = converse({ conversation: { idleSeconds: 8, phrases } })
  talk.respond(200)
  await talk.time.pass(2_000)
  for (let heard = 0; talk.ended.length === 0 && talk.time.monotonic() < 120_000; ) {
    await talk.time.pass(200)
    if (asks(talk) === heard) continue
    heard = asks(talk)
    const words = talk.calls.at(-1)!.includes('still there') ? phrases.nudge : phrases.goodbye
    await onLoudspeaker(talk, { text: words, lengthMs: 1_600 })
  }
  expect(talk.calls.filter((call) => call.startsWith('ask'))).toHaveLength(2)
  expect(talk.ended).toEqual([{ by: 'silence' }])
  expect(talk.turns.map(({ role }) => role)).toEqual(['agent', 'agent', 'agent'])
})

test('a response that fails without a word about its audio does not mute the next, and what it did not say was not heard', async () => {
  const talk = await asked()
  talk.tell({ type: 'response_started', response: 'x' })
  const text = 'It costs a hundred a month, and there is a lot more to say about that, namely the fees of the school.'
  talk.tell({ type: 'text', response: 'x', item: 'a', delta: text })
  talk.tell({ type: 'audio', response: 'x', item: 'a', audio: ms(600) })
  await talk.time.pass(500)
  talk.tell({ type: 'response_done', response: 'x', failure: 'server_error', toolCalls: [] })
  const before = talk.sent.length
  talk.respond(500, 'It costs a hundred.')
  await talk.time.pass(2_000)
  expect(talk.sent.length - before).toBeGreaterThanOrEqual(25)
  const said = talk.turns.filter(({ role }) => role === 'agent').map((turn) => turn.text)
  expect(said.at(-1)).toBe('It costs a hundred.')
  expect(said.at(-2)!.length).toBeLessThan(text.length / 2)
})

test('a response that hangs is given up, however much the caller says meanwhile', async () => {
  const talk = await asked({ conversation: { maxDurationSeconds: 600 } })
  talk.tell({ type: 'response_started', response: 'x' })
  for (let i = 0; i < 4; i += 1) {
    await talk.time.pass(6_000)
    await talk.speak(600, 'Hello, are you there?')
  }
  expect(talk.calls.filter((call) => call.startsWith('reopen'))).toHaveLength(1)
})

test('what the caller was saying when the session was lost is given to the next', async () => {
  const talk = converse({ conversation: { idleSeconds: 30 } })
  talk.respond(200)
  await talk.time.pass(3_000)
  talk.line.mouth = loud
  await talk.time.pass(300)
  talk.tell({ type: 'speech_started', item: 'u1', atMs: 3_000 })
  await talk.time.pass(1_700)
  const before = talk.line.appended
  talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
  // All of it, and what was before the engine noticed.
  const again = talk.line.appended - before
  expect(again).toBeGreaterThanOrEqual(100)
  talk.line.mouth = quiet
  await talk.time.pass(600)
  talk.tell({ type: 'ready' })
  const beganMs = again * 20 - 2_000
  talk.tell({ type: 'speech_started', item: 'u2', atMs: beganMs })
  talk.tell({ type: 'speech_stopped', item: 'u2', atMs: beganMs + 2_000 })
  talk.tell({ type: 'committed', item: 'u2' })
  talk.tell({ type: 'heard', item: 'u2', text: 'What does it cost?' })
  await talk.time.pass(200)
  const [turn] = talk.turns.filter(({ role }) => role === 'lead')
  expect(turn).toMatchObject({ text: 'What does it cost?' })
  expect(Math.abs(turn!.atMs - 3_000)).toBeLessThanOrEqual(60)
  expect(asks(talk)).toBe(1)
})

test('the least delayed frames tell the time of the stream; a pause or a clock that drifts is followed within a second', () => {
  const line = createLineClock(5_000)
  expect(line.offsetMs).toBe(-5_000)
  const play = (fromMs: number, frames: number, lateMs: (at: number) => number) => {
    const seen: number[] = []
    for (let at = 0; at < frames; at += 1) {
      line.frame(fromMs + at * 20, 5_000 + fromMs + at * 20 + lateMs(at))
      seen.push(line.offsetMs)
    }
    return seen
  }
  const jittery = play(0, 500, (at) => 40 + ((at * 7) % 11) * 3).slice(25)
  expect(Math.max(...jittery) - Math.min(...jittery)).toBe(0)
  expect(jittery[0]).toBe(-5_040)
  // Three seconds of the stream went missing, which the carrier did not count.
  expect(play(10_000, 60, () => 3_040).at(-1)).toBe(-8_040)
})

test('a transcription that failed is no cough: whoever cut the agent, or spoke over it, is answered', async () => {
  const cut = await asked()
  cut.respond(6_000)
  await cut.time.pass(2_000)
  await cut.speak(500, null)
  expect(cut.calls.filter((call) => /^(delete|system)/.test(call))).toEqual([])
  expect(asks(cut)).toBe(2)
  const over = await asked({ conversation: { interruptions: { afterMs: 2_000, words: 9 } } })
  over.respond(6_000)
  await over.time.pass(1_000)
  await over.speak(900, null)
  expect(asks(over)).toBe(1)
  await over.time.pass(6_000)
  expect(asks(over)).toBe(2)
})

test('of several things said over the agent a later "mhm" takes none away', async () => {
  const talk = await asked({ conversation: { interruptions: { afterMs: 2_000, words: 9 } } })
  talk.respond(9_000)
  await talk.time.pass(1_000)
  await talk.speak(900, 'And on Friday?')
  await talk.speak(300, 'Mhm.')
  await talk.time.pass(3_000)
  expect(asks(talk)).toBe(1)
  await talk.time.pass(5_000)
  expect(asks(talk)).toBe(2)
})

test('a reply that waits for a response that calls a tool is asked for once the tool has brought something', async () => {
  const slow = Promise.withResolvers<typeof slots>()
  const talk = await asked({ tool: () => slow.promise })
  talk.tell({ type: 'response_started', response: 'x' })
  talk.loop.tell({ output: { transferred: false } })
  const toolCalls = [{ callId: 'c1', name: 'check_slots', arguments: '{}' }]
  talk.tell({ type: 'response_done', response: 'x', failure: null, toolCalls })
  await talk.time.pass(200)
  expect(asks(talk)).toBe(1)
  slow.resolve(slots)
  await talk.time.pass(20)
  expect(talk.calls.slice(-2)).toEqual(['output c1 {"slots":[1,2,3]}', 'ask'])
})

test('a question that comes while the tool runs that ends the call is answered, and nobody says goodbye yet', async () => {
  const slow = Promise.withResolvers<ToolResult>()
  const talk = await asked({ tool: () => slow.promise })
  talk.respond(0, '', [{ callId: 'c1', name: 'end_call' }])
  await talk.speak(700, 'Wait, what does it cost?')
  slow.resolve(goodbye({ ending: true }))
  await talk.time.pass(20)
  expect(talk.calls.slice(-2)).toEqual(['output c1 {"ending":true}', 'ask'])
  talk.respond(500, 'A hundred.')
  await talk.time.pass(3_000)
  expect(talk.ended).toEqual([])
})

test('a call that has lasted long enough in the midst of its goodbye says none again, and then nobody calls it off', async () => {
  const talk = await asked({ tool: async () => goodbye({ ok: true }), conversation: { maxDurationSeconds: 5 } })
  talk.respond(6_000, 'Thank you. Goodbye.', [{ callId: 'c1', name: 'end_call' }])
  await talk.time.pass(3_500)
  await talk.speak(1_400, 'Wait, one more question, how much is it?')
  await talk.time.pass(4_000)
  await talk.loop.done
  expect(asks(talk)).toBe(1)
  expect(talk.ended).toEqual([{ by: 'agent' }])
  expect(talk.turns.filter(({ role }) => role === 'agent').at(-1)).toMatchObject({ interrupted: false })
})

test('whoever waits while a session is opened anew hears so, once', async () => {
  const talk = converse({ conversation: { idleSeconds: 30, phrases: { filler: 'One moment.' } } })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'Tuesday, please.')
  talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
  await talk.time.pass(1_000)
  expect(talk.turns.at(-1)).toMatchObject({ role: 'lead' })
  const moments = () => talk.turns.filter(({ text }) => text === 'One moment.').length
  await talk.time.pass(2_000)
  expect(moments()).toBe(1)
  await talk.time.pass(3_000)
  talk.tell({ type: 'ready' })
  await talk.time.pass(2_000)
  expect([moments(), asks(talk)]).toEqual([1, 2])
  // Nobody waits for this one.
  talk.respond(2_000, 'On Tuesday at ten.')
  await talk.time.pass(500)
  talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
  await talk.time.pass(6_000)
  expect(moments()).toBe(1)
})

test('an answer that follows an uninterruptible greeting without a gap can be cut', async () => {
  const talk = converse({ conversation: { greetingInterruptible: false } })
  talk.respond(2_000)
  talk.loop.tell({ output: { news: true } })
  await talk.time.pass(1_500)
  talk.respond(6_000, 'There is something new, and I shall tell you all of it.')
  await talk.time.pass(1_500)
  await talk.speak(800, 'Wait, who is this?')
  expect(talk.calls).toContainEqual(expect.stringMatching(/^truncate i2/))
  expect(talk.turns[0]).toMatchObject({ interrupted: false })
})

test('a key pressed while the caller speaks is answered with what they say, at the end of it', async () => {
  const talk = await asked()
  talk.respond(200)
  await talk.time.pass(1_000)
  const said = talk.speak(3_000, 'I mean the fourth of the courses, which one is it?')
  await talk.time.pass(300)
  talk.digit('4')
  await talk.time.pass(2_500)
  expect(talk.calls.at(-1)).toBe('user (The caller pressed 4 on the keypad.)')
  expect(asks(talk)).toBe(1)
  await said
  expect(asks(talk)).toBe(2)
})

/** Somebody spoke, and before their words have come the session is lost. @returns how many frames the next is given at once */
async function lostBeforeTheirWords() {
  const heard: string[] = []
  const talk = await asked({ heard: (text) => void heard.push(text) })
  talk.respond(2_000)
  await talk.time.pass(1_000)
  const saidMs = talk.time.monotonic()
  talk.line.mouth = loud
  talk.tell({ type: 'speech_started', item: 'u', atMs: talk.time.monotonic() })
  await talk.time.pass(2_600)
  talk.line.mouth = quiet
  await talk.time.pass(500)
  talk.tell({ type: 'speech_stopped', item: 'u', atMs: talk.time.monotonic() })
  talk.tell({ type: 'committed', item: 'u' })
  await talk.time.pass(200)
  const before = talk.line.appended
  talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
  const again = talk.line.appended - before
  talk.tell({ type: 'ready' })
  return { talk, heard, again, saidMs }
}

test('what was said just before the session is lost is given to the next, and heard, kept and answered there', async () => {
  const { talk, heard, again, saidMs } = await lostBeforeTheirWords()
  // All of it, with a little before it, and nothing of what was said and understood earlier.
  expect(again * 20).toBeGreaterThanOrEqual(2_600 + 500 + 200)
  expect(again * 20).toBeLessThanOrEqual(2_600 + 500 + 200 + 600)
  const before = asks(talk)
  await talk.time.pass(200)
  const beganMs = again * 20 - 3_300
  talk.tell({ type: 'speech_started', item: 'u+', atMs: beganMs })
  talk.tell({ type: 'speech_stopped', item: 'u+', atMs: beganMs + 2_600 })
  talk.tell({ type: 'committed', item: 'u+' })
  expect(asks(talk)).toBe(before + 1)
  talk.tell({ type: 'heard', item: 'u+', text: 'Please stop calling me.' })
  await talk.time.pass(100)
  expect(heard.at(-1)).toBe('Please stop calling me.')
  const turn = talk.turns.findLast(({ role }) => role === 'lead')
  expect(turn?.text).toBe('Please stop calling me.')
  expect(Math.abs(turn!.atMs - saidMs)).toBeLessThanOrEqual(100)
})

test('where the next session hears nothing in it, they are answered all the same', async () => {
  const { talk } = await lostBeforeTheirWords()
  const before = asks(talk)
  await talk.time.pass(1_000)
  expect(asks(talk)).toBe(before)
  await talk.time.pass(1_000)
  expect(asks(talk)).toBe(before + 1)
})

test('after a long while without a session the next one has heard the last ten seconds, and the times are still right', async () => {
  const talk = converse({ conversation: { idleSeconds: 60 } })
  talk.respond(200)
  await talk.time.pass(3_000)
  talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
  await talk.time.pass(15_000)
  talk.tell({ type: 'ready' })
  // A second ago, by the clock of a session that has heard ten.
  await talk.time.pass(20)
  talk.tell({ type: 'speech_started', item: 'u', atMs: 9_000 })
  talk.tell({ type: 'speech_stopped', item: 'u', atMs: 9_500 })
  talk.tell({ type: 'committed', item: 'u' })
  talk.tell({ type: 'heard', item: 'u', text: 'Hello?' })
  const [turn] = talk.turns.filter(({ role }) => role === 'lead')
  expect(Math.abs(turn!.atMs - 17_000)).toBeLessThanOrEqual(60)
})

test.each([0, 100, 600])(
  'a greeting that begins %i ms after the stream stands there, and not at its beginning',
  async (earlyMs) => {
    const talk = converse({
      early: earlyMs / 20,
      held: [
        { type: 'response_started', response: 'r' },
        { type: 'text', response: 'r', item: 'i', delta: 'Hello.' },
        { type: 'audio', response: 'r', item: 'i', audio: ms(500) },
        { type: 'audio_done', response: 'r', item: 'i' },
        { type: 'response_done', response: 'r', failure: null, toolCalls: [] },
      ],
    })
    await talk.time.pass(1_500)
    const [greeting] = talk.turns
    expect(greeting).toMatchObject({ role: 'agent', text: 'Hello.' })
    expect(Math.abs(greeting!.atMs - earlyMs)).toBeLessThanOrEqual(40)
  },
)

/** A question is answered before its words have come, and the session is lost while the answer is heard. */
async function lostWhileAnswering(answer: string) {
  const talk = converse({ conversation: { idleSeconds: 30 } })
  talk.respond(200)
  await talk.time.pass(3_000)
  talk.line.mouth = loud
  talk.tell({ type: 'speech_started', item: 'u', atMs: 3_000 })
  await talk.time.pass(900)
  talk.line.mouth = quiet
  await talk.time.pass(500)
  talk.tell({ type: 'speech_stopped', item: 'u', atMs: 4_400 })
  talk.tell({ type: 'committed', item: 'u' })
  await talk.time.pass(400)
  talk.respond(4_000, answer)
  await talk.time.pass(800)
  talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
  await talk.time.pass(300)
  talk.tell({ type: 'ready' })
  return talk
}

test('a question that was answered before its words came is given to the next session for its words alone', async () => {
  const answer = 'It costs a hundred a month, and that is all there is to say.'
  const talk = await lostWhileAnswering(answer)
  talk.tell({ type: 'speech_started', item: 'v', atMs: 300 })
  talk.tell({ type: 'speech_stopped', item: 'v', atMs: 1_700 })
  talk.tell({ type: 'committed', item: 'v' })
  await talk.time.pass(300)
  talk.tell({ type: 'heard', item: 'v', text: 'What does it cost?' })
  await talk.time.pass(6_000)
  const said = talk.turns.slice(1).toSorted((a, b) => a.atMs - b.atMs)
  expect(said.map(({ text, interrupted }) => [text, interrupted])).toEqual([
    ['What does it cost?', false],
    [answer, false],
  ])
  expect(asks(talk)).toBe(1)
})

test('but who goes on in the same breath is answered', async () => {
  const talk = await lostWhileAnswering('It costs a hundred a month.')
  talk.tell({ type: 'speech_started', item: 'v', atMs: 300 })
  await talk.time.pass(2_000)
  talk.tell({ type: 'speech_stopped', item: 'v', atMs: 4_500 })
  talk.tell({ type: 'committed', item: 'v' })
  talk.tell({ type: 'heard', item: 'v', text: 'What does it cost? And for two?' })
  await talk.time.pass(6_000)
  expect(asks(talk)).toBe(2)
})
