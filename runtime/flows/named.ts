import { isText } from '../../openapi/faults.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { Db } from '../db/connect.ts'
import { and, eq, inArray, isNull } from '../db/drizzle.ts'
import { flows } from '../db/schema.ts'

export const noSuchFlow = (id: string): FieldFault => ({
  pointer: '/flow_id',
  code: 'no_flow_matches',
  detail: `There is no flow ${id} in this workspace.`,
})

/**
 * For each lead the fault of naming a flow that the workspace does not have. Asked of leads that are refused anyway, so that they
 * are told everything at once; routing tells the others.
 */
export async function namedFlowFaults(db: Db, workspaceId: string, leads: unknown[]): Promise<FieldFault[][]> {
  const named = leads.map((lead) => (lead as { flow_id?: unknown } | null)?.flow_id)
  const ids = [...new Set(named)].filter((id): id is string => typeof id === 'string' && isText(id))
  if (ids.length === 0) return leads.map(() => [])
  const found = await db
    .select({ id: flows.id })
    .from(flows)
    .where(and(eq(flows.workspaceId, workspaceId), inArray(flows.id, ids), isNull(flows.retiredAt)))
  const unknown = ids.filter((id) => !found.some((flow) => flow.id === id))
  return named.map((id) => (unknown.includes(id as string) ? [noSuchFlow(id as string)] : []))
}
