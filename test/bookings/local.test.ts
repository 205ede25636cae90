import fc from 'fast-check'
import { expect, test } from 'vitest'
import { localCalendar } from '../../runtime/bookings/local.ts'
import type { Slot, SlotQuery } from '../../runtime/bookings/port.ts'
import { eq, ne } from '../../runtime/db/drizzle.ts'
import { bookings } from '../../runtime/db/schema.ts'
import { appointment, calendarContract, MONDAY, openWorld, settings } from './contract.ts'

const MINUTE = 60_000
const world = openWorld()
const open = (process: 0 | 1 = 0, as: { workspaceId?: string; mode?: 'test' | 'live' } = {}, more: object = {}) =>
  localCalendar({
    ...world.options(process),
    ...{ workspaceId: 'ws_one', mode: 'live' as const, ...as },
    settings: { ...settings, ...more },
  })
const rows = () => world.pools[0]!.db.select().from(bookings).where(ne(bookings.status, 'released'))

calendarContract(world, {
  open,
  agreed: async () => (await rows()).filter((row) => row.status === 'confirmed').length,
})

test('of 100 calls at once nobody gets a time that overlaps another’s, whatever the slots’ length and buffer', async () => {
  const anyCase = fc.record({
    lengths: fc.tuple(fc.constantFrom(15, 30, 45, 60), fc.constantFrom(15, 30, 50, 90)),
    buffer: fc.constantFrom(0, 5, 20),
    slots: fc.integer({ min: 2, max: 12 }),
    picks: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 100, maxLength: 100 }),
  })
  let [won, most] = [0, 0]
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ lengths, buffer, slots, picks }) => {
      await world.pools[0]!.db.delete(bookings)
      // The same calendar before and after its slots were given another length, from two processes at once.
      const kinds = lengths.map((slot_minutes) => ({ slot_minutes, buffer_minutes: buffer }))
      const offered = await Promise.all(kinds.map((more) => open(0, {}, more).freeSlots(world.week(slots))))
      const booked = await Promise.all(
        picks.map(async ([kind, pick, confirms], i) => {
          const calendar = open(i % 2 ? 1 : 0, {}, kinds[kind % 2])
          const held = await calendar.hold(offered[kind % 2]![pick % slots]!, `call_${i}`, 60)
          if (held && confirms) expect(await calendar.confirm(held.id, appointment)).toBe(true)
          return held
        }),
      )
      const winners = booked.filter((it) => it !== null)
      const kept = (await rows()).toSorted((a, b) => a.slotAt.getTime() - b.slotAt.getTime())
      expect(kept.map(({ id }) => id).toSorted()).toEqual(winners.map(({ id }) => id).toSorted())
      expect(new Set(kept.map(({ callId }) => callId)).size).toBe(kept.length)
      for (const [i, row] of kept.slice(1).entries()) {
        expect(row.slotAt.getTime() - kept[i]!.endsAt.getTime()).toBeGreaterThanOrEqual(buffer * MINUTE)
      }
      won += winners.length
      most = Math.max(most, winners.length)
    }),
    { numRuns: 6 },
  )
  expect(won).toBeGreaterThanOrEqual(6)
  expect(most).toBeGreaterThan(1)
})

test('of calls that hold several times each and choose again, no two get times that overlap', async () => {
  const anyCase = fc.record({
    buffer: fc.constantFrom(0, 10, 40),
    picks: fc.array(fc.array(fc.tuple(fc.nat({ max: 9 }), fc.boolean()), { minLength: 4, maxLength: 8 }), {
      minLength: 12,
      maxLength: 12,
    }),
  })
  let most = 0
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ buffer, picks }) => {
      await world.pools[0]!.db.delete(bookings)
      const more = { buffer_minutes: buffer }
      const offered = await open(0, {}, more).freeSlots(world.week(10))
      // As `book_slot` does: what was agreed before goes once the next is.
      const talk = async (wants: [number, boolean][], i: number) => {
        const calendar = open(i % 2 ? 1 : 0, {}, more)
        let agreed: string | undefined
        for (const [pick, confirms] of wants) {
          const held = await calendar.hold(offered[pick]!, `call_${i}`, 60)
          if (!held || !confirms || held.id === agreed) continue
          expect(await calendar.confirm(held.id, appointment)).toBe(true)
          if (agreed) await calendar.release(agreed)
          agreed = held.id
        }
        return agreed
      }
      const agreed = (await Promise.all(picks.map(talk))).filter((id) => id !== undefined)
      const kept = await rows()
      expect(
        kept
          .filter(({ status }) => status === 'confirmed')
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(agreed.toSorted())
      for (const one of kept)
        for (const other of kept.filter(({ callId }) => callId !== one.callId)) {
          const [first, second] = one.slotAt < other.slotAt ? [one, other] : [other, one]
          expect(second.slotAt.getTime() - first.endsAt.getTime()).toBeGreaterThanOrEqual(buffer * MINUTE)
        }
      most = Math.max(most, agreed.length)
    }),
    { numRuns: 8 },
  )
  expect(most).toBeGreaterThan(1)
})

