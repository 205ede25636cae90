import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEnding } from '../../runtime/voice/ending.ts'
import { createInterruptions } from '../../runtime/voice/interruptions.ts'
import { loudness } from '../../runtime/voice/mulaw.ts'
import type { Desk, Turn } from '../../runtime/voice/port.ts'
import { createStopwatch } from '../../runtime/voice/stopwatch.ts'
import { createToolRuns } from '../../runtime/voice/tool-runs.ts'
import { createTranscript, heardText } from '../../runtime/voice/transcript.ts'
import { isBackchannel, repeats, wordCount } from '../../runtime/voice/words.ts'
import { virtualClock } from './virtual-clock.ts'

const loud = Buffer.alloc(160, 0x20)
const quiet = Buffer.alloc(160, 0xff)
const agent = { audible: true, interruptible: true, patient: false }

test('μ-law: silence is silent, the loudest code is 32,124', () => {
  expect(loudness(quiet)).toBe(0)
  expect(loudness(Buffer.from([0x00, 0x80]))).toBe(32_124)
})

function framesUntilCut(frames: Buffer[], atMs: number, over = agent): number {
  const ear = createInterruptions()
  ear.started(atMs)
  return (
    frames.findIndex((frame, index) => {
      ear.frame(loudness(frame), atMs + index * 20, false)
      return ear.due(over)
    }) + 1
  )
}

test('speech cuts after 300 ms of voice, a "yeah" does not', () => {
  expect(framesUntilCut(Array(50).fill(loud), 10_000)).toBe(15)
  expect(framesUntilCut([...Array(10).fill(loud), ...Array(25).fill(quiet)], 10_000)).toBe(0)
})

test('speech that only the engine can hear cuts too, later', () => {
  expect(framesUntilCut(Array(120).fill(quiet), 10_000)).toBe(90)
  expect(framesUntilCut(Array(500).fill(quiet), 400)).toBe(0)
})

test('the opening "hello", a goodbye and an uninterruptible greeting are not cut lightly', () => {
  expect(framesUntilCut(Array(100).fill(loud), 400)).toBe(50)
  expect(framesUntilCut(Array(100).fill(loud), 10_000, { ...agent, patient: true })).toBe(50)
  expect(framesUntilCut(Array(500).fill(loud), 10_000, { ...agent, interruptible: false })).toBe(0)
})

test('one stretch of speech cuts once', () => {
  const ear = createInterruptions()
  ear.started(5_000)
  const cuts = Array.from({ length: 200 }, (_, index) => {
    ear.frame(loudness(loud), 5_000 + index * 20, false)
    return ear.due(agent)
  })
  expect(cuts.filter(Boolean).length).toBe(1)
})

test('voice since speech began counts, also what came before the engine told of it', () => {
  const ear = createInterruptions()
  const hear = (from: number, to: number, frame = loud) => {
    for (let atMs = from; atMs < to; atMs += 20) ear.frame(loudness(frame), atMs, false)
  }
  hear(5_000, 5_400, quiet)
  hear(5_400, 5_800)
  ear.started(5_300)
  expect(ear.due(agent)).toBe(true)
  // A word said before, and told of before, is none of the next.
  ear.stopped()
  ear.started(5_800)
  expect(ear.due(agent)).toBe(false)
  expect(ear.voicedMs).toBe(0)
})

test('our own voice come back cuts nothing, however long; somebody who speaks over it does', () => {
  const ear = createInterruptions()
  ear.started(5_000)
  const hear = (frames: number, echo: boolean) => {
    for (let i = 0; i < frames; i++) {
      ear.frame(loudness(loud), 5_000, echo)
      if (ear.due(agent)) return true
    }
    return false
  }
  expect(hear(10, false)).toBe(false)
  expect(hear(300, true)).toBe(false)
  expect(ear.echo).toBe(true)
  expect(hear(20, false)).toBe(true)
  // Their words count, however long we are heard after them.
  hear(300, true)
  expect(ear.echo).toBe(false)
})

test.each([
  ['', true],
  ['(inaudible)', true],
  ['Calling on behalf of Helena', true],
  ['behalf of Milena', true],
  ['Hello?', false],
  ['Hello, who is Helena?', false],
])('%j repeats what the agent said: %j', (text, expected) => {
  expect(repeats(text, 'Hi, this is Ada, calling on behalf of Helena Education.')).toBe(expected)
})

