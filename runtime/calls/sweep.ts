import { leftBookings, sendUnbook } from '../bookings/settle.ts'
import { and, asc, desc, inArray, isNull, lt, or } from '../db/drizzle.ts'
import { attempts, calls, idempotency, transfers } from '../db/schema.ts'
import type { Deps } from '../deps.ts'

const OVERDUE_MS = 120_000
const DAY_MS = 86_400_000

/**
 * Once a minute: the safety net below the jobs. A call that should have been dialed two minutes ago, or an attempt or an
 * appointment nobody looks after, gets its job again. One that waits already is not sent twice.
 */
export async function sweep(deps: Deps): Promise<void> {
  const before = new Date(deps.clock.now() - OVERDUE_MS)
  const [overdue, unattended, open, left] = await Promise.all([
    deps.db
      .select({ id: calls.id, priority: calls.priority })
      .from(calls)
      .where(
        and(
          inArray(calls.status, ['queued', 'held', 'retry_scheduled']),
          lt(calls.updatedAt, before),
          or(isNull(calls.notBefore), lt(calls.notBefore, before)),
        ),
      )
      .orderBy(desc(calls.priority), asc(calls.updatedAt))
      .limit(200),
    deps.db
      .select({ id: attempts.id })
      .from(attempts)
      .where(and(isNull(attempts.endedAt), lt(attempts.deadlineAt, before)))
      .limit(200),
    deps.db
      .select({ id: transfers.id })
      .from(transfers)
      .where(and(isNull(transfers.endedAt), lt(transfers.startedAt, before)))
      .limit(200),
    leftBookings(deps),
  ])
  await deps.db.transaction(async (tx) => {
    for (const call of overdue) await deps.send(tx, 'dial', { callId: call.id }, { priority: call.priority })
    for (const attempt of unattended) await deps.send(tx, 'reconcile', { attemptId: attempt.id })
    for (const { id } of open) await deps.send(tx, 'transfer', { transferId: id })
    for (const { id } of left) await sendUnbook(tx, deps, id)
    // Answers of requests are kept for a day.
    await tx.delete(idempotency).where(lt(idempotency.createdAt, new Date(deps.clock.now() - DAY_MS)))
  })
}
