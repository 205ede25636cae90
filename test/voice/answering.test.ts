import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAnswering } from '../../runtime/voice/answering.ts'
import { EngineLost } from '../../runtime/voice/engine-events.ts'
import { asks, converse, loud, quiet } from './scripted.ts'

const MESSAGE = 'Hi, an AI assistant for Helena. Please call us back. Goodbye.'
const LEAVE = `ask Say exactly: ${JSON.stringify(MESSAGE)}`
const withMessage = { conversation: { voicemailMessage: MESSAGE } }
const fromTool = (next: 'leave_message' | 'wait') => async () => ({ output: { noted: true }, next })

type Converse = ReturnType<typeof converse>

/** The model calls a tool in answer to what it heard. */
async function callTool(talk: Converse, name: string, beside = '') {
  talk.respond(beside ? 1_000 : 0, beside, [{ callId: `c${name}${talk.calls.length}`, name }])
  await talk.time.pass(20)
}

/** The phone is picked up, the greeting is over, and whatever answered has said something. */
async function greeted(plan: Parameters<typeof converse>[0], words: string) {
  const talk = converse(plan)
  talk.respond(200)
  await talk.time.pass(1_800)
  await talk.speak(600, words)
  return talk
}

describe('an answering machine', () => {
  test('after the beep: the greeting is cut, the message is said once, heard to its end, and the line drops', async () => {
    const talk = converse(withMessage)
    talk.respond(9_000)
    await talk.time.pass(2_000)
    talk.loop.verdict('machine_end')
    expect(talk.calls).toEqual([expect.stringMatching(/^truncate i1/), LEAVE])
    talk.respond(3_000, MESSAGE)
    await talk.time.pass(2_500)
    expect(talk.ended).toEqual([])
    await talk.time.pass(2_000)
    await talk.loop.done
    expect(talk.turns.at(-1)).toMatchObject({ role: 'agent', text: MESSAGE, interrupted: false })
    expect(talk.ended).toEqual([{ by: 'agent' }])
    expect(talk.spans.filter((name) => name === 'voicemail')).toEqual(['voicemail'])
    expect(talk.steps.map(({ step }) => step)).toEqual(['answered', 'hangUp', 'ended'])
  })

  test('a verdict twice, or after the message, says nothing more', async () => {
    const talk = converse(withMessage)
    talk.respond(1_000)
    await talk.time.pass(2_000)
    for (const verdict of ['machine_end', 'machine_end', 'machine_start'] as const) talk.loop.verdict(verdict)
    talk.respond(2_000, MESSAGE)
    talk.loop.verdict('machine_end')
    await talk.time.pass(4_000)
    await talk.loop.done
    talk.loop.verdict('machine_end')
    expect(asks(talk.calls)).toEqual([LEAVE])
  })

  test('without a message the line drops at once, whoever finds out', async () => {
    for (const verdict of ['machine_start', 'machine_end', 'fax'] as const) {
      const talk = converse()
      talk.respond(3_000)
      await talk.time.pass(1_000)
      talk.loop.verdict(verdict)
      await talk.loop.done
      expect(talk.ended).toEqual([{ by: 'agent' }])
    }
  })

  test('a fax is hung up on, message or not', async () => {
    const talk = converse(withMessage)
    talk.loop.verdict('fax')
    await talk.loop.done
    expect(asks(talk.calls)).toEqual([])
  })

  test.each(['machine_start', 'machine_end', 'fax'] as const)(
    'a late %s does not end a conversation, nor leave a message in it',
    async (verdict) => {
      const talk = await greeted(withMessage, 'Yes, I have a minute.')
      for (const words of ['I need a course.', 'In May.']) {
        talk.respond(600, 'What else?')
        await talk.time.pass(1_500)
        expect(talk.steps.map(({ step }) => step)).toEqual(['answered'])
        await talk.speak(500, words)
      }
      expect(talk.steps.map(({ step }) => step)).toEqual(['answered', 'personCame'])
      talk.loop.verdict(verdict)
      talk.respond(600, 'Thank you.')
      await talk.time.pass(1_500)
      expect(talk.ended).toEqual([])
      expect(talk.calls).not.toContain(LEAVE)
      expect(talk.turns.at(-1)).toMatchObject({ text: 'Thank you.', interrupted: false })
    },
  )

  test('a recorded greeting that goes on over the answers to it is no conversation', async () => {
    const talk = await greeted({}, 'Hi, this is Bob.')
    for (const words of ['I cannot come to the phone.', 'Leave a message.', 'After the beep.']) {
      talk.respond(1_500, 'What are you looking for?')
      await talk.time.pass(300)
      await talk.speak(700, words)
    }
    talk.loop.verdict('machine_end')
    await talk.loop.done
    expect(talk.ended).toEqual([{ by: 'agent' }])
  })

  test('the model finds out first: nothing is answered, and the carrier says when the greeting is over', async () => {
    const talk = await greeted({ ...withMessage, tool: fromTool('leave_message') }, 'I cannot come to the phone.')
    await callTool(talk, 'voicemail')
    const before = asks(talk.calls).length
    for (let i = 0; i < 4; i += 1) await talk.speak(1_500, 'Please leave a message.')
    expect(asks(talk.calls).length).toBe(before)
    talk.loop.verdict('machine_end')
    expect(asks(talk.calls).slice(before)).toEqual([LEAVE])
  })

  test('the model alone finds out: the message is left after three seconds of silence', async () => {
    const talk = await greeted({ ...withMessage, tool: fromTool('leave_message') }, 'Leave a message.')
    await callTool(talk, 'voicemail')
    const before = asks(talk.calls).length
    await talk.speak(4_000, 'After the beep.')
    await talk.time.pass(2_000)
    expect(asks(talk.calls).length).toBe(before)
    await talk.time.pass(1_000)
    expect(asks(talk.calls).slice(before)).toEqual([LEAVE])
  })

  test('one that never stops is hung up on after a minute', async () => {
    const talk = await greeted({ ...withMessage, tool: fromTool('leave_message') }, 'Leave a message.')
    await callTool(talk, 'voicemail')
    const before = asks(talk.calls).length
    await talk.speak(61_000, 'And another thing.')
    await talk.time.pass(4_000)
    await talk.loop.done
    expect([talk.ended, asks(talk.calls).length]).toEqual([[{ by: 'agent' }], before])
  })

  test('a person after all, by the carrier: they are answered, and nobody hears the message', async () => {
    const talk = await greeted(
      { ...withMessage, tool: fromTool('leave_message') },
      'I cannot come to the phone … hello?',
    )
    await callTool(talk, 'voicemail')
    talk.loop.verdict('human')
    expect(asks(talk.calls).at(-1)).toBe('ask')
    talk.respond(1_000, 'Sorry. Do you have a minute?')
    await talk.time.pass(6_000)
    expect(talk.calls).not.toContain(LEAVE)
    expect([talk.ended, talk.steps.map(({ step }) => step)]).toEqual([[], ['answered', 'personCame']])
  })

  test.each([
    ['of which nothing is understood', 400, null, 120],
    ['that is understood late', 400, '(beep)', 4_000],
    ['whose words come once the message has begun', 3_000, 'Please leave a message after the beep.', 900],
  ])("a machine's last sound, %s, does not cut the message", async (_, lengthMs, text, wordsMs) => {
    const talk = converse(withMessage)
    talk.respond(1_000)
    await talk.time.pass(2_000)
    const sound = talk.speak(lengthMs, text, wordsMs)
    await talk.time.pass(lengthMs + 200)
    talk.loop.verdict('machine_end')
    await talk.time.pass(200)
    talk.respond(6_000, MESSAGE)
    await sound
    await talk.time.pass(9_000)
    expect(talk.turns.at(-1)).toMatchObject({ role: 'agent', text: MESSAGE, interrupted: false })
    expect(asks(talk.calls)).toEqual([LEAVE])
    expect(talk.steps.map(({ step }) => step)).toEqual(['answered', 'hangUp', 'ended'])
  })

  test('who had just begun to speak when they were taken for a machine, and is understood, is answered', async () => {
    for (const [saidMs, wholeMs] of [
      [150, 1_100],
      [2_000, 2_900],
    ] as const) {
      const talk = converse(withMessage)
      talk.respond(1_000)
      await talk.time.pass(3_000)
      const sound = talk.speak(wholeMs, 'Hello? Who is this please?')
      await talk.time.pass(saidMs)
      talk.loop.verdict('machine_end')
      talk.respond(6_000, MESSAGE)
      await sound
      await talk.time.pass(9_000)
      expect(asks(talk.calls).slice(0, 2)).toEqual([LEAVE, 'ask'])
      expect(talk.steps.map(({ step }) => step)).toContain('personCame')
    }
  })

  test('who speaks over the message and is not understood is asked', async () => {
    const talk = converse(withMessage)
    talk.respond(1_000)
    await talk.time.pass(3_000)
    talk.loop.verdict('machine_end')
    talk.respond(6_000, MESSAGE)
    await talk.time.pass(1_000)
    await talk.speak(900, null)
    expect(asks(talk.calls)).toEqual([LEAVE, 'ask'])
  })

  test('what was taken for our own voice before the message does not cut it, whatever its words are', async () => {
    const levels = Array.from(
      { length: 250 },
      (_, i) => [5, 26, 16, 37, 10, 32, 21, 42][((i >> 1) * 7919 + (i >> 3)) % 8]!,
    )
    const talk = converse(withMessage)
    talk.tell({ type: 'response_started', response: 'g' })
    talk.tell({ type: 'text', response: 'g', item: 'ig', delta: 'Hi this is Talkif, got a moment?' })
    const audio = Buffer.concat(levels.map((byte) => Buffer.alloc(160, byte)))
    talk.tell({ type: 'audio', response: 'g', item: 'ig', audio })
    talk.tell({ type: 'audio_done', response: 'g', item: 'ig' })
    talk.tell({ type: 'response_done', response: 'g', failure: null, toolCalls: [] })
    for (let i = 0; i < 150; i += 1) {
      if (i >= 10) talk.line.mouth = Buffer.alloc(160, levels[i - 10]! + 8)
      if (i === 30) talk.tell({ type: 'speech_started', item: 'e', atMs: 400 })
      await talk.time.pass(20)
    }
    talk.line.mouth = quiet
    talk.tell({ type: 'speech_stopped', item: 'e', atMs: 3_000 })
    talk.tell({ type: 'committed', item: 'e' })
    await talk.time.pass(100)
    expect(talk.calls).toContain('delete e')
    talk.loop.verdict('machine_end')
    talk.respond(6_000, MESSAGE)
    await talk.time.pass(400)
    talk.tell({ type: 'heard', item: 'e', text: 'Nobody can take it now, leave your name after the tone.' })
    await talk.time.pass(9_000)
    expect(talk.turns.at(-1)).toMatchObject({ role: 'agent', text: MESSAGE, interrupted: false })
    expect(asks(talk.calls)).toEqual([LEAVE])
  })

  test('a session that is lost in its last sound hears it again, for its words alone', async () => {
    const talk = converse(withMessage)
    talk.respond(1_000)
    await talk.time.pass(2_000)
    talk.line.mouth = loud
    talk.tell({ type: 'speech_started', item: 'm', atMs: talk.time.monotonic() })
    await talk.time.pass(3_000)
    talk.line.mouth = quiet
    await talk.time.pass(100)
    talk.loop.verdict('machine_end')
    talk.tell({ type: 'lost', error: new EngineLost('closed with 1006') })
    await talk.time.pass(400)
    talk.tell({ type: 'ready' })
    talk.tell({ type: 'speech_started', item: 'm2', atMs: 300 })
    talk.respond(6_000, MESSAGE)
    talk.tell({ type: 'speech_stopped', item: 'm2', atMs: 2_000 })
    talk.tell({ type: 'committed', item: 'm2' })
    await talk.time.pass(300)
    talk.tell({ type: 'heard', item: 'm2', text: 'Leave a message after the beep.' })
    await talk.time.pass(9_000)
    expect(talk.turns.at(-1)).toMatchObject({ role: 'agent', text: MESSAGE, interrupted: false })
    expect(talk.turns.map(({ text }) => text)).toContain('Leave a message after the beep.')
  })

  test('the message can be spoken over also where the greeting that it cut could not; who does hears that first', async () => {
    const talk = converse({
      conversation: { ...withMessage.conversation, greetingInterruptible: false, greeting: 'Hi.' },
    })
    talk.respond(9_000)
    await talk.time.pass(2_000)
    talk.loop.verdict('machine_end')
    talk.respond(8_000, MESSAGE)
    await talk.time.pass(2_000)
    talk.line.mouth = loud
    talk.tell({ type: 'speech_started', item: 'u', atMs: talk.time.monotonic() })
    await talk.time.pass(1_100)
    expect(talk.calls).toContainEqual(expect.stringMatching(/^truncate i2/))
    talk.line.mouth = quiet
    talk.tell({ type: 'speech_stopped', item: 'u', atMs: talk.time.monotonic() })
    talk.tell({ type: 'committed', item: 'u' })
    expect(asks(talk.calls)).toEqual([LEAVE, 'ask Say exactly: "Hi."'])
    talk.respond(4_000, 'Hi.')
    await talk.time.pass(5_000)
    await talk.speak(800, 'What is it about?')
    expect(asks(talk.calls).at(-1)).toBe('ask')
  })

  test.each(['leave_message', 'hang_up'] as const)(
    'who speaks before the model was told that no person is there is answered: %s',
    async (next) => {
      const slow = Promise.withResolvers<{ output: object; next: typeof next }>()
      const talk = await greeted({ ...withMessage, tool: () => slow.promise }, 'The person you are calling')
      await callTool(talk, 'voicemail')
      await talk.speak(900, 'Hello? Sorry, I am here now, who is this?')
      slow.resolve({ output: {}, next })
      await talk.time.pass(20)
      expect([asks(talk.calls).at(-1), talk.ended]).toEqual(['ask', []])
    },
  )

  test('nor does the model call who has asked for no more calls a machine', async () => {
    const slow = Promise.withResolvers<{ output: object; next: 'leave_message' }>()
    const phrases = { stopped: 'You will not be called again.' }
    const heard = (text: string) => (/stop/i.test(text) ? ({ output: {}, next: 'say_goodbye' } as const) : undefined)
    const talk = await greeted(
      { conversation: { ...withMessage.conversation, phrases }, tool: () => slow.promise, heard },
      'Yes? Please',
    )
    await callTool(talk, 'voicemail')
    await talk.speak(200, 'Stop calling me.', 50)
    talk.respond(3_000, phrases.stopped)
    await talk.time.pass(100)
    slow.resolve({ output: {}, next: 'leave_message' })
    await talk.time.pass(4_000)
    await talk.loop.done
    expect(asks(talk.calls)).not.toContain(LEAVE)
    expect(talk.turns.at(-1)).toMatchObject({ text: phrases.stopped, interrupted: false })
  })

  test('one that talks on over the message has not ended its greeting: the model is asked what it is', async () => {
    const talk = converse(withMessage)
    talk.respond(1_000)
    await talk.time.pass(2_000)
    const sound = talk.speak(4_000, 'Please leave a message after the beep.')
    await talk.time.pass(2_000)
    talk.loop.verdict('machine_end')
    talk.respond(6_000, MESSAGE)
    await sound
    expect(talk.turns.find(({ interrupted }) => interrupted)?.role).toBe('agent')
    expect(asks(talk.calls)).toEqual([LEAVE, 'ask'])
  })

  test('a person who picks up during the message: it is cut, and the conversation goes on', async () => {
    const talk = converse(withMessage)
    talk.respond(1_000)
    await talk.time.pass(2_000)
    talk.loop.verdict('machine_end')
    talk.respond(8_000, MESSAGE)
    await talk.time.pass(2_000)
    await talk.speak(1_400, 'Hello, I am here now, who is this please?')
    expect(talk.turns.find(({ interrupted }) => interrupted)?.role).toBe('agent')
    expect(asks(talk.calls).at(-1)).toBe('ask')
    talk.respond(1_000, 'This is about your request.')
    await talk.time.pass(3_000)
    expect([talk.ended, talk.steps.map(({ step }) => step)]).toEqual([[], ['answered', 'personCame']])
  })
})

