import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type HoursRules, nextOpening } from '../../runtime/guardrails/quiet-hours.ts'
import { isOpenAt } from './wall-clock.ts'

const MINUTE = 60_000
const rules = (country: string | null, more: Partial<HoursRules> = {}): HoursRules => ({
  country,
  subdivision: null,
  quietHours: null,
  ringMarginSeconds: 0,
  ...more,
})
const opening = (now: string, zones: string[], it: HoursRules) =>
  nextOpening(new Date(now), zones, it)?.toISOString() ?? null
const NEW_YORK = ['America/New_York']

test.each([
  // [what, now, zones, rules, opening]; 2026-05-26 is a Tuesday
  ['Turkey in the afternoon', '2026-05-26T12:00:00Z', ['Europe/Istanbul'], rules('TR'), '2026-05-26T12:00:00.000Z'],
  ['Turkey at 20:00', '2026-05-26T17:00:00Z', ['Europe/Istanbul'], rules('TR'), '2026-05-27T06:00:00.000Z'],
  [
    'Turkey a second before 20:00',
    '2026-05-26T16:59:59Z',
    ['Europe/Istanbul'],
    rules('TR'),
    '2026-05-26T16:59:59.000Z',
  ],
  [
    'a ringing margin',
    '2026-05-26T16:59:30Z',
    ['Europe/Istanbul'],
    rules('TR', { ringMarginSeconds: 45 }),
    '2026-05-27T06:00:00.000Z',
  ],
  ['Paris at lunch', '2026-05-26T11:30:00Z', ['Europe/Paris'], rules('FR'), '2026-05-26T12:00:00.000Z'],
  ['Paris on Friday night', '2026-05-29T18:00:00Z', ['Europe/Paris'], rules('FR'), '2026-06-01T08:00:00.000Z'],
  ['New York at 8', '2026-05-26T12:00:00Z', NEW_YORK, rules('US', { subdivision: 'NY' }), '2026-05-26T12:00:00.000Z'],
  [
    'New York at 20:30',
    '2026-05-27T00:30:00Z',
    NEW_YORK,
    rules('US', { subdivision: 'US-NY' }),
    '2026-05-27T00:30:00.000Z',
  ],
  [
    'Florida at 20:30',
    '2026-05-27T00:30:00Z',
    NEW_YORK,
    rules('US', { subdivision: 'FL' }),
    '2026-05-27T12:00:00.000Z',
  ],
  [
    'Kentucky at 9',
    '2026-05-26T13:00:00Z',
    ['America/Louisville'],
    rules('US', { subdivision: 'KY' }),
    '2026-05-26T14:00:00.000Z',
  ],
  [
    'Rhode Island on Saturday',
    '2026-05-30T15:00:00Z',
    NEW_YORK,
    rules('US', { subdivision: 'RI' }),
    '2026-06-01T13:00:00.000Z',
  ],
  [
    'Alabama on Sunday',
    '2026-05-31T15:00:00Z',
    ['America/Chicago'],
    rules('US', { subdivision: 'AL' }),
    '2026-06-01T13:00:00.000Z',
  ],
  ['an unknown state on the east coast', '2026-05-26T13:00:00Z', NEW_YORK, rules('US'), '2026-05-26T14:00:00.000Z'],
  [
    'an unknown state on the west coast',
    '2026-05-26T15:00:00Z',
    ['America/Los_Angeles'],
    rules('US'),
    '2026-05-26T15:00:00.000Z',
  ],
  ['nowhere known', '2026-05-26T08:59:00Z', ['UTC'], rules(null), '2026-05-26T09:00:00.000Z'],
  [
    'two zones',
    '2026-05-26T12:00:00Z',
    ['America/Los_Angeles', 'America/New_York'],
    rules('CA'),
    '2026-05-26T16:00:00.000Z',
  ],
  [
    'a flow that only tightens',
    '2026-05-26T06:30:00Z',
    ['Europe/Istanbul'],
    rules('TR', { quietHours: { from: '18:00', to: '10:00' } }),
    '2026-05-26T07:00:00.000Z',
  ],
  [
    'a flow that cannot loosen',
    '2026-05-26T18:00:00Z',
    ['Europe/Istanbul'],
    rules('TR', { quietHours: { from: '23:00', to: '06:00' } }),
    '2026-05-27T06:00:00.000Z',
  ],
  [
    'hours that never open',
    '2026-05-26T12:00:00Z',
    ['Europe/Istanbul'],
    rules('TR', { quietHours: { from: '08:00', to: '21:00' } }),
    null,
  ],
  ['zones that share no day', '2026-05-26T12:00:00Z', ['Europe/Paris', 'Pacific/Auckland'], rules('FR'), null],
  [
    'a margin longer than any window',
    '2026-05-26T12:00:00Z',
    ['Europe/Paris'],
    rules('FR', { ringMarginSeconds: 7 * 3_600 }),
    null,
  ],
] as const)('%s', (_what, now, zones, it, expected) => {
  expect(opening(now, [...zones], it)).toBe(expected)
})

