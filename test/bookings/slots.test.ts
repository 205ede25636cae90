import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freeSlots, type Hours } from '../../runtime/bookings/slots.ts'
import { spokenSlot } from '../../runtime/bookings/spoken.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const daily = { from: '09:00', to: '18:00', days: [1, 2, 3, 4, 5] }
const office: Hours = { timeZone: 'Europe/Istanbul', windows: [daily], slotMinutes: 30, bufferMinutes: 0 }
const at = (iso: string) => Date.parse(iso)
const starts = (hours: Hours, from: string, until: string, taken: { startsAt: number; endsAt: number }[] = []) =>
  [...freeSlots(hours, at(from), at(until), taken)].map((slot) => new Date(slot.startsAt).toISOString().slice(5, 16))

test('slots fill the working hours of working days', () => {
  const week = starts(office, '2026-05-25T00:00:00Z', '2026-06-01T00:00:00Z')
  expect(week).toHaveLength(5 * 18)
  expect(week[0]).toBe('05-25T06:00')
  expect(week.at(-1)).toBe('05-29T14:30')
  expect(starts(office, '2026-05-26T13:40:00Z', '2026-05-26T15:00:00Z')).toEqual(['05-26T14:00', '05-26T14:30'])
})

test('a booking takes its slot, and its buffer the ones beside it', () => {
  const taken = [{ startsAt: at('2026-05-26T07:00:00Z'), endsAt: at('2026-05-26T07:30:00Z') }]
  const morning = ['2026-05-26T06:00:00Z', '2026-05-26T08:30:00Z'] as const
  expect(starts(office, ...morning, taken)).toEqual(['05-26T06:00', '05-26T06:30', '05-26T07:30', '05-26T08:00'])
  expect(starts({ ...office, bufferMinutes: 10 }, ...morning, taken)).toEqual(['05-26T06:00', '05-26T08:00'])
})

test('breaks and days that differ: a window is a grid of its own, and may end at midnight', () => {
  const windows = [
    { from: '13:00', to: '15:00', days: [2] },
    { from: '09:15', to: '10:30', days: [2, 3] },
    { from: '23:00', to: '00:00', days: [3] },
  ]
  const utc = { ...office, timeZone: 'UTC', windows, slotMinutes: 60 }
  expect(starts(utc, '2026-05-25T00:00:00Z', '2026-05-29T00:00:00Z')).toEqual([
    ...['05-26T09:15', '05-26T13:00', '05-26T14:00'],
    ...['05-27T09:15', '05-27T23:00'],
  ])
})

test('on the day that is short, a window begins where it stands on the wall, unless the one before is not over', () => {
  // 02:00 to 03:00 is skipped: an hour from 01:30 ends at 03:30.
  const windows = [
    { from: '01:30', to: '02:30', days: [7] },
    { from: '03:00', to: '05:00', days: [7] },
  ]
  const night = { ...office, timeZone: 'America/New_York', windows, slotMinutes: 60 }
  expect(starts(night, '2026-03-08T04:00:00Z', '2026-03-08T12:00:00Z')).toEqual(['03-08T06:30', '03-08T08:00'])
  expect(starts(night, '2026-11-01T03:00:00Z', '2026-11-01T12:00:00Z')).toEqual([
    ...['11-01T05:30', '11-01T08:00', '11-01T09:00'],
  ])
})

test('times that the clocks skip are no slots, times they repeat are one', () => {
  const windows = [{ from: '00:00', to: '05:00', days: [7] }]
  const night = { ...office, timeZone: 'America/New_York', windows, slotMinutes: 60 }
  expect(starts(night, '2026-03-08T04:00:00Z', '2026-03-08T12:00:00Z')).toEqual([
    '03-08T05:00',
    '03-08T06:00',
    '03-08T07:00',
    '03-08T08:00',
  ])
  expect(starts(night, '2026-11-01T03:00:00Z', '2026-11-01T12:00:00Z')).toEqual([
    '11-01T04:00',
    '11-01T05:00',
    '11-01T07:00',
    '11-01T08:00',
    '11-01T09:00',
  ])
})

test('on the night that is short, slots stay on the wall clock and apart', () => {
  const night = { ...office, timeZone: 'America/New_York', windows: [{ from: '01:30', to: '08:00', days: [7] }] }
  const short = ['2026-03-08T04:00:00Z', '2026-03-08T12:00:00Z'] as const
  // 01:30 to 03:15 takes 45 minutes; 02:15 is skipped, 03:00 has begun before that, 03:45 is next.
  const quarters = starts({ ...night, slotMinutes: 45 }, ...short)
  expect(quarters.slice(0, 2)).toEqual(['03-08T06:30', '03-08T07:45'])
  // Two hours from 01:30 end at 04:30, so that 03:30 is no slot.
  expect(starts({ ...night, slotMinutes: 120 }, ...short)).toEqual(['03-08T06:30', '03-08T09:30'])
})

test('a window that the clocks shorten has no slot that ends after it', () => {
  const hours = {
    ...office,
    timeZone: 'Europe/Berlin',
    windows: [{ from: '00:00', to: '03:00', days: [7] }],
    slotMinutes: 90,
  }
  // 01:30 and 90 minutes are 04:00 on that night.
  expect(starts(hours, '2027-03-27T12:00:00Z', '2027-03-28T12:00:00Z')).toEqual(['03-27T23:00'])
  expect(starts(hours, '2027-04-03T12:00:00Z', '2027-04-04T12:00:00Z')).toEqual(['04-03T22:00', '04-03T23:30'])
})

