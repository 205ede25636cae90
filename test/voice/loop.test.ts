import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sandboxPeople } from '../../openapi/sandbox-people.ts'
import type { Chaos } from '../../runtime/sandbox/server.ts'
import { loudness } from '../../runtime/voice/mulaw.ts'
import { openRecorder } from '../../runtime/voice/recorder.ts'
import { conversation, goodbye, type Story, startCalls } from './sandbox-call.ts'

const person = (character: (typeof sandboxPeople)[number]['character']) =>
  sandboxPeople.find((one) => one.character === character)!.number

let calls: Awaited<ReturnType<typeof startCalls>>
const chaos: Chaos = {}

const agentTurns = (story: Story) => story.turns.filter(({ role }) => role === 'agent')
/** A cancel that crosses the end of its response is refused by the real server too, and harmless. */
const violations = () => calls.sandbox.violations.filter(({ code }) => code !== 'response_cancel_not_active')

/** Where, in milliseconds, a voice begins on a channel of a recording (after a quarter of a second of silence), nearest to a time. */
function nearestOnset(wav: Buffer, side: 0 | 1, atMs: number): number {
  const samples = wav.subarray(58).filter((_, index) => index % 2 === side)
  const onsets: number[] = []
  let quietMs = 250
  for (let ms = 0; ms * 8 < samples.length; ms += 10) {
    const voiced = loudness(samples.subarray(ms * 8, (ms + 10) * 8)) > 100
    if (voiced && quietMs >= 250) onsets.push(ms)
    quietMs = voiced ? 0 : quietMs + 10
  }
  return onsets.reduce(
    (best, ms) => (Math.abs(ms - atMs) < Math.abs(best - atMs) ? ms : best),
    Number.POSITIVE_INFINITY,
  )
}