test.each([
  ['(coughing)', 0],
  ['[BLANK_AUDIO] *sighs*', 0],
  ['No, wait.', 2],
  ['Hayır, İki!', 2],
])('%j has %i words', (text, words) => {
  expect(wordCount(text)).toBe(words)
  expect(isBackchannel(text)).toBe(words === 0)
})

test.each(['Yeah.', 'ok', 'Uh-huh', 'hı hı', 'Evet', 'mhm, ok', '', 'Ja genau', 'TAMAM'])(
  '%j keeps the line warm',
  (text) => {
    expect(isBackchannel(text)).toBe(true)
  },
)
test.each(['No, wait', 'stop calling me', 'yes but how much', 'dur', 'What?'])('%j is meant', (text) => {
  expect(isBackchannel(text)).toBe(false)
})

test('heard text is whole words and grows with what was heard', () => {
  const text = 'Hello there, this is Talkif calling'
  fc.assert(
    fc.property(fc.nat(2_000), fc.nat(2_000), (a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)]
      const cut = (heardMs: number) => heardText(text, { heardMs, receivedMs: 2_000, finished: true })
      expect(cut(more).startsWith(cut(less))).toBe(true)
      const kept = cut(less).trimEnd()
      expect(kept === '' || /^(\s|$)/.test(text.slice(kept.length))).toBe(true)
    }),
  )
})

test('turns are reported in the order in which they began, whenever their words come', () => {
  const turns: Turn[] = []
  const transcript = createTranscript((turn) => turns.push(turn))
  transcript.agentBegan('a', 0)
  transcript.agentText('a', 'Got a moment?')
  transcript.agentHeard('a')
  transcript.leadBegan('l', 2_000)
  transcript.agentBegan('b', 3_000)
  transcript.agentText('b', 'Great, one two three four')
  transcript.agentCut('b', { heardMs: 800, receivedMs: 2_500, finished: true })
  expect(turns.map(({ text }) => text)).toEqual(['Got a moment?'])
  transcript.leadSaid('l', ' Yes. ')
  expect(turns).toEqual([
    { role: 'agent', atMs: 0, text: 'Got a moment?', interrupted: false },
    { role: 'lead', atMs: 2_000, text: 'Yes.', interrupted: false },
    { role: 'agent', atMs: 3_000, text: 'Great,', interrupted: true },
  ])
})

test('what was heard to its end is whole, though its last mark is still on the way', () => {
  const turns: Turn[] = []
  const transcript = createTranscript((turn) => turns.push(turn))
  for (const [item, finished] of [
    ['a', true],
    ['b', false],
  ] as const) {
    transcript.agentBegan(item, 0)
    transcript.agentText(item, 'See you then.')
    transcript.agentCut(item, { heardMs: 2_000, receivedMs: 2_000, finished })
  }
  expect(turns.map(({ interrupted }) => interrupted)).toEqual([false, true])
})

test('what nobody heard and what nobody understood is no turn', () => {
  const turns: Turn[] = []
  const transcript = createTranscript((turn) => turns.push(turn))
  transcript.agentText('a', 'never played')
  transcript.agentCut('a', { heardMs: 0, receivedMs: 500, finished: true })
  transcript.leadBegan('l', 10)
  transcript.leadSaid('l', '')
  transcript.leadBegan('m', 20)
  transcript.close()
  expect(turns).toEqual([])
})

test('words that do not come for five seconds hold nothing up, and are a turn all the same when they come later', () => {
  const turns: Turn[] = []
  const transcript = createTranscript((turn) => turns.push(turn))
  const pass = (ms: number, speaks = false) => {
    for (let passedMs = 0; passedMs < ms; passedMs += 20) transcript.tick(20, speaks)
  }
  transcript.leadBegan('l', 1_000)
  // Who speaks for long is not given up meanwhile.
  pass(20_000, true)
  transcript.agentBegan('a', 22_000)
  transcript.agentText('a', 'Great.')
  transcript.agentHeard('a')
  pass(4_900)
  expect([turns, transcript.awaited]).toEqual([[], 1])
  pass(200)
  expect([turns.map(({ text }) => text), transcript.awaited]).toEqual([['Great.'], 0])
  transcript.leadSaid('l', ' Stop calling. ')
  transcript.leadSaid('l', 'Stop calling.')
  expect(turns.slice(1)).toEqual([{ role: 'lead', atMs: 1_000, text: 'Stop calling.', interrupted: false }])
  // A session that is opened anew reads them in the order in which they were said.
  expect(transcript.turns.map(({ text }) => text)).toEqual(['Stop calling.', 'Great.'])
})

