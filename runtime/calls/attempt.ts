import type { AttemptResult } from '../../openapi/schemas/call.ts'
import type { Carrier } from '../carrier/port.ts'
import type { Tx } from '../db/connect.ts'
import { eq, sql } from '../db/drizzle.ts'
import { anyOf, columnsOf, joinedColumnsOf, readJoined, readRows, updateRow, updateRows } from '../db/rows.ts'
import { attempts, calls } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { MILESTONE, traceOf } from '../telemetry/spans.ts'
import { announceAll } from '../webhooks/announce.ts'
import { advance, advanceAll, type CallRow } from './advance.ts'
import { callsWithin } from './call-within.ts'

export type AttemptRow = typeof attempts.$inferSelect

export interface AttemptOnCall {
  attempt: AttemptRow
  call: CallRow
}

/** An attempt with its call, locked; undefined when there is none (any more). */
export async function lockAttempt(tx: Tx, attemptId: string): Promise<AttemptOnCall | undefined> {
  return (await lockAttempts(tx, [attemptId])).get(attemptId)
}

async function lockAttempts(tx: Tx, ids: string[]): Promise<Map<string, AttemptOnCall>> {
  const these = anyOf(ids)
  const callIds = sql`any(array(select call_id from ${attempts} where id = ${these}))`
  // Sent together, run in this order: the attempts are read under the locks, for what was seen before may be over.
  const [locked, found] = await Promise.all([
    tx.execute(sql`select ${columnsOf(calls)} from ${calls} where id = ${callIds} order by id for update`),
    tx.execute(sql`select ${columnsOf(attempts)} from ${attempts} where id = ${these}`),
  ])
  const byId = new Map(readRows(calls, locked).map((call) => [call.id, call]))
  return new Map(
    readRows(attempts, found).flatMap((attempt) => {
      const call = byId.get(attempt.callId)
      return call ? [[attempt.id, { attempt, call }]] : []
    }),
  )
}

/** True while the attempt is the one its call is living through. */
export const isCurrent = ({ attempt, call }: AttemptOnCall): boolean =>
  attempt.endedAt === null &&
  attempt.attempt === call.attemptsMade &&
  (call.status === 'dialing' || call.status === 'in_progress')

/** A call that the carrier has named, on the attempt it was asked for. */
interface Placed {
  attemptId: string
  carrierId: string
}

/** The carrier has named the call: heard from its answer, from a callback that overtook it, or from its list after a crash. */
export async function recordPlaced(deps: Deps, carrier: Carrier, attemptId: string, carrierId: string): Promise<void> {
  const isOrphan = await deps.together(recordAllPlaced, { attemptId, carrierId })
  // The attempt was given up meanwhile, and another may be ringing the same person.
  if (isOrphan) await carrier.hangUp(carrierId)
}

/** @returns of each whether it is an orphan. */
async function recordAllPlaced(deps: Deps, placed: Placed[]): Promise<boolean[]> {
  return deps.db.transaction(async (tx) => {
    const found = await lockAttempts(
      tx,
      placed.map(({ attemptId }) => attemptId),
    )
    const named = new Map<string, AttemptOnCall & Placed>()
    const orphans = placed.map(({ attemptId, carrierId }) => {
      const here = found.get(attemptId)
      const known = here?.attempt.carrierId ?? named.get(attemptId)?.carrierId
      if (known === carrierId) return false
      if (!here || known || !isCurrent(here)) return true
      named.set(attemptId, { ...here, attemptId, carrierId })
      return false
    })
    if (named.size) await placedIn(tx, deps, [...named.values()])
    return orphans
  })
}

/** Attempts that were locked in `tx` and have no name at the carrier yet, each once. */
export async function placedIn(tx: Tx, deps: Deps, placed: (AttemptOnCall & { carrierId: string })[]): Promise<void> {
  const endedAt = deps.clock.now()
  const change = ({ attempt, carrierId }: (typeof placed)[number]) => ({ id: attempt.id, change: { carrierId } })
  const [within] = await Promise.all([
    callsWithin(
      tx,
      deps,
      placed.filter(({ attempt }) => attempt.attempt === 1).map(({ call }) => call),
      endedAt,
    ),
    tx.execute(updateRows(attempts, placed.map(change))),
    advanceAll(
      tx,
      deps,
      placed
        .filter(({ call }) => call.status === 'dialing')
        .map(({ attempt: { attempt }, call, carrierId }) => ({
          call,
          event: 'placed',
          detail: { attempt, carrierId },
        })),
    ),
    announceAll(
      tx,
      deps,
      placed.map(({ attempt: { attempt }, call, carrierId }) => ({
        ...{ type: 'call.started', call, fields: { attempt, provider_call_sid: carrierId } },
      })),
    ),
  ])
  for (const { attempt, call, carrierId } of placed) {
    deps.telemetry.span({ traceId: call.traceId, parentSpanId: attempt.spanId }, 'dial.start', {
      startedAt: attempt.askedAt.getTime(),
      endedAt,
      attributes: {
        ...{ [MILESTONE]: true, attempt: attempt.attempt, provider_call_sid: carrierId },
        ...within.get(call.id),
      },
    })
  }
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

/** It is certain that nobody was rung: the attempt never was, and the call waits for its next turn, by `reason` if it has one. */
export async function unplace(
  deps: Deps,
  attemptId: string,
  why: string,
  { delayMs, reason = null }: { delayMs: number; reason?: string | null },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (!found || found.attempt.carrierId || !isCurrent(found)) return
    const { call, attempt } = found
    // Its number is free again for the next attempt; a process that still holds this one finds its row gone.
    await tx.delete(attempts).where(eq(attempts.id, attemptId))
    const first = attempt.attempt === 1 ? { firstDialAt: null } : {}
    await advance(tx, deps, call, 'not_placed', { attemptsMade: attempt.attempt - 1, reason, ...first }, { why })
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

/** An attempt with its call, without a lock. */
export const callOfAttempt = (deps: Pick<Deps, 'together'>, attemptId: string): Promise<AttemptOnCall | undefined> =>
  deps.together(callsOfAttempts, attemptId)

async function callsOfAttempts({ db }: Deps, ids: string[]): Promise<(AttemptOnCall | undefined)[]> {
  const rows = await db.execute(sql`
    select ${joinedColumnsOf(attempts)}, ${joinedColumnsOf(calls)}
    from ${attempts} join ${calls} on ${calls.id} = ${attempts.callId} where ${attempts.id} = ${anyOf(ids)}`)
  const found = rows.map((row) => ({ attempt: readJoined(attempts, row), call: readJoined(calls, row) }))
  const byId = new Map(found.map((it) => [it.attempt.id, it]))
  return ids.map((id) => byId.get(id))
}