describe.each(['realtime', 'cascade'] as const)('%s', (kind) => {
  beforeAll(async () => {
    calls = await startCalls({ chaos, kind })
  })
  afterAll(() => calls.close())

  describe.concurrent('a call', () => {
    test('books: greeted, asked, booked, and hung up after the goodbye was heard', async () => {
      const story = await calls.call({ to: person('books') })
      expect(agentTurns(story)[0]).toMatchObject({ text: conversation.greeting, interrupted: false })
      expect(story.tools.map(({ name }) => name)).toEqual([
        'save_answer',
        'save_answer',
        'check_slots',
        'book_slot',
        'end_call',
      ])
      expect(agentTurns(story).at(-1)).toMatchObject({ text: expect.stringMatching(/Goodbye\.$/), interrupted: false })
      expect(story.heard).toContain('I want to ask about pricing for the master programs.')
      expect(story).toMatchObject({ by: 'agent', detail: undefined, steps: ['answered', 'hangUp', 'ended'] })
      expect(new Set(story.spans.map(({ name }) => name))).toEqual(
        new Set(['engine.open', 'greeting', 'stt', 'llm', 'tts', 'turn', 'tool']),
      )
      const turns = story.spans.flatMap(({ name }, at) => (name === 'turn' ? [`turn ${at + 1}`] : []))
      for (const turn of turns)
        expect(story.spans.filter(({ below }) => below === turn).map(({ name }) => name)).toEqual(
          expect.arrayContaining(['stt', 'llm', 'tts']),
        )
      expect(violations()).toEqual([])
    })

    test('interrupts: the agent is cut, only what was heard stays, and the call still books', async () => {
      const story = await calls.call({ to: person('interrupts') })
      const cut = agentTurns(story).filter(({ interrupted }) => interrupted)
      expect(cut.length).toBe(1)
      expect(story.heard).toContain('Sorry to interrupt, but how long is this going to take?')
      expect(story.spans.filter(({ name }) => name === 'barge_in').length).toBe(1)
      expect(story.tools.at(-2)).toMatchObject({ name: 'book_slot' })
      expect(violations()).toEqual([])
    })

    test.each(['books', 'interrupts'] as const)(
      'recorded: %s, each turn where its voice begins, to 100 ms',
      async (who) => {
        const path = join(tmpdir(), `talkif-loop-${process.pid}-${who}.wav`)
        const story = await calls.call({ to: person(who), recorder: openRecorder(path) })
        const wav = await readFile(path)
        await rm(path)
        const off = story.turns.map(({ role, atMs, text }) => ({
          text,
          off: nearestOnset(wav, role === 'lead' ? 0 : 1, atMs) - atMs,
        }))
        expect(off.filter((turn) => Math.abs(turn.off) > 100)).toEqual([])
        expect(off.length).toBeGreaterThan(6)
      },
    )

    test('falls silent: one nudge, then a polite goodbye', async () => {
      const story = await calls.call({ to: person('falls_silent') })
      expect(agentTurns(story).map(({ text }) => text)).toEqual([
        conversation.greeting,
        'Are you still there?',
        expect.stringMatching(/goodbye/i),
      ])
      expect(story).toMatchObject({ by: 'silence', steps: ['answered', 'hangUp', 'ended'] })
    })

    test('stop calling: the model obeys and says so before the line drops', async () => {
      const story = await calls.call({ to: person('stop_calling') })
      expect(story.tools[0]!.name).toBe('stop_calling')
      expect(agentTurns(story).at(-1)!.text).toMatch(/off our list.*Goodbye/)
      expect(story.by).toBe('agent')
    })

    test('stop calling, and a model that misses it: the guard ends the call all the same', async () => {
      const story = await calls.call({
        to: person('stop_calling'),
        conversation: { tools: conversation.tools.filter(({ name }) => name === 'save_answer') },
        heard: (text) => (/stop calling/.test(text) ? goodbye({ opted_out: true }) : undefined),
      })
      expect(story.by).toBe('agent')
      expect(agentTurns(story).at(-1)!.text).toMatch(/goodbye/i)
      expect(story.tools).toEqual([])
    })

    test('hangs up midway: ended by the lead, with everything said so far', async () => {
      const story = await calls.call({ to: person('hangs_up') })
      expect(story).toMatchObject({ by: 'lead', detail: undefined })
      expect(story.steps).toEqual(['answered', 'ended'])
      expect(agentTurns(story).at(-1)!.interrupted).toBe(true)
    })

    test('too long: the call ends politely', async () => {
      const story = await calls.call({ to: person('books'), conversation: { maxDurationSeconds: 12 } })
      expect(story.by).toBe('max_duration')
      expect(agentTurns(story).at(-1)!.text).toMatch(/goodbye/i)
    })

    test('shutdown: the line drops at once, ended once', async () => {
      const story = await calls.call({
        to: person('books'),
        during: (loop) => {
          loop.end('shutdown')
          loop.end('agent')
        },
      })
      expect(story).toMatchObject({ by: 'shutdown', steps: ['answered', 'hangUp', 'ended'] })
    })

    test('tools that fail or take broken arguments are told to the model, and the call goes on', async () => {
      const story = await calls.call({
        to: person('books'),
        tool: (name) => {
          if (name === 'save_answer') throw new Error('the database is away')
          return undefined
        },
      })
      expect(story.by).toBe('agent')
      expect(story.spans.find(({ name }) => name === 'tool')!.attributes).toMatchObject({
        error: 'the database is away',
      })
    })
  })

  /** One after the other: the faults of the engine are everybody's. */
  describe('an engine that fails', () => {
    /** A Realtime session speaks, one that transcribes hears: each drops after so much audio of its own. */
    function drops(dropAfterAudioMs?: number, times?: number): void {
      const fault = dropAfterAudioMs === undefined ? undefined : { dropAfterAudioMs, ...(times ? { times } : {}) }
      chaos[kind === 'cascade' ? 'transcription' : 'engine'] = fault
    }

    test('a dropped engine is opened anew and the conversation goes on', async () => {
      drops(9_000, 1)
      const story = await calls.call({ to: person('books') })
      expect(story.by).toBe('agent')
      expect(story.tools.map(({ name }) => name)).toContain('book_slot')
      drops()
    })

    // A cascade says that itself.
    if (kind === 'realtime') {
      test('an engine that never says that its audio is over mutes nobody', async () => {
        chaos.engine = { omitsAudioDone: true }
        const story = await calls.call({ to: person('books') })
        delete chaos.engine
        expect(story).toMatchObject({ by: 'agent', steps: ['answered', 'hangUp', 'ended'] })
        expect(story.tools.map(({ name }) => name)).toContain('book_slot')
        expect(agentTurns(story).at(-1)).toMatchObject({
          text: expect.stringMatching(/Goodbye\.$/),
          interrupted: false,
        })
      })
    }

    test('an engine that drops again and again ends the call', async () => {
      drops(1_000)
      const story = await calls.call({ to: person('books') })
      expect(story).toMatchObject({ by: 'engine_lost', steps: ['answered', 'hangUp', 'ended'] })
      expect(story.detail).toBeTruthy()
      drops()
    })
  })
})

test('a phone on loudspeaker: our own voice comes back, and neither cuts the agent nor is answered', async () => {
  // Nearer to life than the others: an echo is known by its even delay, which a time-lapse jolts.
  const slower = await startCalls({ pace: 2, chaos: { callee: { echo: { delayMs: 160, gain: 0.4 } } } })
  const story = await slower.call({ to: person('stop_calling') })
  await slower.close()
  expect(agentTurns(story).map(({ interrupted }) => interrupted)).toEqual([false, false])
  // The opening "hello" runs into the greeting's echo, and nothing else does.
  expect(story.heard.length).toBeLessThanOrEqual(2)
  expect(story.heard.at(-1)).toContain('stop calling')
})
