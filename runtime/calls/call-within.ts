import { eq } from 'drizzle-orm'
import type { Tx } from '../db/connect.ts'
import { leads } from '../db/schema.ts'
import { flowVersion } from '../flows/read.ts'
import type { CallRow } from './advance.ts'

/**
 * What the trace says of the first dial: how soon it was wanted (by the lead, else by its flow), and by how many milliseconds it
 * is late. Real time, as all of the trace. A target and no expiry: a guardrail that held the call has its own line.
 * @param at when the carrier took the call, epoch milliseconds.
 */
export async function callWithin(tx: Tx, call: CallRow, at: number): Promise<Record<string, number>> {
  const [[lead], flow] = await Promise.all([
    tx.select({ seconds: leads.callWithinSeconds }).from(leads).where(eq(leads.id, call.leadId)),
    flowVersion(tx, call.workspaceId, call.flowId, call.flowVersion),
  ])
  const seconds = lead?.seconds ?? flow.call.within_seconds
  const lateMs = at - call.createdAt.getTime() - seconds * 1000
  return { call_within_seconds: seconds, ...(lateMs > 0 ? { late_ms: lateMs } : {}) }
}