test('confirming late and taking over never both succeed', async () => {
  const slots = await open().freeSlots(world.week())
  for (const [i, slot] of slots.slice(20, 50).entries()) {
    const held = await open().hold(slot, `call_${i}`, 1)
    world.now += 2_000
    const [confirmed, taken] = await Promise.all([
      open().confirm(held!.id, appointment),
      open(1).hold(slot, `other_${i}`, 60),
    ])
    expect(confirmed).toBe(taken === null)
  }
})

test('buffers are kept free on both sides, also towards slots that lie between others', async () => {
  const buffered = open(0, {}, { buffer_minutes: 15 })
  const slots = await buffered.freeSlots(world.week(6))
  expect(await buffered.hold(slots[2]!, 'call_a', 60)).not.toBeNull()
  const times = (free: Slot[]) => free.map(({ startsAt }) => startsAt.toISOString().slice(11, 16))
  expect(times(slots)).toEqual(['06:00', '06:30', '07:00', '07:30', '08:00', '08:30'])
  expect(times(await buffered.freeSlots(world.week(4)))).toEqual(['06:00', '08:00', '08:30', '09:00'])
  for (const slot of [slots[1]!, slots[3]!]) expect(await buffered.hold(slot, 'call_b', 60)).toBeNull()
  expect(await buffered.hold(slots[4]!, 'call_b', 60)).not.toBeNull()
})

test('what a call holds and has booked keeps no buffer from itself, and all of it from others', async () => {
  const mine = { ...world.week(6), callId: 'call_a' }
  const [one, two] = [open(0, {}, { buffer_minutes: 15 }), open(1, {}, { buffer_minutes: 15 })]
  const slots = await one.freeSlots(mine)
  const times = async (query: SlotQuery) =>
    (await one.freeSlots(query)).map(({ startsAt }) => startsAt.toISOString().slice(11, 16))
  const held = []
  for (const slot of slots.slice(0, 3)) held.push(await one.hold(slot, 'call_a', 60))
  expect(held.map((it) => it?.startsAt)).toEqual(slots.slice(0, 3).map(({ startsAt }) => startsAt))
  expect(await times(mine)).toEqual(['06:00', '06:30', '07:00', '07:30', '08:00', '08:30'])
  // In between is nothing for another call.
  for (const slot of slots.slice(0, 4)) expect(await two.hold(slot, 'call_b', 60)).toBeNull()
  const beside = await two.hold(slots[4]!, 'call_b', 60)
  expect(beside).not.toBeNull()

  expect(await one.confirm(held[0]!.id, appointment)).toBe(true)
  // Its neighbour is given back, what lies further away stays held.
  expect((await rows()).map(({ slotAt, status }) => [slotAt.toISOString().slice(11, 16), status]).toSorted()).toEqual([
    ['06:00', 'confirmed'],
    ['07:00', 'held'],
    ['08:00', 'held'],
  ])
  expect(await times(mine)).toEqual(['06:30', '07:00', '09:00', '09:30', '10:00', '10:30'])
  expect(await two.hold(slots[1]!, 'call_b', 60)).toBeNull()

  // They choose again, right beside what they had.
  const again = await one.hold(slots[1]!, 'call_a', 60)
  expect(await one.confirm(again!.id, appointment)).toBe(true)
  await one.release(held[0]!.id)
  expect((await rows()).map(({ id }) => id).toSorted()).toEqual([again!.id, beside!.id].toSorted())
  expect(await two.hold(slots[0]!, 'call_b', 60)).toBeNull()
})

test('notice and days ahead are the calendar’s own', async () => {
  const begins = async (more: object, limit = 1) =>
    (await open(0, {}, more).freeSlots({ ...world.week(limit), until: new Date(world.now + 90 * 86_400_000) })).map(
      ({ startsAt }) => startsAt.toISOString(),
    )
  expect(await begins({ notice_minutes: 0, working_hours: { from: '08:00', to: '18:00', days: [1] } })).toEqual([
    '2026-05-25T05:00:00.000Z',
  ])
  expect(await begins({})).toEqual(['2026-05-25T06:00:00.000Z'])
  expect(await begins({ notice_minutes: 26 * 60 })).toEqual(['2026-05-26T07:00:00.000Z'])
  const all = await begins({ days_ahead: 2 }, 500)
  expect(all).toHaveLength(2 * 18)
  expect((await begins({}, 5_000)).at(-1)! < '2026-06-24T05').toBe(true)
})

test('the lead’s day comes before their night', async () => {
  const near = await open().freeSlots({ ...world.week(1), leadZone: 'America/New_York' })
  expect(near[0]!.startsAt.toISOString()).toBe('2026-05-25T12:00:00.000Z')
  const far = await open().freeSlots({ ...world.week(1), leadZone: 'Pacific/Honolulu' })
  expect(far[0]!.startsAt.toISOString()).toBe('2026-05-25T06:00:00.000Z')
})

test('test and live bookings of one calendar know nothing of each other', async () => {
  const [slot] = await open().freeSlots(world.week())
  const [live, sandbox] = [open(), open(0, { mode: 'test' })]
  expect(await live.hold(slot!, 'call_a', 60)).not.toBeNull()
  expect(await sandbox.hold(slot!, 'call_b', 60)).not.toBeNull()
  const times = await world.pools[0]!.db.select().from(bookings).where(eq(bookings.calendar, 'mehmet'))
  expect(times.map(({ mode }) => mode).toSorted()).toEqual(['live', 'test'])
  expect(world.now).toBe(MONDAY)
})
