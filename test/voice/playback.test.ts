import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPlayback } from '../../runtime/voice/playback.ts'
import { type Distance, farCarrier } from './far-carrier.ts'

/** A carrier that plays 20 ms in 20 ms, tells marks once they are reached and echoes them all when cleared. */
function carrier() {
  const queue: (string | number)[] = []
  const heard: string[] = []
  const echoes: string[] = []
  let clears = 0
  const frames: { item: string; playsAtMs: number }[] = []
  const playback = createPlayback({
    frame(frame, item, playsAtMs) {
      expect(frame.length).toBe(160)
      frames.push({ item, playsAtMs })
      queue.push(20)
    },
    mark: (name) => queue.push(name),
    clear() {
      clears += 1
      echoes.push(...queue.splice(0).filter((entry) => typeof entry === 'string'))
    },
    heard: (item) => heard.push(item),
  })
  return {
    playback,
    queue,
    heard,
    echoes,
    frames,
    get clears() {
      return clears
    },
    /** Plays one frame; returns the marks passed. */
    play(): string[] {
      const passed: string[] = []
      if (typeof queue[0] === 'number') queue.shift()
      while (typeof queue[0] === 'string') passed.push(queue.shift() as string)
      return passed
    },
  }
}

const audio = (ms: number) => Buffer.alloc(ms * 8, 0x20)

test('audio leaves at once up to the lead, then as it is played', () => {
  const line = carrier()
  line.playback.add('a', audio(1_000))
  line.playback.tick(0)
  expect(line.frames.length).toBe(8)
  line.playback.tick(20)
  expect(line.frames.length).toBe(9)
})

test('a late tick catches up with several frames at once', () => {
  const line = carrier()
  line.playback.add('a', audio(1_000))
  line.playback.tick(0)
  line.playback.tick(100)
  expect(line.frames.length).toBe(15)
  expect(line.frames.at(-1)!.playsAtMs).toBe(280)
})

test('after a stall longer than the lead the audio goes on where it was, with more in hand until ticks are timely again', () => {
  const line = carrier()
  line.playback.add('a', audio(30_000))
  line.playback.tick(0)
  line.playback.tick(2_000)
  expect(line.frames.length).toBe(8 + 50)
  expect(line.frames[8]!.playsAtMs).toBe(2_000)
  for (let nowMs = 2_020; nowMs < 10_000; nowMs += 20) line.playback.tick(nowMs)
  expect(line.playback.endsAtMs - 9_980).toBe(160)
})

test('a cut tells what was heard, clears the carrier and drops late audio and stale marks', () => {
  const line = carrier()
  line.playback.add('a', audio(1_000))
  let nowMs = 0
  for (; nowMs < 500; nowMs += 20) {
    line.playback.tick(nowMs)
    for (const mark of line.play()) line.playback.marked(mark, nowMs)
  }
  const [cut] = line.playback.cut(nowMs)
  expect(cut).toMatchObject({ item: 'a', receivedMs: 1_000, finished: false })
  expect(Math.abs(cut!.heardMs - 500)).toBeLessThanOrEqual(50)
  expect(line.clears).toBe(1)
  expect(line.playback.add('a', audio(100))).toBe(false)
  for (const mark of line.echoes) line.playback.marked(mark, nowMs)
  expect(line.playback.busy).toBe(false)
  line.playback.add('b', audio(200))
  line.playback.finish('b')
  line.playback.tick(nowMs)
  expect(line.frames.at(-1)!.item).toBe('b')
  expect(line.heard).toEqual([])
})