describe('a robot that screens calls', () => {
  const screening = { tool: fromTool('wait'), conversation: { introduction: 'This is Ada.', idleSeconds: 8 } }

  test('is told name and purpose once, waited for without a nudge, and the person who comes is answered', async () => {
    const talk = await greeted(screening, 'Please state your name and reason for calling.')
    await callTool(talk, 'call_screening')
    expect(asks(talk.calls).at(-1)).toBe('ask Say exactly: "This is Ada."')
    talk.respond(1_000, 'This is Ada.')
    await talk.time.pass(2_000)
    await talk.speak(800, 'Please stay on the line.')
    await callTool(talk, 'call_screening')
    const before = asks(talk.calls).length
    await talk.time.pass(40_000)
    expect(asks(talk.calls).length).toBe(before)
    expect(talk.steps.map(({ step }) => step)).toEqual(['answered'])
    await talk.speak(500, 'Hello, this is Bea.')
    talk.respond(1_000, 'Hello Bea.')
    await talk.time.pass(1_000)
    expect(talk.steps.map(({ step }) => step)).toEqual(['answered', 'personCame'])
    // From now on silence is silence again.
    await talk.time.pass(12_000)
    expect(asks(talk.calls).length).toBe(before + 2)
  })

  test('gets nothing twice when the model has introduced itself beside the tool', async () => {
    const talk = await greeted(screening, 'Who is calling?')
    const before = asks(talk.calls).length
    await callTool(talk, 'call_screening', 'This is an AI assistant for Helena.')
    await talk.time.pass(4_000)
    expect(asks(talk.calls).length).toBe(before)
  })

  test('that nobody follows is hung up on in time, as silence, and sounds like no machine', async () => {
    const talk = await greeted(
      { ...screening, conversation: { ...screening.conversation, voicemailMessage: 'No.' } },
      'Who?',
    )
    await callTool(talk, 'call_screening')
    talk.respond(1_000, 'This is Ada.')
    talk.loop.verdict('machine_end')
    await talk.time.pass(95_000)
    await talk.loop.done
    expect(talk.ended).toEqual([{ by: 'silence' }])
    expect(talk.calls.some((call) => call.includes('No.'))).toBe(false)
  })
})

