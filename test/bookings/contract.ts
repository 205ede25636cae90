import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Appointment, type Calendar, CalendarUnavailable } from '../../runtime/bookings/port.ts'
import { type Clock, systemClock } from '../../runtime/clock.ts'
import { connect } from '../../runtime/db/connect.ts'
import { bookings } from '../../runtime/db/schema.ts'
import { type FetchOutside, openOutbound } from '../../runtime/outbound.ts'
import { freshDatabase } from '../harness/database.ts'

/** 08:00 in Istanbul, an hour before its working day. */
export const MONDAY = Date.parse('2026-05-25T05:00:00Z')
export const owner = 'mehmet@helena.example'
export const settings = { name: 'mehmet', owner, time_zone: 'Europe/Istanbul' }
export const appointment: Appointment = {
  summary: 'Ayşe · Helena Education',
  notes: 'need: a master’s, budget: 500; soon',
  lead: {
    name: 'Ayşe Yılmaz',
    email: 'ayse@example.org',
    phone: '+905321112233',
    timeZone: 'Europe/Berlin',
    language: 'tr',
  },
}

/** Two processes that share a database, and a clock that the tests move. */
export interface World {
  now: number
  /** Of its database, for a process of its own. */
  databaseUrl: string
  pools: ReturnType<typeof connect>[]
  /** As a process has it: with its connections, and its way to the outside, where silence is short. */
  options(process?: 0 | 1): { db: ReturnType<typeof connect>['db']; clock: Clock; fetchOutside: FetchOutside }
  week(limit?: number): { from: Date; until: Date; limit: number }
}

export function openWorld(): World {
  let database: Awaited<ReturnType<typeof freshDatabase>>
  const outside = openOutbound({ allowLoopback: true })
  const fetchOutside: FetchOutside = (url, request) => outside(url, { ...request, timeoutMs: 600 })
  const clock: Clock = { ...systemClock, now: () => world.now }
  const world: World = {
    now: MONDAY,
    databaseUrl: '',
    pools: [],
    options: (process = 0) => ({ db: world.pools[process]!.db, clock, fetchOutside }),
    week: (limit = 200) => ({ from: new Date(world.now), until: new Date(world.now + 5 * 86_400_000), limit }),
  }
  beforeAll(async () => {
    database = await freshDatabase()
    world.databaseUrl = database.url
    world.pools = [connect(database.url, 10), connect(database.url, 10)]
  })
  afterAll(async () => {
    for (const { sql } of world.pools) await sql.end()
    await database?.drop()
  })
  beforeEach(async () => {
    world.now = MONDAY
    await world.pools[0]!.db.delete(bookings)
  })
  return world
}

export interface Adapter {
  open(process?: 0 | 1, as?: { workspaceId?: string; mode?: 'test' | 'live'; url?: string; secret?: string }): Calendar
  /** The appointments that the calendar itself has. */
  agreed(): Promise<number>
  /** Somebody takes a time without us; undefined where nobody else can. */
  takeElsewhere?(from: Date, until: Date): Promise<void>
  /** Where free slots are for everybody to see, a wrong secret is told with the first hold. */
  publicSlots?: boolean
}

