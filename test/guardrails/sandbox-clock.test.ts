import fc from 'fast-check'
import { expect, test } from 'vitest'
import { callTimeline, isClockSetting } from '../../runtime/guardrails/sandbox-clock.ts'

const origin = (createdAt: string, zone: string, setting: string | null = null) =>
  callTimeline({ mode: 'test', createdAt: new Date(createdAt), setting, zone, waits: 60 }).origin.toISOString()

test('a test call begins at 11:00 where the person is, on a weekday', () => {
  expect(origin('2026-05-26T21:30:00Z', 'Europe/Istanbul')).toBe('2026-05-27T08:00:00.000Z')
  expect(origin('2026-05-26T03:00:00Z', 'America/New_York')).toBe('2026-05-25T15:00:00.000Z')
  expect(origin('2026-05-30T12:00:00Z', 'Europe/Paris')).toBe('2026-06-01T09:00:00.000Z')
  expect(origin('2026-05-31T12:00:00Z', 'Europe/Paris')).toBe('2026-06-01T09:00:00.000Z')
})

test('a night can be tested at noon, and so can any instant', () => {
  expect(origin('2026-05-26T12:00:00Z', 'Europe/Istanbul', '03:15')).toBe('2026-05-26T00:15:00.000Z')
  expect(origin('2026-05-26T12:00:00Z', 'Europe/Istanbul', '2026-12-24T23:00:00+03:00')).toBe(
    '2026-12-24T20:00:00.000Z',
  )
  // 02:30 does not exist on this Sunday in New York, which is moved to Monday anyway; in Troll it is a weekend too.
  expect(origin('2026-03-08T12:00:00Z', 'America/New_York', '02:30')).toBe('2026-03-09T06:30:00.000Z')
})

test('a setting that is none is refused', () => {
  for (const setting of ['25:00', '11', 'noon', '2026-05-26', '', '2026-13-01T00:00:00Z']) {
    expect(isClockSetting(setting), setting).toBe(false)
    expect(() => origin('2026-05-26T12:00:00Z', 'Europe/Istanbul', setting), setting).toThrow(RangeError)
  }
  for (const setting of ['00:00', '23:59', '2026-05-26T10:00:00Z']) expect(isClockSetting(setting), setting).toBe(true)
})

test('a live call keeps real time', () => {
  const timeline = callTimeline({ mode: 'live', createdAt: new Date(5), setting: '03:00', zone: 'Nowhere', waits: 60 })
  expect(timeline.rate).toBe(1)
  expect(timeline.toCallTime(new Date(1_234))).toEqual(new Date(1_234))
  expect(timeline.toRealTime(new Date(1_234))).toEqual(new Date(1_234))
})

test('what is set for a time on the call’s clock never runs before it, and less than a pace after', () => {
  const createdAt = new Date('2026-05-26T12:00:00.123Z')
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_600 }), fc.integer({ min: 0, max: 30 * 86_400_000 }), (waits, ms) => {
      const timeline = callTimeline({ mode: 'test', createdAt, setting: null, zone: 'Europe/Istanbul', waits })
      const until = new Date(timeline.origin.getTime() + ms)
      const reached = timeline.toCallTime(timeline.toRealTime(until)).getTime()
      expect(reached).toBeGreaterThanOrEqual(until.getTime())
      expect(reached - until.getTime()).toBeLessThan(timeline.rate)
      expect(timeline.toCallTime(createdAt)).toEqual(timeline.origin)
    }),
  )
})
