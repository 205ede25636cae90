import type { Tx } from '../db/connect.ts'
import { and, asc, eq, inArray } from '../db/drizzle.ts'
import { calls, type Mode, optOuts } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { dropMessages } from './actions.ts'
import { lockCall } from './advance.ts'
import { finish } from './outcome.ts'

export interface OptOut {
  workspaceId: string
  mode: Mode
  /** E.164. */
  phone: string
  source: 'call' | 'keypress' | 'message' | 'import'
}

/**
 * Records that nobody at this number may be called or written to again, drops the messages that wait for it, and ends every call
 * that waits to ring it. May be repeated.
 */
export async function optOut(tx: Tx, deps: Deps, { workspaceId, mode, phone, source }: OptOut): Promise<void> {
  await tx
    .insert(optOuts)
    .values({ workspaceId, mode, phone, source, createdAt: new Date(deps.clock.now()) })
    .onConflictDoNothing()
  await dropMessages(tx, deps, { workspaceId, mode, phone })
  const waiting = await tx
    .select({ id: calls.id })
    .from(calls)
    .where(
      and(
        eq(calls.workspaceId, workspaceId),
        eq(calls.mode, mode),
        eq(calls.phone, phone),
        inArray(calls.status, ['queued', 'held', 'retry_scheduled']),
      ),
    )
    // As everybody locks calls, so that nobody waits for each other for ever.
    .orderBy(asc(calls.id))
  for (const { id } of waiting) {
    const call = await lockCall(tx, id)
    if (call) await finish(tx, deps, call, 'refused', { outcome: 'not_fit', reason: 'opted_out' })
  }
}