/** What every calendar does, whoever keeps it. */
export function calendarContract(world: World, adapter: Adapter): void {
  const { open, agreed } = adapter

  test('free slots are in order, in the future and none overlaps another', async () => {
    const slots = await open().freeSlots(world.week())
    expect(slots.length).toBeGreaterThan(10)
    for (const [i, slot] of slots.entries()) {
      expect(slot.startsAt.getTime()).toBeGreaterThan(world.now)
      if (i > 0) expect(slot.startsAt.getTime()).toBeGreaterThanOrEqual(slots[i - 1]!.endsAt.getTime())
    }
    expect(new Set(slots.map(({ id }) => id)).size).toBe(slots.length)
  })

  test('of many calls that want one of two slots, two get one each, and nobody else sees it free', async () => {
    const slots = await open().freeSlots(world.week(2))
    const held = await Promise.all(
      Array.from({ length: 16 }, (_, i) => open(i % 2 ? 1 : 0).hold(slots[i % 4 < 2 ? 0 : 1]!, `call_${i}`, 60)),
    )
    const won = held.flatMap((booking) => booking?.startsAt.getTime() ?? [])
    expect(won.toSorted()).toEqual(slots.map((slot) => slot.startsAt.getTime()))
    const free = (await open(1).freeSlots(world.week())).map(({ id }) => id)
    expect(free).not.toContain(slots[0]!.id)
    expect(free.length).toBeGreaterThan(5)
  })

  test('holding again for the same call is the same booking', async () => {
    const [slot] = await open().freeSlots(world.week())
    const one = await open().hold(slot!, 'call_a', 60)
    expect(one).toMatchObject({ owner, startsAt: slot!.startsAt, endsAt: slot!.endsAt })
    expect(await open(1).hold(slot!, 'call_a', 60)).toEqual(one)
  })

  test('what a call holds is free to itself, in its place among the others, until it is agreed', async () => {
    const slots = await open().freeSlots(world.week())
    const held = await Promise.all([1, 2].map((i) => open().hold(slots[i]!, 'call_a', 60)))
    expect(await open().freeSlots({ ...world.week(), callId: 'call_a' })).toEqual(slots)
    const others = slots.filter((_, i) => i !== 1 && i !== 2)
    expect(await open(1).freeSlots({ ...world.week(), callId: 'call_b' })).toEqual(others)
    expect(await open(1).freeSlots(world.week())).toEqual(others)
    expect(await open(1).hold(slots[1]!, 'call_a', 60)).toEqual(held[0])
    expect(await open().confirm(held[0]!.id, appointment)).toBe(true)
    const left = (await open().freeSlots({ ...world.week(), callId: 'call_a' })).map(({ id }) => id)
    expect(left).not.toContain(slots[1]!.id)
    expect(left).toContain(slots[2]!.id)
  })

  test('a confirmed slot is in the calendar once, however often it is confirmed', async () => {
    const [slot] = await open().freeSlots(world.week())
    const held = await open().hold(slot!, 'call_a', 60)
    expect(await agreed()).toBe(0)
    for (const process of [0, 1, 1] as const) expect(await open(process).confirm(held!.id, appointment)).toBe(true)
    expect(await agreed()).toBe(1)
    world.now += 3_600_000
    expect((await open().freeSlots(world.week())).map(({ id }) => id)).not.toContain(slot!.id)
    // A calendar elsewhere says so at the latest when it is asked to confirm.
    const late = await open().hold(slot!, 'call_b', 60)
    expect(late !== null && (await open().confirm(late.id, appointment))).toBe(false)
    expect(await agreed()).toBe(1)
  })

  test('what was released is free, and not to be confirmed; releasing may be repeated', async () => {
    const [slot] = await open().freeSlots(world.week())
    const held = await open().hold(slot!, 'call_a', 60)
    await open().release(held!.id)
    expect(await open().confirm(held!.id, appointment)).toBe(false)
    const again = await open(1).hold(slot!, 'call_b', 60)
    expect(await open(1).confirm(again!.id, appointment)).toBe(true)
    for (const process of [1, 0] as const) await open(process).release(again!.id)
    expect(await agreed()).toBe(0)
    expect((await open().freeSlots(world.week(1)))[0]!.id).toBe(slot!.id)
  })

  test('a hold that expired gives way to one other call, and can then not be confirmed', async () => {
    const [slot] = await open().freeSlots(world.week())
    const old = await open().hold(slot!, 'call_old', 60)
    expect(await open().hold(slot!, 'call_b', 60)).toBeNull()
    world.now += 61_000
    const taken = await Promise.all([open(0).hold(slot!, 'call_b', 60), open(1).hold(slot!, 'call_c', 60)])
    const [winner, ...rest] = taken.filter((booking) => booking !== null)
    expect(rest).toEqual([])
    expect(await open(1).confirm(old!.id, appointment)).toBe(false)
    expect(await open(1).confirm(winner!.id, appointment)).toBe(true)
    expect(await agreed()).toBe(1)
  })

  test('a late confirmation counts as long as nobody took the slot', async () => {
    const [slot] = await open().freeSlots(world.week())
    const held = await open().hold(slot!, 'call_a', 60)
    world.now += 120_000
    expect(await open().confirm(held!.id, appointment)).toBe(true)
  })

  test('strangers can neither confirm nor release', async () => {
    const [slot] = await open().freeSlots(world.week())
    const held = await open().hold(slot!, 'call_a', 60)
    for (const stranger of [open(0, { workspaceId: 'ws_two' }), open(0, { mode: 'test' })]) {
      expect(await stranger.confirm(held!.id, appointment)).toBe(false)
      await stranger.release(held!.id)
    }
    expect(await open(1).hold(slot!, 'call_b', 60)).toBeNull()
    expect(await open().confirm(held!.id, appointment)).toBe(true)
  })
}