test('slots never overlap one another or a booking, lie within the hours, and end after 90 days', () => {
  const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 15, 30, 45))
  const clock = ([h, m]: [number, number]) => `${`${h}`.padStart(2, '0')}:${`${m}`.padStart(2, '0')}`
  const days = fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 })
  const anyWindow = fc.record({ from: time.map(clock), to: time.map(clock), days })
  const anyHours = fc.record({
    timeZone: fc.constantFrom(
      'America/New_York',
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Africa/Casablanca',
    ),
    windows: fc.array(anyWindow, { minLength: 1, maxLength: 4 }),
    slotMinutes: fc.integer({ min: 5, max: 240 }),
    bufferMinutes: fc.constantFrom(0, 10),
  })
  const from = fc
    .constantFrom('2026-03-07', '2026-03-28', '2026-10-03', '2026-10-24', '2026-10-31')
    .map((day) => at(`${day}T05:07:00Z`))
  const bookings = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 * 24 * 60 }), fc.integer({ min: 5, max: 90 })), {
    maxLength: 5,
  })
  let seen = 0
  fc.assert(
    fc.property(anyHours, from, bookings, (hours, start, taken) => {
      const busy = taken.map(([after, length]) => ({
        startsAt: start + after * MINUTE,
        endsAt: start + (after + length) * MINUTE,
      }))
      const wall = new Intl.DateTimeFormat('en-GB', {
        timeZone: hours.timeZone,
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      })
      const date = new Intl.DateTimeFormat('sv-SE', { timeZone: hours.timeZone })
      let last = start
      for (const slot of freeSlots(hours, start, start + 3 * DAY, busy)) {
        seen++
        expect(slot.endsAt - slot.startsAt).toBe(hours.slotMinutes * MINUTE)
        expect(slot.startsAt).toBeGreaterThanOrEqual(last)
        last = slot.endsAt
        const begins = wall.format(slot.startsAt)
        const weekday = ((new Date(`${date.format(slot.startsAt)}Z`).getUTCDay() + 6) % 7) + 1
        const isIn = ({ from, to, days }: (typeof hours.windows)[number]) =>
          days.includes(weekday) && begins >= from && begins < (to === '00:00' ? '24:00' : to)
        expect(hours.windows.some(isIn)).toBe(true)
        for (const it of busy)
          expect(
            slot.startsAt >= it.endsAt + hours.bufferMinutes * MINUTE ||
              slot.endsAt <= it.startsAt - hours.bufferMinutes * MINUTE,
          ).toBe(true)
      }
    }),
    { numRuns: 100 },
  )
  expect(seen).toBeGreaterThan(200)
  const far = [
    ...freeSlots(
      { ...office, windows: [{ ...daily, days: [1, 2, 3, 4, 5, 6, 7] }], slotMinutes: 240 },
      0,
      1_000 * DAY,
      [],
    ),
  ]
  expect(far.at(-1)!.endsAt).toBeLessThanOrEqual(90 * DAY)
  expect(far).toHaveLength(90 * 2)
})

/** Days on which one of the two places changes its clocks, in 2026, and what an hour before and after it is called there. */
test.each([
  // The slots of one owner's morning, as instants: summer time begins in Berlin, ends in Berlin, ends in New York.
  ['Europe/Berlin', '2026-03-28', ['09:00', '10:00'], ['08:00Z', '09:00Z']],
  ['Europe/Berlin', '2026-03-29', ['09:00', '10:00'], ['07:00Z', '08:00Z']],
  ['Europe/Berlin', '2026-10-25', ['09:00', '10:00'], ['08:00Z', '09:00Z']],
  ['Europe/Berlin', '2026-11-01', ['09:00', '10:00'], ['08:00Z', '09:00Z']],
  ['America/New_York', '2026-03-29', ['09:00', '10:00'], ['13:00Z', '14:00Z']],
  ['America/New_York', '2026-10-25', ['09:00', '10:00'], ['13:00Z', '14:00Z']],
  ['America/New_York', '2026-11-01', ['09:00', '10:00'], ['14:00Z', '15:00Z']],
])('in %s on %s the working day begins at nine on the wall', (timeZone, day, [from, second], instants) => {
  const windows = [{ from: from!, to: '11:00', days: [1, 2, 3, 4, 5, 6, 7] }]
  const hours = { ...office, timeZone, windows, slotMinutes: 60 }
  const found = [...freeSlots(hours, at(`${day}T05:00:00Z`), at(`${day}T23:00:00Z`), [])]
  expect(found.map(({ startsAt }) => `${new Date(startsAt).toISOString().slice(11, 16)}Z`)).toEqual(instants)
  const other = timeZone === 'Europe/Berlin' ? 'America/New_York' : 'Europe/Berlin'
  for (const [i, { startsAt }] of found.entries()) {
    const wall = (zone: string) =>
      new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(startsAt)
    expect(wall(timeZone)).toBe([from, second][i])
    // Whoever is called hears the time of their own place, also in the weeks in which the two are five hours apart.
    const said = spokenSlot(new Date(startsAt), { zones: [other], language: 'nl', now: new Date(startsAt - DAY) })
    expect(said).toBe(`morgen ${wall(other).replace(/^0/, '')}`)
  }
})