test('whatever is heard, in whatever order: at most two messages, never over the greeting of a machine, and an end', () => {
  const events = fc.array(
    fc.oneof(
      fc.constantFrom(
        'human',
        'machine_start',
        'machine_end',
        'fax',
        'machine',
        'screened',
        'introduced',
        'replied',
        'words',
      ),
      fc.record({ ms: fc.integer({ min: 20, max: 4_000 }), speaking: fc.boolean(), spokenOver: fc.boolean() }),
    ),
    { maxLength: 14 },
  )
  fc.assert(
    fc.property(fc.boolean(), events, (hasMessage, story) => {
      const done: string[] = []
      const effect = (name: string) => () => void done.push(name)
      let ending = false
      const machine = createAnswering(hasMessage, {
        hush: effect('hush'),
        leaveMessage() {
          done.push('message')
          ending = true
        },
        introduce: effect('introduce'),
        wait: effect('wait'),
        goOn(owed) {
          done.push(owed ? 'answer' : 'go on')
          ending = false
        },
        conversed: effect('conversed'),
        hangUp: effect('hang up'),
      })
      const pass = (ms: number, speaking: boolean, spokenOver: boolean) => {
        if (spokenOver) ending = false
        for (let t = 0; t < ms; t += 20) machine.frame({ speaking, ending })
      }
      for (const event of story) {
        const before = machine.party
        const count = done.length
        if (typeof event === 'object') pass(event.ms, event.speaking, event.spokenOver)
        else if (event === 'machine') machine.machine()
        else if (event === 'screened' || event === 'introduced') machine.screened(event === 'introduced')
        else if (event === 'replied') machine.replied()
        else if (event === 'words') machine.spokeAfterwards()
        else machine.verdict(event as 'human')
        const now = done.slice(count)
        if (done.includes('conversed') && ['machine_start', 'machine_end', 'fax'].includes(event as string))
          expect(now).toEqual([])
        // A message only when the machine was heard to end, or has been silent.
        if (now.includes('message')) expect(event === 'machine_end' || typeof event === 'object').toBe(true)
        if (event === 'human') expect(now).not.toContain('hang up')
        if (event === 'human' && before !== 'screener' && !done.includes('hang up'))
          expect(machine.party).toBe('person')
        if (now.includes('introduce')) expect(before).not.toBe('screener')
      }
      // Nobody is waited for without end: silence leads to the message or to the end of the call.
      const waiting = machine.party
      pass(95_000, false, false)
      if (waiting === 'machine' || waiting === 'screener') expect(['message', 'hang up']).toContain(done.at(-1))
      const messages = done.filter((name) => name === 'message').length
      expect(messages).toBeLessThanOrEqual(hasMessage ? 2 : 0)
      expect(done.filter((name) => name === 'hang up').length).toBeLessThanOrEqual(1)
      if (done.includes('hang up')) expect(done.at(-1)).toBe('hang up')
    }),
    { numRuns: 10_000 },
  )
})

