import { execFileSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { type Child, startChild } from './child.ts'
import { type Figure, percentile, round } from './figures.ts'
import { ANSWER_MS, noSamples, openEngines, openLine, type Samples } from './voice-line.ts'

const CALLS = 50
/** One turn, one interruption, one turn. */
const CYCLE_MS = 8_000
const ROUND_MS = 2.25 * CYCLE_MS

interface Usage {
  bytes: number
  active: number
  sockets: number
  timers: number
  listeners: number
}

/** What a side has shown so far. */
interface Side {
  samples: Samples
  cpuMs: number
  callSeconds: number
  bytesPerCall: number
}

/**
 * The voice loop beside a bare relay that copies frames, one by one as they come, at the pace of the ear: each in a process of its own on
 * one core, each with the same calls, the ends of which are raw sockets in this process. For times they take turns, as neither should wait
 * for the other; for the CPU they run at once, as a machine that others use too is now fast, now slow.
 */
export async function voice({ rounds, calls }: { rounds: number; calls: number }): Promise<Figure[]> {
  const sides = [await open('loop'), await open('relay')] as const
  const both = (act: (it: (typeof sides)[number]) => Promise<void>) => Promise.all(sides.map(act))
  const sleep = stayAwake()
  for (const isFirst of [true, false]) for (const it of sides) await it.alone(isFirst)
  await both((it) => it.answer())
  for (let round = 0; round < rounds; round++) await both((it) => it.measured())
  await both((it) => it.hangUp())
  sleep()
  await both((it) => it.close())
  const [{ side: loop }, { side: relay }] = sides
  const left = await oneAfterTheOther(calls)
  const added = (way: 'inward' | 'outward', share: number) =>
    percentile(loop.samples[way], share) - percentile(relay.samples[way], share)
  const beside = (way: 'inward' | 'outward', share: number) =>
    `loop ${round(percentile(loop.samples[way], share))}, relay ${round(percentile(relay.samples[way], share))} ms; ${loop.samples[way].length} frames`
  const latency = (name: string, way: 'inward' | 'outward'): Figure[] => [
    { name: `${name}, added, p50`, value: added(way, 0.5), unit: 'ms', limit: 1, note: beside(way, 0.5) },
    { name: `${name}, added, p95`, value: added(way, 0.95), unit: 'ms', limit: 5, note: beside(way, 0.95) },
  ]
  const p95 = (name: string, values: number[], limit: number): Figure => ({
    ...{ name: `${name}, p95`, value: percentile(values, 0.95), unit: 'ms', limit },
    note: `p50 ${round(percentile(values, 0.5))} of ${values.length}`,
  })
  const pinned = sides.every(({ isPinned }) => isPinned) ? 'each on one core' : 'on any core'
  const cpu = ({ cpuMs, callSeconds }: Side) => cpuMs / callSeconds
  return [
    ...latency(`frame carrier → engine, ${CALLS} calls`, 'inward'),
    ...latency(`first frame of an answer engine → carrier, ${CALLS} calls`, 'outward'),
    {
      ...{ name: 'CPU of a call-second ÷ bare relay', value: cpu(loop) / cpu(relay) },
      ...{ unit: 'ratio', limit: 1.5 },
      note: `loop ${round(cpu(loop))}, relay ${round(cpu(relay))} ms; recording off, nothing written; ${rounds} rounds of both at once, ${pinned}`,
    },
    {
      ...{ name: 'memory of a call', value: loop.bytesPerCall / 1e6, unit: 'MB', limit: 1 },
      note: `heap and buffers of ${CALLS} calls after collection; relay ${round(relay.bytesPerCall / 1e6)}`,
    },
    p95('our share of a turn', loop.samples.turn, 25),
    p95('start of the stream → greeting', loop.samples.greeting, 100),
    p95('speech at the engine → clear, once it has lasted', loop.samples.bargeIn, 60),
    {
      ...{ name: `left by ${calls} calls, one after the other`, value: left.megabytes, unit: 'MB', limit: 1 },
      note: 'heap and buffers after collection, from the hundredth call on',
    },
    { name: 'sockets, timers and listeners left by them', value: left.handles, unit: 'handles', limit: 0 },
  ]
}

async function open(kind: 'loop' | 'relay') {
  let samples = noSamples()
  const engines = await openEngines(() => samples)
  const child = startChild('voice-process')
  const isPinned = pin(child)
  const url = await child.ask<string>('open', { kind, engineUrl: engines.url })
  // The first calls load code and grow pools.
  for (let i = 0; i < 3; i++) await (await answered(`warm-${i}`)).line.hangUp()
  const calls: Awaited<ReturnType<typeof answered>>[] = []
  const side: Side = { samples: noSamples(), cpuMs: 0, callSeconds: 0, bytesPerCall: 0 }

  /** @param early where what is measured meanwhile goes. */
  async function answer(early = noSamples()): Promise<void> {
    samples = early
    for (let i = 0; i < CALLS; i++) calls.push(await answered(`${kind}-${i}`))
    await pause(ANSWER_MS + 500)
  }

  const hangUp = async () => void (await Promise.all(calls.splice(0).map(({ line }) => line.hangUp())))

  /** Two turns and an interruption each; at any time some of the calls speak, some listen. */
  async function talk(): Promise<void> {
    const until = performance.now() + ROUND_MS
    await Promise.all(calls.map((call, i) => converse(call, (i * CYCLE_MS) / CALLS, until)))
  }

  async function alone(isFirst: boolean): Promise<void> {
    const before = await child.ask<Usage>('usage')
    const early = noSamples()
    await answer(early)
    side.samples.greeting.push(...early.greeting)
    if (isFirst) {
      side.bytesPerCall = ((await child.ask<Usage>('usage')).bytes - before.bytes) / CALLS
      // Code is still being compiled during the first turns.
      await talk()
    }
    samples = side.samples
    await talk()
    await hangUp()
  }

  /** A round of talk by what it costs. */
  async function measured(): Promise<void> {
    const cpu = await child.ask<NodeJS.CpuUsage>('cpu')
    const begun = performance.now()
    await talk()
    const lasted = performance.now() - begun
    const spent = await child.ask<NodeJS.CpuUsage>('cpu')
    side.callSeconds += (CALLS * lasted) / 1000
    side.cpuMs += (spent.user + spent.system - cpu.user - cpu.system) / 1000
  }

  async function answered(id: string) {
    const known = new Set(engines.sessions)
    await child.ask('prepare', id)
    const line = await openLine(url, id, () => samples, kind === 'loop')
    const own = () => [...engines.sessions].find((it) => !known.has(it))
    while (!own()) await pause(1)
    const session = own()!
    if (kind === 'relay') session.stream(ANSWER_MS)
    return { line, session }
  }

  /** Speaks, is answered, interrupts, is answered, until the time is over. */
  async function converse({ line, session }: Awaited<ReturnType<typeof answered>>, afterMs: number, untilMs: number) {
    await pause(afterMs)
    while (performance.now() + CYCLE_MS < untilMs) {
      line.voice(true)
      await pause(400)
      session.speech('speech_started')
      await pause(600)
      await endOfSpeech()
      await pause(1_500)
      line.voice(true)
      await pause(500)
      // The caller's voice is half a second old when the engine tells of it.
      line.expectClear()
      session.speech('speech_started')
      await pause(700)
      await endOfSpeech()
      await pause(ANSWER_MS + 300)
    }

    async function endOfSpeech() {
      line.voice(false)
      await pause(500)
      session.speech('speech_stopped')
      if (kind === 'relay') session.stream(ANSWER_MS)
    }
  }

  async function close(): Promise<void> {
    await child.stop()
    await engines.close()
  }

  return { side, isPinned, alone, answer, measured, hangUp, close }
}

/** Calls of a moment, and what is left of them. */
async function oneAfterTheOther(count: number): Promise<{ megabytes: number; handles: number }> {
  const samples = noSamples()
  const engines = await openEngines(() => samples)
  const child = startChild('voice-process')
  const url = await child.ask<string>('open', { kind: 'loop', engineUrl: engines.url })
  let first: Usage | undefined
  for (let i = 0; i < count; i++) {
    await child.ask('prepare', `one-${i}`)
    const line = await openLine(url, `one-${i}`, () => samples, true)
    await pause(5)
    await line.hangUp()
    if (i === 99) first = await settled(child)
  }
  const last = await settled(child)
  await child.stop()
  await engines.close()
  const left = (what: 'sockets' | 'timers' | 'listeners') => Math.max(0, last[what] - first![what])
  return {
    megabytes: (last.bytes - first!.bytes) / 1e6,
    // None makes up for another.
    handles: left('sockets') + left('timers') + left('listeners') + last.active,
  }
}

/** Once nothing of the calls runs any more. */
async function settled(child: Child): Promise<Usage> {
  for (let i = 0; ; i++) {
    const usage = await child.ask<Usage>('usage')
    if (usage.active === 0 || i === 100) return usage
    await pause(100)
  }
}

/**
 * Over a network nobody pays for the other end's waking up; on one machine who writes to a sleeping process does, and the ends of
 * the relay have more to do and sleep less. @returns what ends it.
 */
function stayAwake(): () => void {
  let awake = true
  const spin = () => {
    if (awake) setImmediate(spin)
  }
  spin()
  return () => {
    awake = false
  }
}

/** To one core, where the system can; this process and the measured one would else trade places. @returns whether it could. */
function pin({ pid }: Child): boolean {
  try {
    execFileSync('taskset', ['-cp', '1', String(pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
