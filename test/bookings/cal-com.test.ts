import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { calComCalendar } from '../../runtime/bookings/cal-com.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { bookings } from '../../runtime/db/schema.ts'
import { EVENT_TYPE } from './cal-com-host.ts'
import { API_KEY, type CalComServer, startCalCom } from './cal-com-server.ts'
import { type Adapter, appointment, calendarContract, openWorld, remoteContract, settings } from './contract.ts'

const world = openWorld()
let server: CalComServer

beforeAll(async () => {
  server = await startCalCom(() => world.now)
})
afterAll(() => server.close())
beforeEach(() => server.reset())
afterEach(() => {
  expect(server.violations).toEqual([])
})

const open: Adapter['open'] = (process = 0, { url, secret, ...as } = {}) =>
  calComCalendar({
    ...world.options(process),
    ...{ workspaceId: 'ws_one', mode: 'live' as const, ...as },
    settings,
    calCom: { eventTypeId: EVENT_TYPE, apiKey: secret ?? API_KEY, url: url ?? server.url },
  })
const agreed = () => [...server.bookings.values()].filter(({ status }) => status === 'accepted')
const adapter = {
  open,
  agreed: async () => agreed().length,
  takeElsewhere: async (from: Date) => server.takeElsewhere(from),
  publicSlots: true,
}
calendarContract(world, adapter)
remoteContract(world, adapter, '')

async function heldBy(call: string) {
  const [slot] = await open().freeSlots(world.week())
  return { slot: slot!, held: (await open().hold(slot!, call, 60))! }
}

test('a booking names the person, says what they said, and is ours to find', async () => {
  const { held } = await heldBy('call_a')
  expect(await open().confirm(held.id, appointment)).toBe(true)
  expect(agreed()).toMatchObject([
    {
      start: held.startsAt.toISOString(),
      attendees: [
        {
          name: 'Ayşe Yılmaz',
          email: 'ayse@example.org',
          phoneNumber: '+905321112233',
          timeZone: 'Europe/Berlin',
          language: 'tr',
        },
      ],
      metadata: { talkif_booking_id: held.id },
      bookingFieldsResponses: { notes: appointment.notes },
    },
  ])
  const [row] = await world.pools[0]!.db.select().from(bookings)
  expect(row).toMatchObject({ kind: 'cal_com', remoteId: agreed()[0]!.uid, remoteHold: expect.any(String) })
})

test('somebody without a name or an e-mail address can book too', async () => {
  const { held } = await heldBy('call_a')
  const lead = { ...appointment.lead, name: null, email: null }
  expect(await open().confirm(held.id, { ...appointment, notes: '', lead })).toBe(true)
})

test.each([
  ['pt-BR', 'pt-BR'],
  ['de-AT', 'de'],
  // It writes to nobody in Latin; what it does not know it refuses.
  ['la', undefined],
])('who speaks %s is written to in that language, if Cal.com knows it', async (language, asked) => {
  const { held } = await heldBy('call_a')
  const lead = { ...appointment.lead, language }
  expect(await open().confirm(held.id, { ...appointment, lead })).toBe(true)
  expect(agreed()[0]!.attendees[0]!.language).toBe(asked)
})

test('a booking whose answer was lost is found again, and not made twice', async () => {
  const { held } = await heldBy('call_a')
  server.cutAfter('POST /v2/bookings')
  await expect(open().confirm(held.id, appointment)).rejects.toThrow('Cal.com cannot be asked')
  expect(agreed()).toHaveLength(1)
  expect(await open(1).confirm(held.id, appointment)).toBe(true)
  expect(agreed()).toHaveLength(1)
})

test('a booking whose answer was lost, and that nobody agreed to, is taken back', async () => {
  const { held } = await heldBy('call_a')
  server.cutAfter('POST /v2/bookings')
  await expect(open().confirm(held.id, appointment)).rejects.toThrow('Cal.com cannot be asked')
  await open(1).release(held.id)
  expect(agreed()).toEqual([])
})

test('what its owner cancelled is released as well', async () => {
  const { held } = await heldBy('call_a')
  expect(await open().confirm(held.id, appointment)).toBe(true)
  agreed()[0]!.status = 'cancelled'
  await open().release(held.id)
  expect((await world.pools[0]!.db.select().from(bookings))[0]!.status).toBe('released')
})

test('a booking that its owner rejected meanwhile is not taken for ours', async () => {
  const { held } = await heldBy('call_a')
  server.cutAfter('POST /v2/bookings')
  await expect(open().confirm(held.id, appointment)).rejects.toThrow('Cal.com cannot be asked')
  agreed()[0]!.status = 'rejected'
  expect(await open(1).confirm(held.id, appointment)).toBe(true)
  expect(agreed()).toHaveLength(1)
})

