import { completeFlow } from '../../flows/language/defaults.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Db, Tx } from '../db/connect.ts'
import { and, asc, eq, isNull } from '../db/drizzle.ts'
import { flows, flowVersions } from '../db/schema.ts'

/** A flow in the version that new leads get. */
export interface Head {
  id: string
  version: number
  hash: string
  definition: Flow
}

/** Every flow of a workspace that is in force, by id. */
export async function readHeads(db: Db | Tx, workspaceId: string): Promise<Head[]> {
  const rows = await db
    .select({
      id: flows.id,
      version: flows.version,
      hash: flowVersions.hash,
      definition: flowVersions.definition,
    })
    .from(flows)
    .innerJoin(
      flowVersions,
      and(
        eq(flowVersions.workspaceId, flows.workspaceId),
        eq(flowVersions.flowId, flows.id),
        eq(flowVersions.version, flows.version),
      ),
    )
    .where(and(eq(flows.workspaceId, workspaceId), isNull(flows.retiredAt)))
    .orderBy(asc(flows.id))
  return rows.map((row) => ({ ...row, definition: completeFlow(row.definition) }))
}
