import { expect, test } from 'vitest'
import { elastic } from '../../runtime/clock.ts'
import { virtualClock } from '../voice/virtual-clock.ts'

test('a busy process uses up no time of a timer, also of one that was set before', async () => {
  const busy = virtualClock()
  const clock = elastic(busy.clock)
  const ran: [string, number][] = []
  const runs = (name: string) => () => void ran.push([name, Math.round(clock.monotonic())])
  clock.setTimeout(runs('goodbye'), 600)
  clock.setTimeout(runs('frame'), 20)
  clock.setTimeout(runs('next'), 40)
  busy.stall(5_000)
  await busy.pass(1_000)
  expect(ran.map(([name]) => name)).toEqual(['frame', 'next', 'goodbye'])
  // A timer may be late by 3 ms before the clock stands still.
  expect(ran.map(([, atMs]) => atMs)).toEqual([23, 40, 600])
})

test('a timer that was put off can still be cleared', async () => {
  const busy = virtualClock()
  const clock = elastic(busy.clock)
  let ran = 0
  clock.setTimeout(() => {}, 20)
  const later = clock.setTimeout(() => ran++, 600)
  busy.stall(5_000)
  await busy.pass(100)
  clock.clearTimeout(later)
  await busy.pass(10_000)
  expect([ran, busy.pending]).toEqual([0, 0])
})