/** The same numbers each time. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

const ways = [0, 20, 60, 100, 200, 300]

test.each(ways.flatMap((outMs) => ways.map((backMs) => [outMs, backMs] as const)))(
  'a carrier %i ms away, and %i ms back: what a cut says was heard is true to 50 ms, whenever it comes',
  (outMs, backMs) => {
    const far: Distance = { outMs, backMs, jitterMs: 10, phaseMs: 7, driftPpm: 100 }
    const wrong: number[] = []
    for (let cutMs = 40; cutMs < 2_000; cutMs += 37) {
      const line = farCarrier(far, numbers(cutMs))
      for (const item of ['a', 'b', 'c']) {
        line.playback.add(item, audio(4_000))
        line.pass(cutMs)
        wrong.push(...line.cut().map(({ wrongMs }) => wrongMs))
        line.pass(200)
      }
    }
    expect(Math.max(...wrong.map(Math.abs))).toBeLessThanOrEqual(50)
  },
)

test('what the carrier holds back counts as unheard: after it ran dry, and where it never hurries', () => {
  const dry = farCarrier({ outMs: 80, backMs: 80, jitterMs: 10 }, numbers(1))
  dry.playback.add('a', audio(9_000))
  dry.pass(2_000)
  dry.stall(700)
  dry.pass(700 + 160 + 400)
  const slow = farCarrier({ outMs: 80, backMs: 80, jitterMs: 10, holdsMs: 200 }, numbers(2))
  slow.playback.add('a', audio(9_000))
  slow.pass(1_000)
  // The first echo of a clear tells its way from what is held.
  slow.cut()
  slow.playback.add('b', audio(9_000))
  slow.pass(800)
  for (const line of [dry, slow]) {
    const [cut] = line.cut()
    expect(cut!.heardMs).toBeGreaterThan(300)
    expect(Math.abs(cut!.wrongMs)).toBeLessThanOrEqual(50)
  }
})

test('a carrier that has stopped for more than a second has heard no more than up to its next mark and what the way may hide', () => {
  const line = farCarrier({ outMs: 80, backMs: 80, jitterMs: 10 }, numbers(3))
  line.playback.add('a', audio(9_000))
  line.pass(1_000)
  line.stall(2_000)
  line.pass(1_500)
  const [cut] = line.cut()
  expect(cut!.heardMs).toBeGreaterThan(900)
  expect(Math.abs(cut!.wrongMs)).toBeLessThanOrEqual(100 + 160 + 20)
})

test('an item of which nothing was sent was not heard', () => {
  const line = carrier()
  line.playback.add('a', audio(400))
  line.playback.add('b', audio(400))
  line.playback.tick(0)
  expect(line.playback.cut(60).map(({ item, heardMs }) => [item, heardMs > 0])).toEqual([
    ['a', true],
    ['b', false],
  ])
})

test('an item is heard once its last mark is back, and not before', () => {
  const line = carrier()
  line.playback.add('a', audio(50))
  line.playback.finish('a')
  line.playback.tick(0)
  expect(line.frames.length).toBe(3)
  expect(line.queue.at(-1)).toBe('a:60:0')
  line.playback.tick(1_000)
  expect(line.heard).toEqual([])
  line.playback.marked('a:60:0', 1_000)
  expect(line.heard).toEqual(['a'])
  expect(line.playback.busy).toBe(false)
})

test('a carrier that forgets a mark is believed two seconds later', () => {
  const line = carrier()
  line.playback.add('a', audio(100))
  line.playback.finish('a')
  let nowMs = 0
  for (; line.heard.length === 0; nowMs += 20) line.playback.tick(nowMs)
  expect(nowMs).toBeGreaterThan(2_100)
  expect(nowMs).toBeLessThan(4_500)
})

test.each([
  ['in the first half', 300, ['a 300']],
  ['in what came between', 700, ['between 200', 'a 500']],
  ['in the second half', 1_300, ['a 800']],
])('an item in whose midst another is said counts only its own audio when it is cut %s', (_, cutAtMs, expected) => {
  const line = carrier()
  line.playback.add('a', audio(500))
  for (let nowMs = 0; nowMs <= cutAtMs; nowMs += 20) {
    expect(line.playback.starved(nowMs)).toBe(nowMs === 500)
    if (nowMs === 500) line.playback.interject('between', audio(500))
    if (nowMs === 600) line.playback.add('a', audio(1_000))
    line.playback.tick(nowMs)
    if (nowMs > 0) for (const mark of line.play()) line.playback.marked(mark, nowMs)
  }
  const cuts = line.playback.cut(cutAtMs).map(({ item, heardMs }) => `${item} ${heardMs}`)
  expect(cuts).toEqual(expected)
})

test('the queue is bounded', () => {
  const line = carrier()
  let taken = 0
  while (line.playback.add('a', audio(1_000))) taken += 1
  expect(taken).toBe(120)
})

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('add' as const),
      item: fc.integer({ min: 0, max: 5 }),
      bytes: fc.integer({ min: 1, max: 4_000 }),
    }),
    fc.record({ do: fc.constant('finish' as const), item: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ do: fc.constant('tick' as const), ms: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ do: fc.constant('play' as const), frames: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ do: fc.constant('cut' as const) }),
    fc.record({ do: fc.constant('stale' as const) }),
  ),
  { maxLength: 40 },
)

test('in any order of events: never heard what was not sent, never played what was cut, nothing more than the lead ahead', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const line = carrier()
      const dead = new Set<string>()
      let nowMs = 0
      let slowestMs = 0
      for (const step of script) {
        const before = line.frames.length
        if (step.do === 'add') line.playback.add(`i${step.item}`, Buffer.alloc(step.bytes))
        if (step.do === 'finish') line.playback.finish(`i${step.item}`)
        if (step.do === 'stale') for (const mark of line.echoes) line.playback.marked(mark, nowMs)
        if (step.do === 'play') {
          for (let i = 0; i < step.frames; i += 1) for (const mark of line.play()) line.playback.marked(mark, nowMs)
        }
        if (step.do === 'tick') {
          nowMs += step.ms
          line.playback.tick(nowMs)
          slowestMs = Math.max(slowestMs, step.ms)
          expect(line.playback.endsAtMs - nowMs).toBeLessThan(20 + Math.max(160, 2 * slowestMs))
        }
        for (const { item } of line.frames.slice(before)) expect(dead.has(item)).toBe(false)
        if (step.do !== 'cut') continue
        for (const cut of line.playback.cut(nowMs)) {
          const sent = line.frames.filter(({ item }) => item === cut.item).length * 20
          expect(cut.heardMs).toBeLessThanOrEqual(Math.min(sent, cut.receivedMs))
          expect(cut.heardMs).toBeGreaterThanOrEqual(0)
          dead.add(cut.item)
        }
        expect(line.playback.busy).toBe(false)
      }
    }),
    { numRuns: 10_000 },
  )
})

const distance = fc.record({
  outMs: fc.integer({ min: 0, max: 300 }),
  backMs: fc.integer({ min: 0, max: 300 }),
  jitterMs: fc.integer({ min: 0, max: 10 }),
  phaseMs: fc.integer({ min: 0, max: 19 }),
  driftPpm: fc.integer({ min: -200, max: 200 }),
})
const stretch = fc.record({
  pieces: fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 3 }),
  pauseMs: fc.integer({ min: 0, max: 500 }),
  cutMs: fc.integer({ min: 0, max: 900 }),
})

test('however far the carrier is, and however the audio comes: a cut knows to 50 ms what was heard, and never more than was received', () => {
  fc.assert(
    fc.property(distance, fc.array(stretch, { minLength: 1, maxLength: 2 }), fc.nat(), (far, script, seed) => {
      const line = farCarrier(far, numbers(seed))
      let id = 0
      for (const { pieces, pauseMs, cutMs } of script) {
        const received = new Map<string, number>()
        for (const ms of pieces) {
          const item = `i${id++}`
          line.playback.add(item, audio(ms))
          line.playback.finish(item)
          received.set(item, ms)
          line.pass(pauseMs)
        }
        line.pass(cutMs)
        for (const { item, heardMs, wrongMs } of line.cut()) {
          expect(Math.abs(wrongMs)).toBeLessThanOrEqual(50)
          expect(heardMs).toBeLessThanOrEqual(received.get(item)!)
        }
      }
    }),
    { numRuns: 10_000 },
  )
})
