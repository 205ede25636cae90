import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { caldavCalendar } from '../../runtime/bookings/caldav.ts'
import { CalendarUnavailable } from '../../runtime/bookings/port.ts'
import { bookings } from '../../runtime/db/schema.ts'
import { OutboundFailed } from '../../runtime/outbound.ts'
import {
  type Adapter,
  appointment,
  calendarContract,
  openWorld,
  remoteContract,
  settings,
  unreachable,
} from './contract.ts'
import { hasRadicale, type Radicale, startRadicale } from './radicale.ts'

const world = openWorld()
const utc = (at: Date) => at.toISOString().replace(/[-:]|\.\d+/g, '')

test.for(unreachable)('CalDAV on a server that %s costs the booking', async ([, host, says], { onTestFinished }) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  onTestFinished(() => void silent.close())
  await once(silent, 'listening')
  const calendar = caldavCalendar({
    ...world.options(),
    ...{ workspaceId: 'ws_one', mode: 'live' as const, settings },
    caldav: { url: `${host((silent.address() as AddressInfo).port)}/work/`, username: 'mehmet', password: 'geheim' },
  })
  const error = await calendar.freeSlots(world.week()).catch((it: unknown) => it)
  expect(error).toBeInstanceOf(CalendarUnavailable)
  expect((error as CalendarUnavailable).message).toMatch(says)
  expect((error as CalendarUnavailable).advice).toMatch(/^[A-Z].{20,}\.$/)
})

