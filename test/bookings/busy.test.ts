import { expect, test } from 'vitest'
import { busyTimes } from '../../runtime/bookings/busy.ts'

const object = (...lines: string[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//T//T//EN', ...lines, 'END:VCALENDAR', ''].join('\r\n')
const event = (...lines: string[]) => ['BEGIN:VEVENT', 'UID:one', 'DTSTAMP:20260101T000000Z', ...lines, 'END:VEVENT']

/** When it is taken, in UTC, as "03-28T09:00/10:00". */
function busy(
  text: string,
  { from = '2026-03-01', until = '2026-12-31', zone = 'Europe/Berlin', exceptUids = [] as string[] } = {},
) {
  const query = {
    from: Date.parse(from),
    until: Date.parse(until),
    zone,
    ownerEmail: 'mehmet@helena.example',
    exceptUids,
  }
  const time = (at: number) => new Date(at).toISOString()
  return busyTimes(text, query).map(
    ({ startsAt, endsAt }) => `${time(startsAt).slice(5, 16)}/${time(endsAt).slice(11, 16)}`,
  )
}

const weekly = (zone: string, start: string) =>
  object(...event(`DTSTART;TZID=${zone}:${start}`, 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=3'))

test.each([
  ['Europe/Berlin', '20260322T100000', ['03-22T09:00/10:00', '03-29T08:00/09:00', '04-05T08:00/09:00']],
  ['Europe/Berlin', '20261018T100000', ['10-18T08:00/09:00', '10-25T09:00/10:00', '11-01T09:00/10:00']],
  ['America/New_York', '20261025T100000', ['10-25T14:00/15:00', '11-01T15:00/16:00', '11-08T15:00/16:00']],
])('what repeats at ten in %s from %s stays at ten when the clocks change', (zone, start, times) => {
  expect(busy(weekly(zone, start), { zone: 'Asia/Tokyo' })).toEqual(times)
})

test('a zone that only the file knows is as the file says', () => {
  const zone = [
    ...['BEGIN:VTIMEZONE', 'TZID:Helena Office', 'BEGIN:STANDARD', 'DTSTART:19700101T000000'],
    ...['TZOFFSETFROM:+0545', 'TZOFFSETTO:+0545', 'END:STANDARD', 'END:VTIMEZONE'],
  ]
  const lines = event('DTSTART;TZID=Helena Office:20260601T100000', 'DTEND;TZID=Helena Office:20260601T110000')
  expect(busy(object(...zone, ...lines))).toEqual(['06-01T04:15/05:15'])
})

test('whole days and times without a zone are the owner’s', () => {
  const day = object(...event('DTSTART;VALUE=DATE:20260329'))
  // The 29th has 23 hours in Berlin.
  expect(busy(day)).toEqual(['03-28T23:00/22:00'])
  expect(busy(day, { zone: 'America/New_York' })).toEqual(['03-29T04:00/04:00'])
  expect(busy(object(...event('DTSTART:20260601T100000', 'DTEND:20260601T110000')))).toEqual(['06-01T08:00/09:00'])
})

test.each([
  ['cancelled', ['STATUS:CANCELLED']],
  ['transparent', ['TRANSP:TRANSPARENT']],
  ['declined by the owner', ['ATTENDEE;PARTSTAT=DECLINED:mailto:Mehmet@Helena.example']],
])('what is %s takes no time', (_, lines) => {
  const times = ['DTSTART:20260601T100000Z', 'DTEND:20260601T110000Z']
  expect(busy(object(...event(...times)))).toHaveLength(1)
  expect(busy(object(...event(...times, ...lines)))).toEqual([])
})

test('an occurrence that was moved is where it was moved to, and one that was cancelled is nowhere', () => {
  const text = object(
    ...event('DTSTART:20260601T100000Z', 'DTEND:20260601T110000Z', 'RRULE:FREQ=DAILY', 'EXDATE:20260602T100000Z'),
    ...event('RECURRENCE-ID:20260603T100000Z', 'DTSTART:20260604T120000Z', 'DTEND:20260604T130000Z'),
    ...event(
      'RECURRENCE-ID:20260605T100000Z',
      'STATUS:CANCELLED',
      'DTSTART:20260605T100000Z',
      'DTEND:20260605T110000Z',
    ),
    // From far outside of what is asked, into it.
    ...event('RECURRENCE-ID:20270101T100000Z', 'DTSTART:20260602T150000Z', 'DTEND:20260602T160000Z'),
  )
  const days = new Set(busy(text, { from: '2026-06-01', until: '2026-06-06' }))
  expect([...days].toSorted()).toEqual([
    '06-01T10:00/11:00',
    '06-02T15:00/16:00',
    '06-04T10:00/11:00',
    '06-04T12:00/13:00',
  ])
})

test('our own event is not in its own way, others of no length neither', () => {
  expect(busy(object(...event('DTSTART:20260601T100000Z', 'DTEND:20260601T110000Z')), { exceptUids: ['one'] })).toEqual(
    [],
  )
  expect(busy(object('BEGIN:VTODO', 'UID:t', 'DTSTAMP:20260101T000000Z', 'END:VTODO'))).toEqual([])
})

test('an event that repeats for ever, or every second, costs no more than a moment', () => {
  const rule = (freq: string) => object(...event('DTSTART:20000101T000000Z', 'DURATION:PT1S', `RRULE:FREQ=${freq}`))
  expect(busy(rule('DAILY'), { from: '2026-06-01', until: '2026-06-03' })).toHaveLength(2)
  expect(busy(rule('SECONDLY'), { from: '2026-06-01', until: '2026-06-03' })).toEqual([])
})

test('what is no calendar is refused', () => {
  expect(() => busy('<html>')).toThrow()
})
