import { completeFlow } from '../../flows/language/defaults.ts'
import { and, asc, eq, gt } from '../db/drizzle.ts'
import { flows, flowVersions } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { ProblemError } from '../problem.ts'

/** The flows of a workspace with their current versions, by id. @param after id of the last one of the page before. */
export async function listFlows(
  { db }: Pick<Deps, 'db'>,
  { workspaceId }: Caller,
  { limit, after }: { limit: number; after?: string | undefined },
) {
  const rows = await db
    .select({ flow: flows, hash: flowVersions.hash })
    .from(flows)
    .innerJoin(
      flowVersions,
      and(
        eq(flowVersions.workspaceId, flows.workspaceId),
        eq(flowVersions.flowId, flows.id),
        eq(flowVersions.version, flows.version),
      ),
    )
    .where(and(eq(flows.workspaceId, workspaceId), ...(after ? [gt(flows.id, after)] : [])))
    .orderBy(asc(flows.id))
    .limit(limit)
  return rows.map(({ flow, hash }) => ({
    id: flow.id,
    version: flow.version,
    hash,
    updated_at: (flow.updatedAt ?? flow.createdAt).toISOString(),
    retired_at: flow.retiredAt?.toISOString() ?? null,
  }))
}

/** One version of a flow, as it was sent and as it was understood. @throws not_found. */
export async function readVersion({ db }: Pick<Deps, 'db'>, { workspaceId }: Caller, id: string, version: number) {
  const [row] = await db
    .select()
    .from(flowVersions)
    .where(
      and(eq(flowVersions.workspaceId, workspaceId), eq(flowVersions.flowId, id), eq(flowVersions.version, version)),
    )
  if (!row) throw new ProblemError('not_found', `There is no version ${version} of ${id} here.`)
  return {
    id,
    version,
    hash: row.hash,
    created_at: row.createdAt.toISOString(),
    yaml: row.yaml,
    definition: completeFlow(row.definition),
  }
}
