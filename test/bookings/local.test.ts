import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { localCalendar } from '../../runtime/bookings/local.ts'
import { type Clock, systemClock } from '../../runtime/clock.ts'
import { connect, migrateDatabase } from '../../runtime/db/connect.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../runtime/db/embedded.ts'
import { bookings } from '../../runtime/db/schema.ts'

const MONDAY = Date.parse('2026-05-25T05:00:00Z')
const settings = { name: 'mehmet', owner: 'mehmet@helena.example', time_zone: 'Europe/Istanbul' }
const folder = mkdtempSync(join(tmpdir(), 'talkif-bookings-'))

let server: EmbeddedPostgres
/** Two pools, as two processes would have. */
let pools: ReturnType<typeof connect>[]
let now = MONDAY
const clock: Clock = { ...systemClock, now: () => now }
const week = () => ({ from: new Date(now), until: new Date(now + 5 * 86_400_000), limit: 200 })
const calendar = (process: 0 | 1, workspaceId = 'ws_one', mode: 'test' | 'live' = 'test') =>
  localCalendar({ db: pools[process]!.db, clock, workspaceId, mode, settings })

beforeAll(async () => {
  server = await startEmbeddedPostgres(folder)
  await migrateDatabase(server.url)
  pools = [connect(server.url, 10), connect(server.url, 10)]
}, 30_000)

afterAll(async () => {
  for (const { sql } of pools ?? []) await sql.end()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  now = MONDAY
  await pools[0]!.db.delete(bookings)
})

test('of 100 calls that want one of three slots, three get one each', async () => {
  const [first, second] = [calendar(0), calendar(1)]
  const slots = await first.freeSlots({ ...week(), limit: 3 })
  expect(slots.map((slot) => slot.startsAt.toISOString().slice(11, 16))).toEqual(['06:00', '06:30', '07:00'])
  const held = await Promise.all(
    Array.from({ length: 100 }, (_, i) => (i % 2 ? first : second).hold(slots[i % 3]!, `call_${i}`, 60)),
  )
  const won = held.flatMap((booking) => booking?.startsAt.getTime() ?? [])
  expect(won.sort()).toEqual(slots.map((slot) => slot.startsAt.getTime()))
  expect(await first.freeSlots(week())).toHaveLength(5 * 18 - 3)
})

test('holding again for the same call is the same booking', async () => {
  const [slot] = await calendar(0).freeSlots(week())
  const [one, other] = await Promise.all([calendar(0).hold(slot!, 'call_a', 60), calendar(1).hold(slot!, 'call_a', 60)])
  expect(one).toEqual(other)
  expect(one).toMatchObject({ owner: settings.owner, startsAt: slot!.startsAt, endsAt: slot!.endsAt })
})

test('an expired hold gives way to one other call, and can then not be confirmed', async () => {
  const [slot] = await calendar(0).freeSlots(week())
  const old = await calendar(0).hold(slot!, 'call_old', 60)
  expect(await calendar(0).hold(slot!, 'call_b', 60)).toBeNull()
  now += 61_000
  const taken = await Promise.all([calendar(0).hold(slot!, 'call_b', 60), calendar(1).hold(slot!, 'call_c', 60)])
  const [winner] = taken.filter((booking) => booking !== null)
  expect(taken.filter((booking) => booking === null)).toHaveLength(1)
  expect(await calendar(1).confirm(old!.id)).toBe(false)
  expect(await calendar(1).confirm(winner!.id)).toBe(true)
  expect(await calendar(1).confirm(winner!.id)).toBe(true)
  now += 3_600_000
  expect(await calendar(0).hold(slot!, 'call_d', 60)).toBeNull()
})

test('confirming late and taking over never both succeed', async () => {
  const slots = await calendar(0).freeSlots(week())
  for (const [i, slot] of slots.slice(20, 50).entries()) {
    const held = await calendar(0).hold(slot, `call_${i}`, 1)
    now += 2_000
    const [confirmed, taken] = await Promise.all([
      calendar(0).confirm(held!.id),
      calendar(1).hold(slot, `other_${i}`, 60),
    ])
    expect(confirmed).toBe(taken === null)
  }
})

test('a released slot is free, and nobody else can release or confirm it', async () => {
  const [slot] = await calendar(0).freeSlots(week())
  const held = await calendar(0).hold(slot!, 'call_a', 60)
  for (const stranger of [calendar(0, 'ws_two'), calendar(0, 'ws_one', 'live')]) {
    expect(await stranger.confirm(held!.id)).toBe(false)
    await stranger.release(held!.id)
    expect((await stranger.freeSlots(week()))[0]).toEqual(slot)
  }
  expect(await calendar(1).hold(slot!, 'call_b', 60)).toBeNull()
  await calendar(0).release(held!.id)
  await calendar(0).release(held!.id)
  expect(await calendar(1).hold(slot!, 'call_b', 60)).not.toBeNull()
})

test('a booking of another length is in the way of slots it overlaps', async () => {
  const long = localCalendar({
    db: pools[0]!.db,
    clock,
    workspaceId: 'ws_one',
    mode: 'test',
    settings: { ...settings, slot_minutes: 60 },
  })
  const [hour] = await long.freeSlots(week())
  const [, half] = await calendar(0).freeSlots(week())
  expect(await calendar(0).hold(half!, 'call_a', 60)).not.toBeNull()
  expect(await long.hold(hour!, 'call_b', 60)).toBeNull()
})

test('the lead’s day comes before their night', async () => {
  const near = await calendar(0).freeSlots({ ...week(), limit: 1, leadZone: 'America/New_York' })
  expect(near[0]!.startsAt.toISOString()).toBe('2026-05-25T12:00:00.000Z')
  const far = await calendar(0).freeSlots({ ...week(), limit: 1, leadZone: 'Pacific/Honolulu' })
  expect(far[0]!.startsAt.toISOString()).toBe('2026-05-25T06:00:00.000Z')
})
