import fc from 'fast-check'
import ICAL from 'ical.js'
import { expect, test } from 'vitest'
import { busyTimes } from '../../runtime/bookings/busy.ts'
import { type CalendarEvent, icsFile, icsObject, isolated, ownerOf, uidOf } from '../../runtime/bookings/ics.ts'
import { appointment, owner } from './contract.ts'

const agreed: CalendarEvent = {
  ...appointment,
  id: 'bkg_1',
  startsAt: new Date('2026-05-26T12:30:00Z'),
  endsAt: new Date('2026-05-26T13:00:00Z'),
  stamp: new Date('2026-05-25T09:00:00.123Z'),
  owner: ownerOf(owner),
}
const read = (text: string) => {
  const calendar = new ICAL.Component(ICAL.parse(text))
  return { calendar, event: new ICAL.Event(calendar.getFirstSubcomponent('vevent')!) }
}

test('both sides get an invitation, which a calendar reads as it was meant', () => {
  const { calendar, event } = read(icsFile(agreed))
  expect(calendar.getFirstPropertyValue('method')).toBe('REQUEST')
  expect(event.uid).toBe('bkg_1@talkif')
  expect(event.sequence).toBe(0)
  expect(event.summary).toBe(agreed.summary)
  expect(event.description).toBe(`Ayşe Yılmaz\n+905321112233, ayse@example.org\n${agreed.notes}`)
  expect([event.startDate, event.endDate].map((time) => time.toJSDate())).toEqual([agreed.startsAt, agreed.endsAt])
  expect(event.organizer).toBe(`mailto:${owner}`)
  const people = event.attendees.map((it) => [it.getFirstValue(), it.getParameter('partstat'), it.getParameter('rsvp')])
  expect(people).toEqual([
    [`mailto:${owner}`, 'ACCEPTED', undefined],
    ['mailto:ayse@example.org', 'NEEDS-ACTION', 'TRUE'],
  ])
  expect(icsFile(agreed)).toContain(
    'DTSTAMP:20260525T090000Z\r\nDTSTART:20260526T123000Z\r\nDTEND:20260526T130000Z\r\n',
  )
})

test('without an e-mail address on one side nobody is invited; the owner who has one organises it', () => {
  const noOwner = { ...agreed, owner: ownerOf('Mehmet, sales') }
  expect(icsFile(noOwner)).not.toMatch(/METHOD|ORGANIZER|ATTENDEE/)
  expect(read(icsFile(noOwner)).event.summary).toBe(agreed.summary)
  const noLead = { ...agreed, lead: { ...agreed.lead, email: null } }
  const { calendar, event } = read(icsFile(noLead))
  expect(calendar.getFirstPropertyValue('method')).toBe('PUBLISH')
  expect([event.organizer, event.attendees]).toEqual([`mailto:${owner}`, []])
  expect(icsObject(noLead)).not.toMatch(/METHOD|ORGANIZER|ATTENDEE/)
  expect(icsObject(agreed)).not.toContain('METHOD')
})

test('names of every script, quotes and line breaks arrive, in lines of 75 octets, and turn nothing around them', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.constantFrom(
      'ליאת אברהם',
      'محمد "الكبير"',
      'a\r\nEND:VCALENDAR\r\nATTENDEE:mailto:x@y.example',
      '\u202egnp.exe',
      'x;y,z\\n:^"',
    ),
  )
  // What may not be in a text at all is left out (RFC 5545, 3.1), and marks that turn it.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
  const dropped = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
  const plain = (it: string) => it.replaceAll(/\r\n?|\u2028|\u2029/g, '\n').replaceAll(dropped, '')
  fc.assert(
    fc.property(text, text, (name, notes) => {
      const printed = icsFile({ ...agreed, summary: isolated(name), notes, lead: { ...agreed.lead, name } })
      for (const line of printed.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
      expect(printed.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      const { calendar, event } = read(printed)
      expect(calendar.getAllSubcomponents()).toHaveLength(1)
      expect(event.attendees).toHaveLength(2)
      expect(plain(event.summary)).toBe(plain(name))
      expect(plain(event.description).endsWith(plain(notes))).toBe(true)
      expect(plain(String(event.attendees[1]!.getParameter('cn') ?? ''))).toBe(plain(name).replaceAll('\\', ''))
    }),
    {
      numRuns: 100,
      examples: [
        ['ליאת אברהם', ''],
        ['"^\n', 'x'],
      ],
    },
  )
  expect(isolated('ליאת')).toBe('\u2068ליאת\u2069')
  expect(isolated('\u202eAyşe')).toBe('Ayşe')
})

test('what we print is read back as one busy time', () => {
  const query = { from: 0, until: 4e12, zone: 'UTC', ownerEmail: owner, exceptUids: [] }
  expect(busyTimes(icsObject(agreed), query)).toEqual([
    { startsAt: agreed.startsAt.getTime(), endsAt: agreed.endsAt.getTime() },
  ])
  expect(busyTimes(icsObject(agreed), { ...query, exceptUids: [uidOf('bkg_1')] })).toEqual([])
})