test('however many items never get words: what waits is bounded, and the words that come are told', () => {
  const turns: Turn[] = []
  const transcript = createTranscript((turn) => turns.push(turn))
  for (let i = 0; i < 1_000; i += 1) transcript.leadBegan(`l${i}`, i)
  expect(transcript.awaited).toBe(64)
  transcript.leadSaid('l900', 'late')
  transcript.leadSaid('l999', 'in time')
  transcript.close()
  expect(turns.map(({ text }) => text)).toEqual(['late', 'in time'])
})

/** A stopwatch, and its spans with their lengths; time passes by hand. */
function stopwatch() {
  const time = virtualClock()
  const spans: [string, number][] = []
  const below: Record<string, string | undefined> = {}
  const span: Desk['span'] = (name, startedAt, endedAt, _, parentSpanId) => {
    below[name] = parentSpanId
    return `${name} ${spans.push([name, endedAt - startedAt])}`
  }
  const desk = { span } as Partial<Desk> as Desk
  return { time, spans, below, ...createStopwatch(desk, time.clock, 'realtime') }
}

test('a turn begins with what it answers: not with speech that was never answered', async () => {
  const watch = stopwatch()
  const answer = async () => {
    watch.asked(true)
    await watch.time.pass(250)
    watch.text()
    watch.audio()
    watch.played()
    return watch.spans.filter(([name]) => name === 'turn').map(([, ms]) => ms)
  }
  watch.speechStopped()
  expect(await answer()).toEqual([250])
  // A "mhm" over the rest of the answer, judged only when that was over.
  watch.speechStopped()
  watch.played()
  watch.unanswered()
  await watch.time.pass(30_000)
  expect(await answer()).toEqual([250])
  // Speech that a nudge passed over; then a key.
  watch.speechStopped()
  watch.asked(false)
  await watch.time.pass(10_000)
  expect(await answer()).toEqual([250])
  watch.prompted()
  expect(await answer()).toEqual([250, 250])
})

test('the stages of a turn hang below it, also one that ends after it; those of a turn that nobody answers do not', async () => {
  const watch = stopwatch()
  watch.speechStopped()
  watch.asked(true)
  await watch.time.pass(250)
  watch.text()
  await watch.time.pass(50)
  watch.audio()
  expect(watch.spans).toEqual([])
  watch.played()
  await watch.time.pass(100)
  watch.transcribed()
  expect(watch.spans).toEqual([
    ['turn', 300],
    ['llm', 250],
    ['tts', 50],
    ['stt', 400],
  ])
  expect(watch.below).toEqual({ turn: undefined, llm: 'turn 1', tts: 'turn 1', stt: 'turn 1' })

  watch.speechStopped()
  watch.transcribed()
  watch.asked(true)
  await watch.time.pass(30)
  watch.text()
  // They speak on: what was begun is no answer any more.
  watch.speechStopped()
  expect(watch.spans.slice(4)).toEqual([
    ['stt', 0],
    ['llm', 30],
  ])
  expect(watch.below).toMatchObject({ stt: undefined, llm: undefined })
  watch.transcribed()
  watch.close()
  expect(watch.spans.slice(6)).toEqual([['stt', 0]])
})

test('a response that only calls a tool ends the wait for the model, and no speech begins', async () => {
  const watch = stopwatch()
  watch.asked(true)
  await watch.time.pass(300)
  watch.toolsCalled()
  await watch.time.pass(5_000)
  watch.asked(true)
  await watch.time.pass(100)
  watch.text()
  expect(watch.spans).toEqual([
    ['llm', 300],
    ['llm', 100],
  ])
})

test('a tool call that is told again has its result for a hundred calls, and no more are kept', async () => {
  let runs = 0
  const desk = { runTool: async () => ({ output: ++runs }) } as unknown as Desk
  const tools = createToolRuns(desk, virtualClock().clock, () => {})
  const run = (id: number) => tools.run([{ callId: `c${id}`, name: 'order', arguments: '{}' }])
  for (let id = 0; id < 100; id += 1) await run(id)
  await run(0)
  expect(runs).toBe(100)
  await run(100)
  await run(0)
  expect(runs).toBe(102)
})