describe.skipIf(!hasRadicale)('CalDAV on Radicale (skipped where `radicale` is not installed)', () => {
  let radicale: Radicale

  beforeAll(async () => {
    radicale = await startRadicale()
  })
  afterAll(() => radicale.stop())
  beforeEach(() => radicale.clear())

  const open: Adapter['open'] = (process = 0, { url, secret, ...as } = {}) => {
    const { username, password } = radicale
    return caldavCalendar({
      ...world.options(process),
      ...{ workspaceId: 'ws_one', mode: 'live' as const, ...as },
      settings,
      caldav: { url: url ?? radicale.url, username, password: secret ?? password },
    })
  }
  const adapter = {
    open,
    agreed: async () => (await radicale.events()).size,
    takeElsewhere: (from: Date, until: Date) =>
      radicale.put('other.ics', [`DTSTART:${utc(from)}`, `DTEND:${utc(until)}`, 'SUMMARY:Diş']),
  }
  calendarContract(world, adapter)
  remoteContract(world, adapter, '/mehmet/work/')

  const free = async (limit = 40) =>
    (await open().freeSlots(world.week(limit))).map(({ startsAt }) => startsAt.toISOString().slice(5, 16))

  test('the owner finds who it is with and what they said', async () => {
    const [slot] = await open().freeSlots(world.week())
    const held = await open().hold(slot!, 'call_a', 60)
    expect(await open().confirm(held!.id, appointment)).toBe(true)
    const [[name, text]] = [...(await radicale.events())] as [[string, string]]
    expect(name).toBe(`${held!.id}.ics`)
    const lines = text.replaceAll(/\r?\n[ \t]/g, '').split(/\r?\n/)
    expect(lines).toEqual(expect.arrayContaining([`UID:${held!.id}@talkif`, `DTSTART:${utc(slot!.startsAt)}`]))
    expect(lines).toContain('SUMMARY:Ayşe · Helena Education')
    expect(lines.find((line) => line.startsWith('ORGANIZER'))).toMatch(/:mailto:mehmet@helena\.example$/)
    const attendees = lines.filter((line) => line.startsWith('ATTENDEE')).join()
    expect(attendees).toContain('mailto:ayse@example.org')
    expect(lines.find((line) => line.startsWith('DESCRIPTION'))).toContain('budget: 500\\; soon')
    expect(text).not.toContain('METHOD')
  })

  test('an event that a process put before it died is found again, and never put twice', async () => {
    const [slot] = await open().freeSlots(world.week())
    const held = await open().hold(slot!, 'call_a', 60)
    expect(await open().confirm(held!.id, appointment)).toBe(true)
    // As after a crash between the answer of the server and our own row.
    await world.pools[0]!.db.update(bookings).set({ status: 'confirming', confirmedAt: null })
    expect(await open(1).confirm(held!.id, appointment)).toBe(true)
    expect((await radicale.events()).size).toBe(1)
  })

  test('a server that took the event and never said so is asked again', async () => {
    const [slot] = await open().freeSlots(world.week())
    const held = await open().hold(slot!, 'call_a', 60)
    const { fetchOutside, ...rest } = world.options()
    const deaf = caldavCalendar({
      ...rest,
      ...{ workspaceId: 'ws_one', mode: 'live' as const, settings },
      caldav: radicale,
      async fetchOutside(url, request) {
        const answer = await fetchOutside(url, request)
        if (request?.method === 'PUT') throw new OutboundFailed('no answer within 8 s')
        return answer
      },
    })
    await expect(deaf.confirm(held!.id, appointment)).rejects.toThrow('no answer within 8 s')
    expect(await open(1).confirm(held!.id, appointment)).toBe(true)
    expect((await radicale.events()).size).toBe(1)
  })

  test('a time that the owner clears or moves an appointment from is free again', async () => {
    const slot = (await open().freeSlots(world.week())).at(-1)
    const held = await open().hold(slot!, 'call_a', 60)
    expect(await open().confirm(held!.id, appointment)).toBe(true)
    await radicale.clear()
    world.now += 11 * 60_000
    expect((await open().freeSlots(world.week())).at(-1)!.id).toBe(slot!.id)
    const other = await open(1).hold(slot!, 'call_b', 60)
    expect(await open(1).confirm(other!.id, appointment)).toBe(true)
    expect([...(await radicale.events()).keys()]).toEqual([`${other!.id}.ics`])
  })

  test('what repeats takes its times, but not those that are cancelled, moved or only noted', async () => {
    // Ten every working day for an hour in Istanbul; not on Wednesday, and on Thursday at four instead.
    const daily = ['DTSTART;TZID=Europe/Istanbul:20260101T100000', 'DURATION:PT1H']
    await radicale.putText(
      'standup.ics',
      [
        ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//T//T//EN'],
        ...['BEGIN:VTIMEZONE', 'TZID:Europe/Istanbul', 'BEGIN:STANDARD', 'DTSTART:20160907T000000'],
        ...['TZOFFSETFROM:+0300', 'TZOFFSETTO:+0300', 'END:STANDARD', 'END:VTIMEZONE'],
        ...['BEGIN:VEVENT', 'UID:standup', 'DTSTAMP:20260101T000000Z', ...daily],
        ...['RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', 'EXDATE;TZID=Europe/Istanbul:20260527T100000', 'END:VEVENT'],
        ...['BEGIN:VEVENT', 'UID:standup', 'DTSTAMP:20260101T000000Z'],
        'RECURRENCE-ID;TZID=Europe/Istanbul:20260528T100000',
        ...['DTSTART;TZID=Europe/Istanbul:20260528T160000', 'DURATION:PT1H', 'END:VEVENT', 'END:VCALENDAR', ''],
      ].join('\n'),
    )
    await radicale.put('holiday.ics', ['DTSTART;VALUE=DATE:20260529', 'DTEND;VALUE=DATE:20260530', 'SUMMARY:Tatil'])
    const noon = ['DTSTART:20260526T090000Z', 'DTEND:20260526T100000Z']
    await radicale.put('note.ics', [...noon, 'TRANSP:TRANSPARENT'])
    await radicale.put('off.ics', [...noon, 'STATUS:CANCELLED'])
    await radicale.put('no.ics', [...noon, 'ATTENDEE;PARTSTAT=DECLINED:MAILTO:Mehmet@helena.example'])
    const slots = await free(200)
    const of = (day: string) => slots.filter((slot) => slot.startsWith(day)).map((slot) => slot.slice(6))
    expect(of('05-25').slice(0, 4)).toEqual(['06:00', '06:30', '08:00', '08:30'])
    expect(of('05-26')).toEqual(expect.arrayContaining(['09:00', '09:30']))
    expect(of('05-26')).not.toContain('07:00')
    expect(of('05-27')).toEqual(expect.arrayContaining(['07:00', '07:30']))
    expect(of('05-28')).toEqual(expect.arrayContaining(['07:00', '07:30']))
    expect(of('05-28')).not.toContain('13:00')
    expect(of('05-29')).toEqual([])
  })

  test('a full calendar is read whole', async () => {
    const starts = (await open().freeSlots(world.week())).filter((_, i) => i % 2 === 0)
    await Promise.all(
      starts.map(({ startsAt, endsAt }, i) =>
        radicale.put(`full_${i}.ics`, [
          `DTSTART:${utc(startsAt)}`,
          `DTEND:${utc(endsAt)}`,
          'DESCRIPTION:<b>&amp; "quoted" 100 %</b>',
        ]),
      ),
    )
    const left = await open().freeSlots(world.week())
    expect(left).toHaveLength(90 - starts.length)
  })

  test('who chooses again may have the time beside the one they had, buffers or not; nobody else', async () => {
    const { username, password, url } = radicale
    const buffered = caldavCalendar({
      ...world.options(),
      ...{ workspaceId: 'ws_one', mode: 'live' as const, settings: { ...settings, buffer_minutes: 10 } },
      caldav: { url, username, password },
    })
    const times = async (callId: string) =>
      (await buffered.freeSlots({ ...world.week(3), callId })).map(({ startsAt }) =>
        startsAt.toISOString().slice(11, 16),
      )
    const slots = await buffered.freeSlots(world.week())
    const held = []
    for (const slot of slots.slice(0, 2)) held.push(await buffered.hold(slot, 'call_a', 60))
    expect(await buffered.confirm(held[0]!.id, appointment)).toBe(true)
    expect(await times('call_a')).toEqual(['06:30', '07:00', '07:30'])
    expect(await times('call_b')).toEqual(['07:00', '07:30', '08:00'])
    expect(await buffered.hold(slots[1]!, 'call_b', 60)).toBeNull()
    const again = await buffered.hold(slots[1]!, 'call_a', 60)
    expect(await buffered.confirm(again!.id, appointment)).toBe(true)
    await buffered.release(held[0]!.id)
    expect([...(await radicale.events()).keys()]).toEqual([`${again!.id}.ics`])
  })

  test('an address that is no calendar says so', async () => {
    const wrong = open(0, { url: radicale.url.replace('work', 'nothing') })
    await expect(wrong.freeSlots(world.week())).rejects.toThrow(/answered (404|403|409)/)
  })
})
