import { expect, test } from 'vitest'
import { createStopKey } from '../../runtime/calls/stop-key.ts'
import { virtualClock } from '../voice/virtual-clock.ts'

/** @param keys each with how long after the one before it was pressed. */
async function type(...keys: [digit: string, afterMs: number][]) {
  const time = virtualClock()
  const stopKey = createStopKey(time.clock)
  const known: Promise<boolean>[] = []
  for (const [digit, afterMs] of keys) {
    await time.pass(afterMs)
    known.push(stopKey.pressed(digit))
  }
  return { time, stopKey, known }
}

test('9 alone stops calls, once nothing follows it', async () => {
  const { time, known } = await type(['9', 0])
  let decided = false
  void known[0]!.then(() => {
    decided = true
  })
  await time.pass(1_900)
  expect(decided).toBe(false)
  await time.pass(200)
  expect(await known[0]).toBe(true)
})

test('9 within a number is a digit of it; alone after a pause it is the key', async () => {
  const zip = [...'20910'].map((digit): [string, number] => [digit, 400])
  const { time, known } = await type(...zip, ['9', 3_000])
  await time.pass(2_100)
  expect(await Promise.all(known)).toEqual([false, false, false, false, false, true])
  const first = await type(['9', 0], ['4', 600], ['9', 600])
  await first.time.pass(5_000)
  expect(await Promise.all(first.known)).toEqual([false, false, false])
})

test('9 again and again is meant all the more', async () => {
  const { time, known } = await type(['9', 0], ['9', 300], ['9', 300])
  await time.pass(2_100)
  expect((await Promise.all(known)).at(-1)).toBe(true)
})

test('who presses 9 and hangs up is not called again', async () => {
  const { stopKey, known } = await type(['9', 0])
  stopKey.lineClosed()
  expect(await known[0]).toBe(true)
})