test('the line is dropped only once the goodbye was heard, or cannot be waited for', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ ms: fc.nat(3_000), busy: fc.boolean(), speaking: fc.boolean() })), (script) => {
      const ending = createEnding()
      expect(ending.due(0, false, false)).toBe(false)
      ending.begin('agent', 0)
      let nowMs = 0
      for (const { ms, busy, speaking } of script) {
        nowMs += ms
        const due = ending.due(nowMs, busy, speaking)
        expect(due).toBe(nowMs >= 30_000 || (!busy && !speaking))
        if (due) break
      }
    }),
  )
})

test('the caller calls a goodbye off, but not one for want of time', () => {
  const ending = createEnding()
  ending.begin('agent', 0)
  expect(ending.begin('silence', 0)).toBe(false)
  expect(ending.calledOff()).toBe(true)
  expect(ending.by).toBe(null)
  ending.begin('max_duration', 0, true)
  expect(ending.calledOff()).toBe(false)
  expect(ending.due(10, false, true)).toBe(true)
})

const line = fc.record({
  event: fc.constantFrom('started', 'stopped', 'frame', 'frame', 'frame', 'frame'),
  frames: fc.integer({ min: 1, max: 30 }),
  voiced: fc.boolean(),
  echo: fc.boolean(),
  audible: fc.boolean(),
  interruptible: fc.boolean(),
  patient: fc.boolean(),
})

test('whatever is heard: a stretch of speech cuts at most once, never without the voice it takes, and never an agent that may not be cut', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 25 }), fc.constantFrom(0, 300, 2_000), (script, minSpeechMs) => {
      const ear = createInterruptions({ minSpeechMs, openingMs: 1_500, minPatientMs: Math.max(1_000, minSpeechMs) })
      let atMs = 2_000
      let cuts = 0
      let voice = 0
      let elapsed = 0
      for (const { event, frames, voiced, echo, ...over } of script) {
        if (event === 'started') {
          ear.started(atMs)
          cuts = 0
          voice = 0
          elapsed = 0
        } else if (event === 'stopped') ear.stopped()
        for (let i = 0; event === 'frame' && i < frames; i += 1, atMs += 20) {
          ear.frame(voiced ? 5_000 : 0, atMs, echo)
          elapsed += 20
          if (voiced && !echo) voice += 20
          const speaking = ear.speaking
          if (!ear.due(over)) continue
          cuts += 1
          expect([cuts, speaking, over.audible, over.interruptible]).toEqual([1, true, true, true])
          const enough = over.patient ? Math.max(1_000, minSpeechMs) : minSpeechMs
          expect(voice >= enough || (!over.patient && elapsed >= enough + 1_500)).toBe(true)
        }
      }
    }),
    { numRuns: 10_000 },
  )
})

test('whenever it is asked: a call ends only after a goodbye began, when nobody speaks or it took too long; a firm one is not called off', () => {
  const event = fc.record({
    do: fc.constantFrom('begin', 'firm', 'off', 'due'),
    passMs: fc.integer({ min: 0, max: 8_000 }),
    busy: fc.boolean(),
    speaking: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (script) => {
      const ending = createEnding()
      let nowMs = 0
      let begun: { atMs: number; firm: boolean } | null = null
      for (const { do: what, passMs, busy, speaking } of script) {
        nowMs += passMs
        if (what === 'begin' || what === 'firm') {
          expect(ending.begin('agent', nowMs, what === 'firm')).toBe(begun === null)
          begun ??= { atMs: nowMs, firm: false }
          begun.firm ||= what === 'firm'
        } else if (what === 'off') {
          expect(ending.calledOff()).toBe(begun !== null && !begun.firm)
          if (!begun?.firm) begun = null
        } else {
          const heard = begun !== null && !busy && (begun.firm || !speaking)
          const late = begun !== null && nowMs - begun.atMs >= 30_000
          expect(ending.due(nowMs, busy, speaking)).toBe(heard || late)
        }
        expect([ending.by, ending.firm]).toEqual([begun ? 'agent' : null, begun?.firm ?? false])
      }
    }),
    { numRuns: 10_000 },
  )
})
