import type { Tx } from '../db/connect.ts'
import { sql } from '../db/drizzle.ts'
import { anyOf } from '../db/rows.ts'
import { leads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import type { CallRow } from './advance.ts'

/**
 * What the traces of calls say of their first dials, by call: how soon each was wanted (by the lead, else by its flow), and by how
 * many milliseconds it is late. Real time, as all of a trace. A target and no expiry: a guardrail that held a call has its own line.
 * @param at when the carrier took the calls, epoch milliseconds.
 */
export async function callsWithin(
  tx: Tx,
  deps: Pick<Deps, 'flowVersions'>,
  calls: CallRow[],
  at: number,
): Promise<Map<string, Record<string, number>>> {
  if (!calls.length) return new Map()
  const ids = calls.map(({ leadId }) => leadId)
  const found = await tx
    .select({ id: leads.id, seconds: leads.callWithinSeconds })
    .from(leads)
    .where(sql`${leads.id} = ${anyOf(ids)}`)
  const wanted = new Map(found.map(({ id, seconds }) => [id, seconds]))
  const within = calls.map(async (call) => {
    const seconds = wanted.get(call.leadId) ?? (await deps.flowVersions.of(tx, call)).call.within_seconds
    const lateMs = at - call.createdAt.getTime() - seconds * 1000
    return [call.id, { call_within_seconds: seconds, ...(lateMs > 0 ? { late_ms: lateMs } : {}) }] as const
  })
  return new Map(await Promise.all(within))
}
