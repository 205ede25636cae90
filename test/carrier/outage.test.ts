import fc from 'fast-check'
import pino from 'pino'
import { expect, test } from 'vitest'
import { createOutage } from '../../runtime/carrier/outage.ts'
import { virtualClock } from '../voice/virtual-clock.ts'

function away() {
  const time = virtualClock()
  const lines: { msg: string; seconds?: number }[] = []
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) })
  return { time, lines, outage: createOutage(time.clock, log) }
}

test('while it cannot be reached one dial tries, after one second, two, and at last each minute; the log has two lines', async () => {
  const { time, lines, outage } = away()
  expect([outage.waitMs, outage.mayTry(), outage.mayTry()]).toEqual([0, true, true])
  const waits = [outage.missed('refused')]
  // Asked together with the first: they find out no more.
  expect(outage.missed('refused')).toBe(1_000)
  for (let tries = 0; tries < 9; tries += 1) {
    expect(outage.waitMs).toBe(waits.at(-1))
    expect(outage.mayTry()).toBe(false)
    await time.pass(waits.at(-1)!)
    expect([outage.mayTry(), outage.mayTry()]).toEqual([true, false])
    expect(outage.waitMs).toBeGreaterThan(0)
    waits.push(outage.missed('refused'))
  }
  expect(waits.map((ms) => ms / 1_000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
  await time.pass(60_000)
  outage.mayTry()
  outage.reached()
  expect([outage.waitMs, outage.mayTry(), outage.mayTry()]).toEqual([0, true, true])
  expect(lines.map(({ msg }) => msg)).toEqual([
    'the carrier cannot be reached: calls wait for it',
    'the carrier is back',
  ])
  expect(lines.at(-1)!.seconds).toBe(303)
})

test('who tries and is never heard of again keeps no other from it', async () => {
  const { time, outage } = away()
  outage.missed('refused')
  await time.pass(1_000)
  expect(outage.mayTry()).toBe(true)
  await time.pass(20_000)
  expect([outage.waitMs, outage.mayTry()]).toEqual([0, true])
})

test('whatever happens, nobody waits for more than a minute, and few try', async () => {
  const steps = fc.array(
    fc.record({ passMs: fc.integer({ min: 0, max: 90_000 }), ends: fc.constantFrom('missed', 'lost') }),
  )
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const { time, outage } = away()
      outage.missed('refused')
      let passed = 0
      let tries = 0
      for (const { passMs, ends } of story) {
        await time.pass(passMs)
        passed += passMs
        if (outage.waitMs === 0 && outage.mayTry()) {
          tries += 1
          if (ends === 'missed') outage.missed('refused')
        }
        expect(outage.waitMs).toBeLessThanOrEqual(60_000)
      }
      expect(tries).toBeLessThanOrEqual(6 + passed / 15_000)
    }),
  )
})
