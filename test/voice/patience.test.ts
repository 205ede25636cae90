import { expect, test } from 'vitest'
import { goodbye } from './sandbox-call.ts'
import { converse, ms } from './scripted.ts'

type Talk = ReturnType<typeof converse>

const phrases = { filler: 'One moment.' }
const asks = (calls: string[]) => calls.filter((call) => call === 'ask')
const renders = (calls: string[]) => calls.filter((call) => call.startsWith('render'))

test('the line that bridges a wait is made once, as soon as the greeting is over', async () => {
  const talk = converse({ conversation: { phrases } })
  talk.respond(2_000)
  await talk.time.pass(1_900)
  expect(renders(talk.calls)).toEqual([])
  await talk.time.pass(300)
  expect(renders(talk.calls)).toHaveLength(1)
  await talk.speak(500, 'Tell me about prices.')
  await talk.time.pass(5_000)
  expect(renders(talk.calls)).toHaveLength(1)
  const bare = converse()
  bare.respond(200)
  await bare.time.pass(1_000)
  expect(bare.calls).toEqual([])
})

test('an engine that refuses that line is asked for it once more a turn, and not every 20 ms', async () => {
  const talk = converse({ conversation: { phrases }, renderFails: true })
  talk.respond(200)
  await talk.time.pass(1_000)
  expect(renders(talk.calls)).toHaveLength(1)
  for (const turn of [1, 2]) {
    await talk.speak(500, 'Tell me about prices.')
    await talk.time.pass(3_000)
    talk.respond(400)
    await talk.time.pass(1_000)
    expect(renders(talk.calls)).toHaveLength(1 + turn)
  }
})

test('a turn that begins with a key is bridged too, after one that was', async () => {
  const talk = converse({ conversation: { phrases } })
  talk.respond(200)
  await talk.time.pass(1_000)
  const bridged = () => talk.turns.filter(({ text }) => text === phrases.filler).length
  await talk.speak(500, 'Tell me about prices.')
  await talk.time.pass(4_000)
  expect(bridged()).toBe(1)
  talk.respond(400)
  await talk.time.pass(1_000)
  talk.digit('1')
  await talk.time.pass(5_000)
  expect(bridged()).toBe(2)
})

test('an ask that the engine does not begin is given up after eight seconds, though the caller is heard', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'Tell me about prices.')
  await talk.time.pass(6_000)
  await talk.speak(500, 'Hello?')
  expect(talk.calls.filter((call) => call.startsWith('reopen'))).toEqual([])
  await talk.time.pass(1_000)
  expect(talk.calls.filter((call) => call.startsWith('reopen'))).toHaveLength(1)
  talk.tell({ type: 'ready' })
  expect(asks(talk.calls)).toHaveLength(2)
})

test('a response under way has twenty seconds: it may think', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'Tell me about prices.')
  talk.tell({ type: 'response_started', response: 'x' })
  await talk.time.pass(19_000)
  expect(talk.calls).toEqual(['ask'])
  await talk.time.pass(1_500)
  expect(talk.calls.at(-1)).toMatch(/^reopen/)
})

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
  expect(talk.spans.slice(before)).toEqual(['turn', 'llm', 'tts'])
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

test('a robot that asks who is calling hears no line that bridges a wait: it would take it for our name', async () => {
  for (const [name, bridged] of [
    ['call_screening', false],
    ['check_slots', true],
  ] as const) {
    const slow = Promise.withResolvers<{ output: unknown }>()
    const talk = converse({ conversation: { phrases }, tool: () => slow.promise })
    talk.respond(200)
    await talk.time.pass(1_000)
    await talk.speak(500, 'Please state your name and reason for calling.')
    talk.respond(0, '', [{ callId: 'c1', name }])
    await talk.time.pass(4_000)
    expect(talk.turns.some(({ text }) => text === phrases.filler)).toBe(bridged)
  }
})

