import { expect } from 'vitest'
import { eq } from '../../runtime/db/drizzle.ts'
import { calls, deliveries, events, leads } from '../../runtime/db/schema.ts'
import { openWorkspace, test } from '../harness/talkif.ts'

/** Numbers that nobody else in this file calls; held until tomorrow, so that nothing but the intake happens. */
const lead = (n: number) => ({
  source: 'web_form',
  intent: 'pricing',
  consent: true,
  phone: `+1202555${4000 + n}`,
  not_before: new Date(Date.now() + 86_400_000).toISOString(),
})

test('a rush of leads of two workspaces: each is written once, in its own workspace, with its own webhook', async ({
  served,
  talkif,
  onTestFinished,
}) => {
  const other = await openWorkspace(served)
  onTestFinished(other.inbox.close)
  await other.configure({ webhooks: [] })
  const mine = Array.from({ length: 60 }, (_, n) => talkif.api.createLead(lead(n)))
  const theirs = Array.from({ length: 60 }, (_, n) => other.api.createLead(lead(n)))
  const again = Array.from({ length: 60 }, (_, n) => talkif.api.createLead(lead(n % 10)))
  const [first, second, repeated] = await Promise.all([mine, theirs, again].map((all) => Promise.all(all)))
  const { db } = served.runtime
  for (const [workspace, receipts] of [
    [talkif, first!],
    [other, second!],
  ] as const) {
    const rows = await db.select().from(calls).where(eq(calls.workspaceId, workspace.workspaceId))
    expect(rows.map(({ id }) => id).toSorted()).toEqual(receipts.map(({ call_id }) => call_id).toSorted())
    expect(await db.$count(leads, eq(leads.workspaceId, workspace.workspaceId))).toBe(60)
    expect(await db.$count(events, eq(events.workspaceId, workspace.workspaceId))).toBe(60)
  }
  // Whoever came second is answered with the call that is there.
  const known = new Set(first!.map(({ call_id }) => call_id))
  expect(repeated!.filter(({ call_id }) => !known.has(call_id))).toEqual([])
  const told = await db
    .select({ workspaceId: events.workspaceId })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
  expect(told.filter((it) => it.workspaceId === talkif.workspaceId)).toHaveLength(60)
  expect(told.filter((it) => it.workspaceId === other.workspaceId)).toEqual([])
})

test('a lead that cannot be written keeps no other out', async ({ served, talkif }) => {
  const { db } = served.runtime
  await db.execute(`alter table leads add constraint refused check (phone <> '+12025554999') not valid`)
  const all = await Promise.allSettled(
    Array.from({ length: 40 }, (_, n) => talkif.api.createLead(n === 20 ? lead(999) : lead(100 + n))),
  )
  await db.execute('alter table leads drop constraint refused')
  expect(all.map(({ status }) => status)).toEqual(all.map((_, n) => (n === 20 ? 'rejected' : 'fulfilled')))
  expect(await db.$count(calls, eq(calls.workspaceId, talkif.workspaceId))).toBe(39)
})