const STOPPED = 'You will not be called again, and your number is on our list now. Goodbye.'

test('a person taken for a machine who says "stop calling me" hears that out, and no message of ours after it', async () => {
  const talk = converse({
    conversation: { voicemailMessage: MESSAGE, phrases: { stopped: STOPPED } },
    heard: (text) => (/stop calling/i.test(text) ? { output: { noted: true }, next: 'say_goodbye' } : undefined),
  })
  talk.respond(6_000)
  await talk.time.pass(2_000)
  talk.loop.verdict('machine_start')
  await talk.speak(1_500, 'Please stop calling me.')
  await talk.time.pass(300)
  expect(talk.calls.at(-1)).toBe(`ask Say exactly: ${JSON.stringify(STOPPED)}`)
  talk.respond(4_000, STOPPED)
  await talk.time.pass(6_000)
  expect(talk.calls).not.toContain(LEAVE)
  expect(talk.turns.at(-1)).toMatchObject({ text: STOPPED, interrupted: false })
  expect(talk.ended).toEqual([{ by: 'agent' }])
})

test('the same by the key', async () => {
  const talk = converse({
    conversation: { voicemailMessage: MESSAGE, phrases: { stopped: STOPPED } },
    digit: (digit) => (digit === '9' ? { output: { noted: true }, next: 'say_goodbye' } : undefined),
  })
  talk.respond(6_000)
  await talk.time.pass(2_000)
  talk.loop.verdict('machine_start')
  await talk.time.pass(1_000)
  talk.digit('9')
  await talk.time.pass(200)
  expect(talk.calls.at(-1)).toBe(`ask Say exactly: ${JSON.stringify(STOPPED)}`)
  talk.respond(4_000, STOPPED)
  await talk.time.pass(6_000)
  expect(talk.calls).not.toContain(LEAVE)
})