test('who asks for no more calls hears that it was understood, in the words of the platform', async () => {
  const stopped = 'All right, we will not call you again. Goodbye.'
  const talk = converse({
    conversation: { phrases: { goodbye: 'Thank you. Goodbye.', stopped } },
    heard: (text) => (/stop calling/.test(text) ? { output: { noted: true }, next: 'say_goodbye' } : undefined),
  })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(800, 'Please stop calling me.')
  await talk.time.pass(100)
  talk.respond(0)
  await talk.time.pass(100)
  expect(talk.calls.filter((call) => call.startsWith('ask ')).at(-1)).toBe(
    `ask Say exactly: ${JSON.stringify(stopped)}`,
  )
})

function limited(talk: Talk, response: string) {
  talk.tell({ type: 'response_started', response })
  talk.tell({ type: 'response_done', response, failure: 'rate_limit_exceeded', toolCalls: [] })
}

test('last words that meet the limit of the engine are waited for; the line does not drop without them', async () => {
  const talk = converse({ tool: async () => goodbye({ ok: true }) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'That is all.')
  talk.respond(0, '', [{ callId: 'c1', name: 'end_call' }])
  await talk.time.pass(40)
  limited(talk, 'x')
  await talk.time.pass(400)
  expect(asks(talk.calls)).toHaveLength(2)
  await talk.time.pass(400)
  expect(talk.ended).toEqual([])
  expect(asks(talk.calls)).toHaveLength(3)
  talk.respond(400, 'Goodbye.')
  await talk.time.pass(2_000)
  expect(talk.ended).toEqual([{ by: 'agent' }])
})

test.each([
  ['rate_limit_exceeded', undefined],
  ['rate_limit_exceeded: 429 Too many requests.', 'rate_limit_exceeded'],
  ['429: Slow down.', '429'],
])('a limit that is told as %j (code %j) is waited out in the session', async (failure, code) => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'What does it cost?')
  talk.tell({ type: 'response_started', response: 'x' })
  talk.tell({ type: 'response_done', response: 'x', failure, code, toolCalls: [] })
  expect(asks(talk.calls)).toHaveLength(1)
  await talk.time.pass(600)
  expect(talk.calls).toEqual(['ask', 'ask'])
})

test('a message for a machine that meets the limit is left all the same', async () => {
  const talk = converse({ conversation: { voicemailMessage: 'Please call us back.' } })
  talk.respond(200)
  await talk.time.pass(2_000)
  talk.loop.verdict('machine_end')
  limited(talk, 'x')
  await talk.time.pass(800)
  expect(talk.ended).toEqual([])
  expect(talk.calls.slice(-2)).toEqual(Array(2).fill('ask Say exactly: "Please call us back."'))
})

test('who waits while a limit is waited out hears a line that bridges it', async () => {
  const talk = converse({ conversation: { idleSeconds: 5, phrases } })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'What does it cost?')
  for (const [at, waitMs] of [500, 1_500, 3_000, 6_000].entries()) {
    limited(talk, `x${at}`)
    await talk.time.pass(waitMs + 20)
  }
  expect(talk.turns.map(({ text }) => text)).toContain(phrases.filler)
  expect(talk.calls.filter((call) => call.startsWith('ask'))).toEqual(Array(5).fill('ask'))
})

test('a question that is asked while a limit is waited out meets it no sooner, and is answered with the one before', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'What does it cost?')
  for (const at of [0, 1, 2]) {
    limited(talk, `x${at}`)
    if (at < 2) await talk.time.pass(1_600)
  }
  await talk.speak(500, 'For two of us?')
  expect(asks(talk.calls)).toHaveLength(3)
  await talk.time.pass(2_500)
  talk.respond(400, 'A hundred each.')
  await talk.time.pass(1_000)
  expect(asks(talk.calls)).toHaveLength(4)
})

