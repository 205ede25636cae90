import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { calComCalendar } from '../../runtime/bookings/cal-com.ts'
import { localCalendar } from '../../runtime/bookings/local.ts'
import { settleBookings } from '../../runtime/bookings/settle.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { bookings } from '../../runtime/db/schema.ts'
import { type Process, start } from '../harness/processes.ts'
import { until } from '../harness/until.ts'
import { EVENT_TYPE } from './cal-com-host.ts'
import { API_KEY, type CalComServer, startCalCom } from './cal-com-server.ts'
import { appointment, openWorld, settings } from './contract.ts'

const world = openWorld()
let server: CalComServer

beforeAll(async () => {
  server = await startCalCom(() => world.now)
})
afterAll(async () => {
  expect(server.violations).toEqual([])
  await server.close()
})

const account = () => ({ eventTypeId: EVENT_TYPE, apiKey: API_KEY, url: server.url })
const live = { workspaceId: 'ws_one', mode: 'live', settings } as const
const embedded = { workspaceId: 'ws_one', mode: 'test', settings } as const
const calCom = () => calComCalendar({ ...world.options(1), ...live, calCom: account() })
const local = () => localCalendar({ ...world.options(1), ...embedded })

async function held(calendar: ReturnType<typeof local>): Promise<string> {
  const [slot] = await calendar.freeSlots(world.week(1))
  return (await calendar.hold(slot!, 'call_a', 60))!.id
}

/** Confirms in a process of its own, and kills that once `reached`. */
async function killConfirming(given: object, bookingId: string, reached: () => Promise<unknown>): Promise<void> {
  const coming = reached()
  const argument = { databaseUrl: world.databaseUrl, now: world.now, bookingId, appointment, ...given }
  const confirming: Process = await start('test/bookings/confirm-process.ts', argument)
  try {
    await coming
  } finally {
    await confirming.kill()
  }
}

const row = async (id: string) => (await world.pools[1]!.db.select().from(bookings).where(eq(bookings.id, id)))[0]!

/** What the end of the call makes of it, where nothing was written on the call: what is kept, and what a job is to undo. */
async function settled() {
  const undone: unknown[] = []
  const send = async (_: unknown, name: string, data: object) => void undone.push({ name, ...data })
  const kept = await world.pools[1]!.db.transaction((tx) => settleBookings(tx, { send } as never, 'call_a', null))
  return { kept: kept?.id, undone }
}

const agreed = () => [...server.bookings.values()].filter(({ status }) => status === 'accepted')

describe.each([
  ['before Cal.com booked', 'before', 0],
  ['after Cal.com booked, before its answer', 'after', 1],
] as const)('a process killed between `confirming` and `confirmed`, %s', (_, at, made) => {
  async function killed() {
    server.reset()
    const id = await held(calCom())
    await killConfirming({ ...live, calCom: account() }, id, () => server.hang('POST /v2/bookings', at))
    expect(await row(id)).toMatchObject({ status: 'confirming', remoteId: null, confirmedAt: null })
    expect(agreed()).toHaveLength(made)
    return id
  }

  test('leaves one appointment when it is confirmed again', async () => {
    const id = await killed()
    expect(await calCom().confirm(id, appointment)).toBe(true)
    expect(server.bookings.size).toBe(1)
    expect(await row(id)).toMatchObject({ status: 'confirmed', remoteId: agreed()[0]!.uid })
  })

  test('leaves none when the call ends: a job takes it back, and nobody gets the time before', async () => {
    const id = await killed()
    const [slot] = await calCom().freeSlots(world.week(1))
    expect(slot!.startsAt.getTime()).toBeGreaterThan((await row(id)).slotAt.getTime())
    expect(await settled()).toEqual({ kept: undefined, undone: [{ name: 'unbook', bookingId: id }] })
    // The job may run twice.
    for (const _ of [1, 2]) await calCom().release(id)
    expect(agreed()).toEqual([])
    expect(await row(id)).toMatchObject({ status: 'released' })
    expect((await calCom().freeSlots(world.week(1)))[0]!.startsAt).toEqual((await row(id)).slotAt)
  })
})

test('a process killed while it confirms in the embedded calendar: the end of the call finds the appointment', async () => {
  const id = await held(local())
  const [{ sql }] = world.pools as [(typeof world.pools)[0]]
  // Its commit waits: it has asked for everything then, and nobody hears of the end.
  await sql`
    create function wait_at_commit() returns trigger language plpgsql
    as $$ begin perform pg_advisory_xact_lock(1); return null; end $$`
  await sql`
    create constraint trigger waits after update on bookings deferrable initially deferred
    for each row execute function wait_at_commit()`
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(1)`
    // Of this database alone: others on the same server wait too.
    const waits = () => sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await killConfirming(embedded, id, () => until(async () => (await waits())[0]))
    expect(await row(id)).toMatchObject({ status: 'held' })
  })
  // What it had asked of the database is done, though nobody hears of it.
  await until(async () => (await row(id)).status === 'confirmed')
  expect(await settled()).toEqual({ kept: id, undone: [] })
})
