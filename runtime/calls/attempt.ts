import { eq, sql } from 'drizzle-orm'
import type { AttemptResult } from '../../openapi/schemas/call.ts'
import type { Carrier } from '../carrier/port.ts'
import type { Db, Tx } from '../db/connect.ts'
import { columnsOf, readRows, updateRow } from '../db/rows.ts'
import { attempts, calls } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { MILESTONE, traceOf } from '../telemetry/spans.ts'
import { announce } from '../webhooks/announce.ts'
import { advance, type CallRow } from './advance.ts'
import { callWithin } from './call-within.ts'

export type AttemptRow = typeof attempts.$inferSelect

export interface AttemptOnCall {
  attempt: AttemptRow
  call: CallRow
}

/** An attempt with its call, locked; undefined when there is none (any more). */
export async function lockAttempt(tx: Tx, attemptId: string): Promise<AttemptOnCall | undefined> {
  const callId = sql`(select call_id from ${attempts} where id = ${attemptId})`
  // Sent together, run in this order: the attempt is read under the lock, for what was seen before it may be over.
  const [locked, found] = await Promise.all([
    tx.execute(sql`select ${columnsOf(calls)} from ${calls} where id = ${callId} for update`),
    tx.execute(sql`select ${columnsOf(attempts)} from ${attempts} where id = ${attemptId}`),
  ])
  const [call] = readRows(calls, locked)
  const [attempt] = readRows(attempts, found)
  return call && attempt && { attempt, call }
}

/** True while the attempt is the one its call is living through. */
export const isCurrent = ({ attempt, call }: AttemptOnCall): boolean =>
  attempt.endedAt === null &&
  attempt.attempt === call.attemptsMade &&
  (call.status === 'dialing' || call.status === 'in_progress')

/** The carrier has named the call: heard from its answer, from a callback that overtook it, or from its list after a crash. */
export async function recordPlaced(deps: Deps, carrier: Carrier, attemptId: string, carrierId: string): Promise<void> {
  const orphan = await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (found?.attempt.carrierId === carrierId) return false
    if (!found || found.attempt.carrierId || !isCurrent(found)) return true
    await placedIn(tx, deps, found, carrierId)
    return false
  })
  // The attempt was given up meanwhile, and another may be ringing the same person.
  if (orphan) await carrier.hangUp(carrierId)
}

export async function placedIn(tx: Tx, deps: Deps, { attempt, call }: AttemptOnCall, carrierId: string): Promise<void> {
  await tx.update(attempts).set({ carrierId }).where(eq(attempts.id, attempt.id))
  if (call.status === 'dialing') await advance(tx, deps, call, 'placed', {}, { attempt: attempt.attempt, carrierId })
  const fields = { attempt: attempt.attempt, provider_call_sid: carrierId }
  await announce(tx, deps, { type: 'call.started', call, fields })
  const endedAt = deps.clock.now()
  const within = attempt.attempt === 1 ? await callWithin(tx, call, endedAt) : {}
  deps.telemetry.span({ traceId: call.traceId, parentSpanId: attempt.spanId }, 'dial.start', {
    startedAt: attempt.askedAt.getTime(),
    endedAt,
    attributes: { [MILESTONE]: true, attempt: attempt.attempt, provider_call_sid: carrierId, ...within },
  })
}

/**
 * Marks an attempt as over, frees its number, and writes its span. Call it with the call locked.
 * @returns false when the attempt had ended already, and nothing may follow from it.
 */
export async function endAttempt(
  tx: Tx,
  deps: Deps,
  call: CallRow,
  attemptId: string,
  end: { result: AttemptResult; errorCode?: string | null },
): Promise<boolean> {
  const endedAt = new Date(deps.clock.now())
  const { result, errorCode = null } = end
  const update = updateRow(attempts, attemptId, { endedAt, lockKey: null, result, errorCode }, 'ended_at is null')
  const [row] = readRows(attempts, await tx.execute(update))
  if (!row) return false
  deps.telemetry.span(traceOf(call), 'attempt', {
    startedAt: row.askedAt.getTime(),
    endedAt: endedAt.getTime(),
    status: end.result,
    spanId: row.spanId,
    attributes: { attempt: row.attempt, ...(end.errorCode ? { error_code: end.errorCode } : {}) },
  })
  return true
}

/** It is certain that nobody was rung: the attempt never was, and the call waits for its next turn. */
export async function unplace(deps: Deps, attemptId: string, why: string, delayMs: number): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (!found || found.attempt.carrierId || !isCurrent(found)) return
    const { call, attempt } = found
    // Its number is free again for the next attempt; a process that still holds this one finds its row gone.
    await tx.delete(attempts).where(eq(attempts.id, attemptId))
    const first = attempt.attempt === 1 ? { firstDialAt: null } : {}
    await advance(tx, deps, call, 'not_placed', { attemptsMade: attempt.attempt - 1, ...first }, { why })
    await deps.send(tx, 'dial', { callId: call.id }, { delayMs, priority: call.priority })
    deps.telemetry.span(traceOf(call), 'dial.not_placed', {
      startedAt: attempt.askedAt.getTime(),
      endedAt: deps.clock.now(),
      status: 'retried',
      spanId: attempt.spanId,
      attributes: { attempt: attempt.attempt, why },
    })
  })
}

/** The calls row of an attempt, without a lock. */
export async function callOfAttempt(deps: Pick<Deps, 'db'>, attemptId: string): Promise<AttemptOnCall | undefined> {
  const query = callQueries.get(deps.db) ?? callQuery(deps.db)
  callQueries.set(deps.db, query)
  const [row] = await query.execute({ attemptId })
  return row
}

/** Written once for a pool: every callback asks it. */
const callQueries = new WeakMap<Db, ReturnType<typeof callQuery>>()

const callQuery = (db: Db) =>
  db
    .select({ attempt: attempts, call: calls })
    .from(attempts)
    .innerJoin(calls, eq(calls.id, attempts.callId))
    .where(eq(attempts.id, sql.placeholder('attemptId')))
    .prepare('call_of_attempt')