test('of a meeting with seats, only our own is given back', async () => {
  server.kind = 'seated'
  const { slot, held } = await heldBy('call_a')
  server.takeElsewhere(slot.startsAt)
  expect(await open().confirm(held.id, appointment)).toBe(true)
  const seats = () => agreed().map(({ attendees }) => attendees.map(({ name }) => name))
  expect(seats()).toEqual([['Somebody', 'Ayşe Yılmaz']])
  await open().release(held.id)
  expect(seats()).toEqual([['Somebody']])
})

test('a seat whose answer was lost is found again, and given back', async () => {
  server.kind = 'seated'
  const { slot, held } = await heldBy('call_a')
  server.takeElsewhere(slot.startsAt)
  server.cutAfter('POST /v2/bookings')
  await expect(open().confirm(held.id, appointment)).rejects.toThrow('Cal.com cannot be asked')
  expect(await open(1).confirm(held.id, appointment)).toBe(true)
  expect(agreed()[0]!.attendees).toHaveLength(2)
  await open().release(held.id)
  expect(agreed()[0]!.attendees).toMatchObject([{ name: 'Somebody' }])
})

test.each([
  ['heard', undefined],
  ['lost', 'POST /v2/bookings'],
])(
  'an event type that recurs books all of its meetings, and gives all of them back: the answer was %s',
  async (_, cut) => {
    server.kind = 'recurring'
    const { held } = await heldBy('call_a')
    if (cut) {
      server.cutAfter(cut)
      await expect(open().confirm(held.id, appointment)).rejects.toThrow('Cal.com cannot be asked')
    }
    expect(await open().confirm(held.id, appointment)).toBe(true)
    expect(agreed()).toHaveLength(2)
    await open().release(held.id)
    expect(agreed()).toEqual([])
  },
)

test('a wrong key is told with the first hold: free slots are for everybody to see', async () => {
  const [slot] = await open(0, { secret: 'wrong' }).freeSlots(world.week())
  await expect(open(0, { secret: 'wrong' }).hold(slot!, 'call_a', 60)).rejects.toThrow('Cal.com answered 401')
})

test('a reservation of somebody else’s is no hold of ours', async () => {
  const [slot] = await open().freeSlots(world.week())
  expect(await open(0, { workspaceId: 'ws_two' }).hold(slot!, 'call_b', 60)).not.toBeNull()
  expect(await open().hold(slot!, 'call_a', 60)).toBeNull()
  // And it leaves nothing behind that would keep the slot.
  world.now += 61_000
  expect(await open().hold(slot!, 'call_a', 60)).not.toBeNull()
})

test('a hold that is held again is reserved for as long again, and no longer', async () => {
  const { slot, held } = await heldBy('call_a')
  const elsewhere = () => open(0, { workspaceId: 'ws_two' }).hold(slot, 'call_b', 60)
  world.now += 50_000
  expect(await open(1).hold(slot, 'call_a', 60)).toEqual(held)
  world.now += 50_000
  expect(await elsewhere()).toBeNull()
  world.now += 11_000
  expect(await elsewhere()).not.toBeNull()
  // Both have run out, and somebody else was quicker.
  expect(await open().hold(slot, 'call_a', 60)).toBeNull()
  const [row] = await world.pools[0]!.db.select().from(bookings).where(eq(bookings.id, held.id))
  expect(row!.status).toBe('released')
})

test('what a call holds beside what it books is reserved no longer', async () => {
  const [first, second] = await open().freeSlots(world.week())
  const held = await open().hold(first!, 'call_a', 60)
  const other = await open().hold(second!, 'call_a', 60)
  // As of an event type whose times overlap.
  await world.pools[0]!.db.update(bookings)
    .set({ slotAt: new Date(second!.startsAt.getTime() - 15 * 60_000) })
    .where(eq(bookings.id, other!.id))
  expect(await open().confirm(held!.id, appointment)).toBe(true)
  expect(await open(0, { workspaceId: 'ws_two' }).hold(second!, 'call_b', 60)).not.toBeNull()
})

test('an event type that is not there says so', async () => {
  const wrong = calComCalendar({
    ...world.options(),
    ...{ workspaceId: 'ws_one', mode: 'live' as const, settings },
    calCom: { eventTypeId: 7, apiKey: API_KEY, url: server.url },
  })
  await expect(wrong.freeSlots(world.week())).rejects.toMatchObject({ advice: 'Check cal_com.event_type_id.' })
})
