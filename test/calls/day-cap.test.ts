import { expect, test } from 'vitest'
import { systemClock } from '../../runtime/clock.ts'
import { and, eq } from '../../runtime/db/drizzle.ts'
import { attempts, calls } from '../../runtime/db/schema.ts'
import { hasten } from '../harness/jobs.ts'
import { openWorkspace, startServer } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const CAP = 7
const LEADS = 30
/** Time-lapse. */
const WAITS = 30
const HOUR_MS = 3_600_000

test(`of ${LEADS} leads at once the day's ${CAP} dials ring, and the others wait for the next day`, async ({
  onTestFinished,
}) => {
  let ahead = 0
  const clock = { ...systemClock, now: () => systemClock.now() + ahead }
  const served = await startServer({ clock, chaos: { callee: { hangsUpAfterMs: 500 } } })
  onTestFinished(served.drop)
  const talkif = await openWorkspace(served)
  onTestFinished(talkif.inbox.close)
  await talkif.deploy('id: flow_once\nmatch: {source: form}\non: {no_answer: "retry(15m, max=1)"}')
  await talkif.configure({
    time_zone: 'Europe/Istanbul',
    caps: { attempts_per_day: CAP },
    sandbox: { pace: 30, waits: WAITS, clock: '11:00' },
  })
  const { db } = served.runtime
  const mine = eq(calls.workspaceId, talkif.workspaceId)
  const here = eq(attempts.workspaceId, talkif.workspaceId)
  const open = (status: 'queued' | 'held' | 'completed') => db.$count(calls, and(mine, eq(calls.status, status)))
  /** Until nobody is on the way to a phone: rung, and then talked to or held. */
  const quiet = () => until(async () => (await open('held')) + (await open('completed')) === LEADS)
  const phones = Array.from({ length: LEADS }, (_, i) => `+90532300${String(i).padStart(4, '0')}`)
  const lead = { source: 'form', flow_id: 'flow_once', consent: true } as const
  await Promise.all(phones.map((phone) => talkif.api.createLead({ ...lead, phone })))
  await quiet()
  expect(await db.$count(attempts, here)).toBe(CAP)
  expect(served.sandbox!.rang).toHaveLength(CAP)
  const held = await db
    .select()
    .from(calls)
    .where(and(mine, eq(calls.status, 'held')))
  expect(held).toHaveLength(LEADS - CAP)
  for (const call of held) {
    // It is 11:00 there; the workspace's next day begins in thirteen hours, and the person's hours nine hours later.
    expect(['workspace_cap', 'quiet_hours']).toContain(call.reason)
    expect(call.notBefore!.getTime() - call.createdAt.getTime()).toBe((22 * HOUR_MS) / WAITS)
  }

  // Woken too early, all at once, nobody is rung.
  await hasten(served, 'dial')
  await until(async () => (await waitingDials(served)) === LEADS - CAP)
  expect(await db.$count(attempts, here)).toBe(CAP)

  ahead = (24 * HOUR_MS) / WAITS
  await hasten(served, 'dial')
  await until(async () => (await open('completed')) === 2 * CAP && (await open('held')) === LEADS - 2 * CAP)
  expect(served.sandbox!.rang).toHaveLength(2 * CAP)
  expect(new Set(served.sandbox!.rang.map(({ to }) => to)).size).toBe(2 * CAP)
})

/** Dials that wait for a time to come. */
async function waitingDials({ runtime }: Awaited<ReturnType<typeof startServer>>): Promise<number> {
  const [row] = await runtime.sql`
    select count(*)::int as n from pgboss.job where name = 'dial' and state = 'created' and start_after > now()`
  return row!.n
}
