import fc from 'fast-check'
import { expect, test as plain } from 'vitest'
import { recordPlaced } from '../../runtime/calls/attempt.ts'
import { claimDials } from '../../runtime/calls/claim-dial.ts'
import { and, eq, inArray, isNotNull } from '../../runtime/db/drizzle.ts'
import { attempts, calls, events, history, leads } from '../../runtime/db/schema.ts'
import { together } from '../../runtime/together.ts'
import { test } from '../harness/talkif.ts'

plain('whoever goes together is answered alone: with the own answer, or with the own error', async () => {
  const rounds = fc.array(fc.array(fc.record({ n: fc.nat(), fails: fc.boolean() }), { maxLength: 80 }), {
    maxLength: 4,
  })
  await fc.assert(
    fc.asyncProperty(rounds, async (all) => {
      let running = 0
      const join = together(async (items: { n: number; fails: boolean }[]) => {
        running++
        expect(running).toBeLessThanOrEqual(2)
        expect(items.length).toBeLessThanOrEqual(50)
        await new Promise(setImmediate)
        running--
        for (const { n, fails } of items) if (fails) throw new Error(`not ${n}`)
        return items.map(({ n }) => n * 2)
      })
      const asked = all.map(async (items) => {
        await new Promise(setImmediate)
        return Promise.allSettled(items.map(join))
      })
      const answers = (await Promise.all(asked)).map((round) =>
        round.map((it) => (it.status === 'fulfilled' ? it.value : it.reason.message)),
      )
      expect(answers).toEqual(all.map((items) => items.map(({ n, fails }) => (fails ? `not ${n}` : n * 2))))
    }),
    { numRuns: 40 },
  )
})

plain('what is asked for in one turn goes together', async () => {
  const sizes: number[] = []
  const join = together(async (items: number[]) => {
    sizes.push(items.length)
    return items
  })
  await Promise.all(Array.from({ length: 60 }, (_, n) => join(n)))
  expect(sizes).toEqual([50, 10])
})

test('dials that are claimed together: each once, and one that cannot be keeps no other out', async ({
  served,
  talkif,
}) => {
  const { runtime } = served
  const { db } = runtime
  const at = new Date(Date.now() + 86_400_000).toISOString()
  const lead = { source: 'web_form', intent: 'pricing', consent: true, not_before: at } as const
  const ids = await Promise.all(
    [0, 1, 2, 3].map(async (n) => (await talkif.api.createLead({ ...lead, phone: `+120255541${n}0` })).call_id),
  )
  const [first, second, broken, early] = ids as [string, string, string, string]
  // Due now, though their jobs wait until tomorrow; the flow of one cannot be read.
  const due = db
    .select({ id: calls.leadId })
    .from(calls)
    .where(inArray(calls.id, [first, second, broken]))
  await db.update(leads).set({ notBefore: null }).where(inArray(leads.id, due))
  await db.update(calls).set({ flowVersion: 99 }).where(eq(calls.id, broken))

  const asked = [first, first, second, broken, early].map((callId) => runtime.together(claimDials, { callId }))
  const claims = await Promise.allSettled(asked)
  expect(claims.map((it) => (it.status === 'fulfilled' ? it.value?.call.id : String(it.reason)))).toEqual([
    first,
    undefined,
    second,
    expect.stringContaining('there is no version 99'),
    undefined,
  ])
  const written = await db.select().from(attempts).where(inArray(attempts.callId, ids))
  expect(written.map(({ callId }) => callId).toSorted()).toEqual([first, second].toSorted())
  const rows = await db.select().from(calls).where(inArray(calls.id, ids))
  const statusOf = (id: string) => rows.find((row) => row.id === id)?.status
  expect(ids.map(statusOf)).toEqual(['dialing', 'dialing', 'held', 'held'])

  // The carrier names both, one of them twice; and another call of the same attempt is nobody's.
  const attemptOf = (id: string) => written.find(({ callId }) => callId === id)!.id
  const { carrier } = runtime.networks.of(rows[0]!)
  const hungUp: string[] = []
  const watched = { ...carrier, hangUp: async (id: string) => void hungUp.push(id) }
  const [a, b] = [`CA${'a'.repeat(32)}`, `CA${'b'.repeat(32)}`]
  await Promise.all([
    recordPlaced(runtime, watched, attemptOf(first), a),
    recordPlaced(runtime, watched, attemptOf(first), a),
    recordPlaced(runtime, watched, attemptOf(first), 'CAother'),
    recordPlaced(runtime, watched, attemptOf(second), b),
    recordPlaced(runtime, watched, 'att_gone', 'CAgone'),
  ])
  expect(hungUp.toSorted()).toEqual(['CAgone', 'CAother'])
  const named = await db
    .select()
    .from(attempts)
    .where(and(inArray(attempts.callId, ids), isNotNull(attempts.carrierId)))
  expect(new Map(named.map(({ callId, carrierId }) => [callId, carrierId]))).toEqual(
    new Map([
      [first, a],
      [second, b],
    ]),
  )
  const placed = await db
    .select()
    .from(history)
    .where(and(inArray(history.callId, ids), eq(history.event, 'placed')))
  expect(placed.map(({ callId, detail }) => [callId, detail]).toSorted()).toEqual(
    [
      [first, { attempt: 1, carrierId: a }],
      [second, { attempt: 1, carrierId: b }],
    ].toSorted(),
  )
  const started = and(inArray(events.callId, ids), eq(events.type, 'call.started'))
  expect(await db.$count(events, started)).toBe(2)
})
