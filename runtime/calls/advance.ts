import { sql } from 'drizzle-orm'
import type { Tx } from '../db/connect.ts'
import { columnsOf, readRows, updateRow } from '../db/rows.ts'
import { calls, history } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { traceOf } from '../telemetry/spans.ts'
import { type CallEvent, isTerminal, lifecycle } from './lifecycle.ts'

export type CallRow = typeof calls.$inferSelect
/** What changes along with the status; the status itself belongs to the table in `lifecycle.ts`. */
export type CallChange = Partial<Omit<typeof calls.$inferInsert, 'id' | 'status' | 'openPhone' | 'updatedAt'>>

/** The channel on which processes hear that a call changed; the payload is its id. */
export const CALL_CHANNEL = 'talkif_call'

/** Reads a call and keeps it from changing until `tx` ends. Undefined when there is none. */
export async function lockCall(tx: Tx, callId: string): Promise<CallRow | undefined> {
  const found = await tx.execute(sql`select ${columnsOf(calls)} from ${calls} where id = ${callId} for update`)
  return readRows(calls, found)[0]
}

/**
 * The only place where a call changes its status. Row and history move in the caller's transaction, in which it also announces
 * the event and sends the jobs that follow. `call` must be locked by `lockCall` in the same transaction.
 * @returns the call as it is now, or undefined when the lifecycle does not allow `event` in its status: nothing was written
 * but a line in the trace, and the caller stops.
 */
export async function advance(
  tx: Tx,
  deps: Pick<Deps, 'clock' | 'telemetry'>,
  call: CallRow,
  event: CallEvent,
  change: CallChange = {},
  detail: Record<string, unknown> = {},
): Promise<CallRow | undefined> {
  const to = lifecycle[call.status][event]
  const at = new Date(deps.clock.now())
  if (!to) {
    deps.telemetry.span(traceOf(call), 'event.ignored', {
      startedAt: at.getTime(),
      endedAt: at.getTime(),
      status: 'ignored',
      attributes: { event, status: call.status },
    })
    return undefined
  }
  const terminal = isTerminal(to)
  const status = { status: to, updatedAt: at, ...(terminal ? { openPhone: null } : {}) }
  const [rows] = await Promise.all([
    tx.execute(updateRow(calls, call.id, { notBefore: null, reason: null, ...change, ...status })),
    tx.insert(history).values({ callId: call.id, at, event, from: call.status, to, detail }),
    tx.execute(sql`select pg_notify(${CALL_CHANNEL}, ${call.id})`),
  ])
  return readRows(calls, rows)[0]
}
