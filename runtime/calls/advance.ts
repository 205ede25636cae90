import type { Tx } from '../db/connect.ts'
import { sql } from '../db/drizzle.ts'
import { anyOf, columnsOf, readRows, updateRows } from '../db/rows.ts'
import { calls, history } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { traceOf } from '../telemetry/spans.ts'
import { type CallEvent, isTerminal, lifecycle } from './lifecycle.ts'

export type CallRow = typeof calls.$inferSelect
/** What changes along with the status; the status itself belongs to the table in `lifecycle.ts`. */
export type CallChange = Partial<Omit<typeof calls.$inferInsert, 'id' | 'status' | 'openPhone' | 'updatedAt'>>

/** The channel on which processes hear that a call changed; the payload is its id. */
export const CALL_CHANNEL = 'talkif_call'

/** What happens to a call, what changes along with it, and what its history says of it. */
export interface Move {
  call: CallRow
  event: CallEvent
  change?: CallChange
  detail?: Record<string, unknown>
}

/** Reads a call and keeps it from changing until `tx` ends. Undefined when there is none. */
export async function lockCall(tx: Tx, callId: string): Promise<CallRow | undefined> {
  return (await lockCalls(tx, [callId]))[0]
}

/** In one order, two transactions that meet in two calls never wait for each other for ever. */
export async function lockCalls(tx: Tx, ids: string[]): Promise<CallRow[]> {
  const these = sql`select ${columnsOf(calls)} from ${calls} where id = ${anyOf(ids)} order by id for update`
  return readRows(calls, await tx.execute(these))
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
  return (await advanceAll(tx, deps, [{ call, event, change, detail }])).get(call.id)
}

/** The same for many calls, each once, in as many statements as for one; their changes name the same columns. */
export async function advanceAll(
  tx: Tx,
  deps: Pick<Deps, 'clock' | 'telemetry'>,
  moves: Move[],
): Promise<Map<string, CallRow>> {
  const at = new Date(deps.clock.now())
  const allowed = moves.flatMap((move) => {
    const to = lifecycle[move.call.status][move.event]
    if (!to) ignored(deps, move, at.getTime())
    return to ? [{ ...move, to }] : []
  })
  if (!allowed.length) return new Map()
  const changes = allowed.map(({ call, to, change }) => ({
    id: call.id,
    change: {
      ...{ notBefore: null, reason: null, ...change },
      ...{ status: to, updatedAt: at, openPhone: isTerminal(to) ? null : call.openPhone },
    },
  }))
  const steps = allowed.map(({ call, event, to, detail = {} }) => ({
    ...{ call_id: call.id, at, event, from_status: call.status, to_status: to, detail },
  }))
  const ids = allowed.map(({ call }) => call.id)
  const [rows] = await Promise.all([
    tx.execute(updateRows(calls, changes)),
    tx.execute(sql`insert into ${history} (call_id, at, event, from_status, to_status, detail)
      select call_id, at, event, from_status, to_status, detail
      from json_populate_recordset(null::${history}, ${JSON.stringify(steps)}::text::json)`),
    tx.execute(
      sql`select pg_notify(${CALL_CHANNEL}, id) from json_array_elements_text(${JSON.stringify(ids)}::text::json) as id`,
    ),
  ])
  return new Map(readRows(calls, rows).map((row) => [row.id, row]))
}

function ignored({ telemetry }: Pick<Deps, 'telemetry'>, { call, event }: Move, at: number): void {
  telemetry.span(traceOf(call), 'event.ignored', {
    startedAt: at,
    endedAt: at,
    status: 'ignored',
    attributes: { event, status: call.status },
  })
}