test('no zone, or one that does not exist, is an error and never an opening', () => {
  expect(() => opening('2026-05-26T12:00:00Z', [], rules('TR'))).toThrow(RangeError)
  expect(() => opening('2026-05-26T12:00:00Z', ['Mars/Olympus'], rules('TR'))).toThrow(RangeError)
})

test('a skipped time opens at the change of the clocks, a repeated one is open twice', () => {
  // Samoa has no 30 December 2011; Lord Howe moves by half an hour; Berlin's 02:00–03:00 is skipped and repeated.
  const night = (to: string) => rules('ZZ', { quietHours: { from: '21:00', to } })
  expect(opening('2011-12-30T04:00:00Z', ['Pacific/Apia'], night('09:00'))).toBe('2011-12-30T04:00:00.000Z')
  expect(opening('2011-12-30T08:00:00Z', ['Pacific/Apia'], night('09:00'))).toBe('2011-12-30T19:00:00.000Z')
  expect(opening('2026-03-28T20:00:00Z', ['Europe/Berlin'], rules('DE'))).toBe('2026-03-29T07:00:00.000Z')
  expect(opening('2026-10-24T20:00:00Z', ['Europe/Berlin'], rules('DE'))).toBe('2026-10-25T08:00:00.000Z')
  expect(opening('2026-10-03T12:00:00Z', ['Australia/Lord_Howe'], rules('AU'))).toBe('2026-10-03T22:00:00.000Z')
})

/** Days around which clocks change somewhere, and an ordinary one. */
const CHANGES = [
  '2026-03-08',
  '2026-03-29',
  '2026-04-05',
  '2026-10-04',
  '2026-10-25',
  '2026-11-01',
  '2026-02-15',
  '2026-03-20',
  '2026-07-01',
]
const ZONES = [
  'Europe/Istanbul',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Africa/Casablanca',
  'America/Santiago',
  'Asia/Kathmandu',
  'Pacific/Chatham',
  'Asia/Gaza',
]
const time = fc
  .tuple(fc.nat(23), fc.constantFrom(0, 1, 15, 30, 59))
  .map(([h, m]) => `${`${h}`.padStart(2, '0')}:${`${m}`.padStart(2, '0')}`)

const anyCase = fc.record({
  now: fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -36 * 60, max: 36 * 60 }), fc.constantFrom(0, 1, 30_500))
    .map(([day, minutes, ms]) => new Date(Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE + ms)),
  zones: fc.uniqueArray(fc.constantFrom(...ZONES), { minLength: 1, maxLength: 3 }),
  country: fc.constantFrom('TR', 'FR', 'US', 'DE', null),
  subdivision: fc.constantFrom('FL', 'CT', 'RI', 'LA', 'NY', null),
  quietHours: fc.option(fc.record({ from: time, to: time }), { nil: null }),
  ringMarginSeconds: fc.constantFrom(0, 45, 120),
})

test('the opening is open in every zone for the whole margin, and no minute before it is', () => {
  let opened = 0
  fc.assert(
    fc.property(anyCase, ({ now, zones, ...it }) => {
      const found = nextOpening(now, zones, it)
      const isOpen = (at: number) => zones.every((zone) => isOpenAt(at, zone, it))
      const rings = (at: number) => {
        for (let ms = 0; ms < it.ringMarginSeconds * 1_000; ms += 1_000) if (!isOpen(at + ms)) return false
        return isOpen(at)
      }
      const minutes = Math.ceil(now.getTime() / MINUTE) * MINUTE
      const end = found ? found.getTime() : now.getTime() + 2 * 86_400_000
      if (found) {
        opened++
        expect(found.getTime()).toBeGreaterThanOrEqual(now.getTime())
        expect(rings(found.getTime())).toBe(true)
        expect(nextOpening(found, zones, it)).toEqual(found)
        if (found > now) expect(rings(now.getTime())).toBe(false)
      }
      for (let at = minutes; at < Math.min(end, minutes + 3 * 86_400_000); at += MINUTE) {
        if (isOpen(at) && rings(at))
          throw new Error(`${new Date(at).toISOString()} was open before ${found?.toISOString()}`)
      }
    }),
    { numRuns: 150 },
  )
  expect(opened).toBeGreaterThan(50)
})