test('responses that break off after a first sound again and again are given up with their session', async () => {
  const talk = converse()
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'What does it cost?')
  for (const at of [1, 2, 3]) {
    expect(talk.calls.filter((call) => call.startsWith('reopen'))).toEqual([])
    talk.tell({ type: 'response_started', response: `x${at}` })
    talk.tell({ type: 'text', response: `x${at}`, item: `a${at}`, delta: 'It costs' })
    talk.tell({ type: 'audio', response: `x${at}`, item: `a${at}`, audio: ms(300) })
    await talk.time.pass(600)
    talk.tell({ type: 'response_done', response: `x${at}`, failure: 'server_error', toolCalls: [] })
  }
  expect(talk.calls.filter((call) => call.startsWith('reopen'))).toHaveLength(1)
})

/** A conversation whose answer stalls after half a sentence. */
async function stalledTalk() {
  const talk = converse({ conversation: { phrases } })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'What does it cost?')
  talk.tell({ type: 'response_started', response: 'x' })
  talk.tell({ type: 'text', response: 'x', item: 'a', delta: 'It costs a hundred.' })
  // Half a frame is left over.
  talk.tell({ type: 'audio', response: 'x', item: 'a', audio: ms(410) })
  await talk.time.pass(3_000)
  expect(talk.sent.length * 20).toBe(200 + 400 + 600)
  return talk
}

test('an answer that stalls in mid-sentence is bridged, and goes on from there', async () => {
  const talk = await stalledTalk()
  talk.tell({ type: 'audio', response: 'x', item: 'a', audio: ms(590) })
  talk.tell({ type: 'audio_done', response: 'x', item: 'a' })
  talk.tell({ type: 'response_done', response: 'x', failure: null, toolCalls: [] })
  await talk.time.pass(1_500)
  expect(talk.turns.slice(2).map(({ text, interrupted }) => [text, interrupted])).toEqual([
    ['It costs a hundred.', false],
    [phrases.filler, false],
  ])
})

test('one that does not go on is given up with its session after eight seconds, and asked for in the next', async () => {
  const talk = await stalledTalk()
  await talk.time.pass(4_500)
  expect(talk.calls.filter((call) => call.startsWith('reopen'))).toEqual([])
  await talk.time.pass(1_000)
  expect(talk.calls.filter((call) => call.startsWith('reopen'))).toHaveLength(1)
  talk.tell({ type: 'ready' })
  expect(asks(talk.calls)).toHaveLength(2)
})

test('one slow tool: a filler once, also when the caller says "okay" to it', async () => {
  const slow = Promise.withResolvers<{ output: unknown }>()
  const talk = converse({ conversation: { phrases: { filler: 'One moment.' } }, tool: () => slow.promise })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'What is free on Tuesday?')
  talk.respond(0, '', [{ callId: 'c1', name: 'check_slots' }])
  for (let i = 0; i < 2; i += 1) {
    await talk.time.pass(2_500)
    await talk.speak(300, 'Okay.')
  }
  await talk.time.pass(2_500)
  slow.resolve({ output: { slots: [] } })
  await talk.time.pass(100)
  talk.respond(500, 'Ten is free.')
  await talk.time.pass(1_500)
  expect(talk.turns.filter(({ text }) => text === 'One moment.').length).toBe(1)
})

test('where the conversation says so a wait is bridged later', async () => {
  const talk = converse({ conversation: { phrases, fillerAfterMs: 3_000 }, tool: () => new Promise(() => {}) })
  talk.respond(200)
  await talk.time.pass(1_000)
  await talk.speak(500, 'What is free on Tuesday?')
  talk.respond(0, '', [{ callId: 'c1', name: 'check_slots' }])
  await talk.time.pass(2_500)
  const bridged = () => talk.turns.filter(({ text }) => text === phrases.filler).length
  expect(bridged()).toBe(0)
  await talk.time.pass(2_000)
  expect(bridged()).toBe(1)
})
