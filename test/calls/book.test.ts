import { expect, test } from 'vitest'
import { openBook } from '../../runtime/calls/book.ts'
import { watchNodes } from '../../runtime/calls/media-nodes.ts'
import type { Log } from '../../runtime/log.ts'
import { virtualClock } from '../voice/virtual-clock.ts'

const gone = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })

/** A book, and the database it writes to: away, hanging, or losing the answer to what it has taken. */
function openWorld() {
  const time = virtualClock()
  const logged: string[] = []
  const log = { error: (_: object, message: string) => logged.push(message) } as unknown as Log
  const world = { ...time, logged, written: [] as string[], state: 'up' as 'up' | 'away' | 'hangs' | 'loses' }
  const book = openBook({ clock: time.clock, log }, 'call_1')
  const entry = (name: string) => async () => {
    if (world.state === 'hangs') await new Promise(() => {})
    if (world.state !== 'away') world.written.push(name)
    if (world.state !== 'up') throw gone
  }
  const record = (name: string, options = {}) => book.record(entry(name), options)
  return Object.assign(world, { book, entry, record })
}

test('what is recorded while the database is away is written when it is back, in its order', async () => {
  const world = openWorld()
  await world.record('a')
  world.state = 'away'
  await Promise.all(['b', 'c', 'd'].map((name) => world.record(name)))
  let flushed = false
  const all = world.book.flush().then(() => {
    flushed = true
  })
  await world.pass(60_000)
  expect([world.written, flushed]).toEqual([['a'], false])
  world.state = 'up'
  await world.record('e')
  await world.pass(2_000)
  await all
  expect(world.written).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect([world.logged, world.pending]).toEqual([[], 0])
})

test('what was taken while the answer to it was lost is written again', async () => {
  const world = openWorld()
  world.state = 'loses'
  await world.record('a')
  world.state = 'up'
  await world.pass(100)
  expect(world.written).toEqual(['a', 'a'])
})

test('a fault of the entry itself is the recorder’s to hear of, or the log’s when they have gone on; the others are written', async () => {
  const world = openWorld()
  const fault = async () => {
    throw new Error('no such column')
  }
  await expect(world.book.record(fault)).rejects.toThrow('no such column')
  expect(world.logged).toEqual([])
  world.state = 'away'
  await world.record('a')
  await world.book.record(fault)
  await world.record('b')
  world.state = 'up'
  await world.pass(2_000)
  expect(world.written).toEqual(['a', 'b'])
  expect(world.logged).toEqual(['something of a conversation could not be written'])
})

test('a database that hangs is waited for two seconds', async () => {
  const world = openWorld()
  world.state = 'hangs'
  let told = false
  void world.record('a').then(() => {
    told = true
  })
  await world.pass(1_900)
  expect(told).toBe(false)
  await world.pass(200)
  expect(told).toBe(true)
})

test('who needs an answer of the database hears at once that it is away, and waits for what was recorded before when it is back', async () => {
  const world = openWorld()
  await world.book.caughtUp()
  world.state = 'away'
  await world.record('a')
  // In the longest pause between two tries.
  await world.pass(10_000)
  await expect(world.book.caughtUp()).rejects.toBe(gone)
  world.state = 'up'
  await world.book.caughtUp()
  expect(world.written).toEqual(['a'])
})

test('turns beyond the bound are refused, the end never is', async () => {
  const world = openWorld()
  world.state = 'away'
  for (let i = 0; i < 5_000; i += 1) await world.record('turn', { droppable: true })
  await expect(world.record('one more', { droppable: true })).rejects.toThrow('5000 entries')
  await world.record('end')
  world.state = 'up'
  await world.book.caughtUp()
  expect([world.written.length, world.written.at(-1)]).toEqual([5_001, 'end'])
})

test('when the process ends, everything has one more try, and the log says once how much was lost', async () => {
  const world = openWorld()
  world.state = 'away'
  await Promise.all(['a', 'b'].map((name) => world.record(name)))
  await world.pass(5_000)
  world.book.abandon()
  await world.book.flush()
  expect([world.written, world.logged]).toEqual([[], ['the database did not come back: a conversation loses its end']])

  const other = openWorld()
  other.state = 'away'
  await other.record('a')
  other.state = 'up'
  other.book.abandon()
  await other.book.flush()
  expect([other.written, other.logged]).toEqual([['a'], []])
})

test('a process is gone after nine seconds in which the database answered and nothing was heard of it', async () => {
  const time = virtualClock()
  const { clock, pass } = time
  const beats = new Map([['node_dead', 1]])
  let isAway = false
  const watch = watchNodes(clock, async () => {
    if (isAway) throw gone
    beats.set('node_alive', clock.monotonic())
    return beats
  })
  const all = () => ['node_alive', 'node_dead', 'node_unknown'].map((id) => watch.isGone(id))
  await pass(8_000)
  expect(all()).toEqual([false, false, false])
  // An outage in between tells nothing of anybody, and everybody has as long again to be heard of.
  isAway = true
  await pass(30_000)
  isAway = false
  await pass(8_000)
  expect(all()).toEqual([false, false, false])
  await pass(3_000)
  expect(all()).toEqual([false, true, true])
  // Heard of again, and another that leaves no row behind.
  beats.set('node_dead', 2)
  await pass(1_500)
  expect(all()).toEqual([false, false, true])
  beats.delete('node_dead')
  await pass(9_000)
  expect(all()).toEqual([false, false, true])
  await pass(3_000)
  expect(all()).toEqual([false, true, true])
  watch.close()
  expect(time.pending).toBe(0)
})