/** Servers that cannot be asked, whatever they would speak. @param silent the port of one that takes connections and says nothing. */
export const unreachable: [what: string, host: (silent: number) => string, says: RegExp][] = [
  ['is down', () => 'http://127.0.0.1:1', /ECONNREFUSED/],
  ['never answers', (silent) => `http://127.0.0.1:${silent}`, /no answer within/],
  ['is a private address', () => 'https://169.254.169.254', /169\.254\.169\.254/],
  ['is not https', () => 'http://calendar.example', /https/],
]

/** What a calendar on somebody's server does besides. @param path of the calendar's URL on whatever server. */
export function remoteContract(
  world: World,
  adapter: Adapter & Required<Pick<Adapter, 'takeElsewhere'>>,
  path: string,
): void {
  const { open, agreed, takeElsewhere } = adapter
  let silent: Server
  let port: number

  beforeAll(async () => {
    // A server that takes every connection and never says a word.
    silent = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    port = (silent.address() as { port: number }).port
  })
  afterAll(() => {
    silent.close()
  })

  const broken: [string, () => Calendar, RegExp][] = [
    ...unreachable.map(([what, host, says]): [string, () => Calendar, RegExp] => [
      what,
      () => open(0, { url: `${host(port)}${path}` }),
      says,
    ]),
    ['does not know us', () => open(0, { secret: 'wrong' }), /401/],
  ]

  describe.each(broken)('a server that %s', (what, openBroken, says) => {
    test('costs the booking, in words that say what to do, and nothing of what is agreed', async () => {
      const [slot] = await open().freeSlots(world.week())
      const held = await open().hold(slot!, 'call_a', 60)
      const look = () => openBroken().freeSlots(world.week())
      const confirm = () => openBroken().confirm(held!.id, appointment)
      const asks = adapter.publicSlots && what === 'does not know us' ? [confirm] : [look, confirm]
      for (const ask of asks) {
        const error = await (ask() as Promise<unknown>).then(
          () => undefined,
          (it: unknown) => it,
        )
        expect(error).toBeInstanceOf(CalendarUnavailable)
        expect((error as CalendarUnavailable).message).toMatch(says)
        expect((error as CalendarUnavailable).advice).toMatch(/^[A-Z].{20,}\.$/)
      }
      expect(await agreed()).toBe(0)
      // Nobody else gets it while nobody knows, however late; and it can be tried again, once.
      world.now += 600_000
      expect(await open(1).hold(slot!, 'call_b', 60)).toBeNull()
      expect(await open().confirm(held!.id, appointment)).toBe(true)
      expect(await agreed()).toBe(1)
      await expect(openBroken().release(held!.id)).rejects.toBeInstanceOf(CalendarUnavailable)
      await open().release(held!.id)
      expect(await agreed()).toBe(0)
    })
  })

  test('what its owner enters meanwhile wins: the slot is not offered, and a held one not confirmed', async () => {
    const [first, second] = await open().freeSlots(world.week(2))
    const held = await open().hold(first!, 'call_a', 60)
    await takeElsewhere(first!.startsAt, first!.endsAt)
    const before = await agreed()
    expect(await open().confirm(held!.id, appointment)).toBe(false)
    expect(await agreed()).toBe(before)
    const free = (await open(1).freeSlots(world.week())).map(({ id }) => id)
    expect(free).not.toContain(first!.id)
    expect(free[0]).toBe(second!.id)
  })
}
