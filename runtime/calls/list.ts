import type { Outcome } from '../../openapi/schemas/call.ts'
import type { CallStatus } from '../../openapi/schemas/lead.ts'
import { and, desc, eq, lt } from '../db/drizzle.ts'
import { calls } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'

export interface CallFilter {
  status?: CallStatus | undefined
  outcome?: Outcome | undefined
  flowId?: string | undefined
  /** E.164. */
  phone?: string | undefined
}

export type CallSummary = Awaited<ReturnType<typeof listCalls>>[number]

/** Calls of the caller's workspace and mode, newest first. @param after id of the last one of the page before. */
export async function listCalls(
  { db }: Pick<Deps, 'db'>,
  caller: Caller,
  { status, outcome, flowId, phone }: CallFilter,
  { limit, after }: { limit: number; after?: string | undefined },
) {
  const rows = await db
    .select()
    .from(calls)
    .where(
      and(
        eq(calls.workspaceId, caller.workspaceId),
        eq(calls.mode, caller.mode),
        ...(status ? [eq(calls.status, status)] : []),
        ...(outcome ? [eq(calls.outcome, outcome)] : []),
        ...(flowId ? [eq(calls.flowId, flowId)] : []),
        ...(phone ? [eq(calls.phone, phone)] : []),
        ...(after ? [lt(calls.id, after)] : []),
      ),
    )
    .orderBy(desc(calls.id))
    .limit(limit)
  return rows.map((row) => ({
    id: row.id,
    status: row.status,
    outcome: row.outcome,
    reason: row.reason,
    test: row.mode === 'test',
    phone: row.phone,
    lead_id: row.leadId,
    flow_id: row.flowId,
    flow_version: row.flowVersion,
    attempts: row.attemptsMade,
    not_before: row.notBefore?.toISOString() ?? null,
    booking: row.booking,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  }))
}
