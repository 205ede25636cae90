import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Served } from '../../cli/serve.ts'
import { OUTCOMES } from '../../openapi/schemas/flow-document.ts'
import { advance, lockCall } from '../../runtime/calls/advance.ts'
import { type CallEvent, isTerminal, lifecycle } from '../../runtime/calls/lifecycle.ts'
import { finish, miss } from '../../runtime/calls/outcome.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { calls, events, history } from '../../runtime/db/schema.ts'
import { newId } from '../../runtime/ids.ts'
import { people, test, type Workspace } from '../harness/talkif.ts'

type Status = keyof typeof lifecycle
const statuses = Object.keys(lifecycle) as Status[]
const names = [...new Set(statuses.flatMap((status) => Object.keys(lifecycle[status])))] as CallEvent[]

describe('the table', () => {
  test('leads from every status to an end, and from an end nowhere', () => {
    for (const status of statuses) {
      const exits = Object.values(lifecycle[status])
      expect(exits.every((to) => statuses.includes(to))).toBe(true)
      expect(exits.length === 0).toBe(isTerminal(status))
      const seen = new Set<Status>([status])
      for (const at of seen) for (const to of Object.values(lifecycle[at])) seen.add(to)
      expect([...seen].some(isTerminal)).toBe(true)
    }
  })

  test('never lets a call that was dialed be cancelled, nor an unanswered one be talked to', () => {
    for (const status of ['dialing', 'in_progress', 'retry_scheduled', 'completed'] as const) {
      expect(lifecycle[status]).not.toHaveProperty('cancelled')
    }
    const answered = statuses.filter((status) => 'answered' in lifecycle[status])
    expect(answered).toEqual(['dialing'])
  })
})

/** A call as intake writes it, which no job knows of. */
async function freshCall(served: Served, { api, configure }: Workspace, copyOf: { id?: string }) {
  const { db } = served.runtime
  if (!copyOf.id) {
    // A retry is a quarter of an hour away, so that no job meddles.
    await configure({ sandbox: { pace: 1, waits: 1 } })
    const lead = { source: 'web_form', intent: 'pricing', consent: true } as const
    const notBefore = new Date(Date.now() + 24 * 3_600_000).toISOString()
    copyOf.id = (await api.createLead({ ...lead, phone: people.books, not_before: notBefore })).call_id
  }
  const [row] = await db.select().from(calls).where(eq(calls.id, copyOf.id))
  const id = newId('call')
  await db.insert(calls).values({ ...row!, id, status: 'queued', notBefore: null, reason: null, openPhone: id })
  return id
}

describe('whatever happens to a call, in whatever order', () => {
  test('it follows the table, and has at most one outcome', async ({ served, talkif }) => {
    const { db } = served.runtime
    const copyOf = {}
    const step = fc.oneof(
      fc.constantFrom(...names).map((event) => ({ kind: 'advance' as const, event })),
      fc.constantFrom(...OUTCOMES).map((outcome) => ({ kind: 'finish' as const, outcome })),
      fc.constant({ kind: 'miss' as const }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const id = await freshCall(served, talkif, copyOf)
        let status: Status = 'queued'
        const path: string[] = []
        for (const it of steps) {
          const before: Status = status
          await db.transaction(async (tx) => {
            const call = (await lockCall(tx, id))!
            if (it.kind === 'finish')
              await finish(tx, served.runtime, call, 'decided', { outcome: it.outcome, reason: null })
            else if (it.kind === 'miss') await miss(tx, served.runtime, call, 'busy')
            else {
              const change = it.event === 'dialed' ? { attemptsMade: call.attemptsMade + 1 } : {}
              const moved = await advance(tx, served.runtime, call, it.event, change)
              expect(moved?.status).toBe(lifecycle[before][it.event])
            }
          })
          const [row] = await db.select().from(calls).where(eq(calls.id, id))
          status = row!.status
          if (status !== before) path.push(`${before} ${status}`)
          // Every change is one of the table's, and the number is free if and only if the call is over.
          expect(before === status || Object.values(lifecycle[before]).includes(status)).toBe(true)
          expect(row!.openPhone === null).toBe(isTerminal(status))
        }
        const told = await db.select().from(history).where(eq(history.callId, id)).orderBy(history.seq)
        told.forEach(({ from, to, event }, index) => {
          expect(from).toBe(told[index - 1]?.to ?? 'queued')
          expect(lifecycle[from as Status][event as CallEvent]).toBe(to)
        })
        expect(told.filter(({ from, to }) => from !== to).map(({ from, to }) => `${from} ${to}`)).toEqual(path)
        const outcomes = (await db.select().from(events).where(eq(events.callId, id))).filter(
          ({ payload }) => payload.retry == null,
        )
        expect(outcomes.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 120 },
    )
  })

  test('twenty who would end it at once leave one outcome and one event', async ({ served, talkif }) => {
    const { db } = served.runtime
    const id = await freshCall(served, talkif, {})
    await db.transaction(async (tx) => {
      await advance(tx, served.runtime, (await lockCall(tx, id))!, 'dialed', { attemptsMade: 3 })
    })
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        db.transaction(async (tx) => {
          const call = (await lockCall(tx, id))!
          const outcome = OUTCOMES[index % OUTCOMES.length]!
          if (index % 4 === 0) await miss(tx, served.runtime, call, 'busy')
          else await finish(tx, served.runtime, call, 'decided', { outcome, reason: null })
        }),
      ),
    )
    const [row] = await db.select().from(calls).where(eq(calls.id, id))
    const written = await db.select().from(events).where(eq(events.callId, id))
    expect(written.map(({ type }) => type)).toEqual([`outcome.${row!.outcome}`])
    expect(await db.$count(history, eq(history.callId, id))).toBe(2)
  })
})
