import { and, desc, eq } from 'drizzle-orm'
import type { FlowView } from '../../openapi/schemas/flow.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Db, Tx } from '../db/connect.ts'
import { flows, flowVersions } from '../db/schema.ts'
import type { Caller } from '../deps.ts'
import { ProblemError } from '../problem.ts'

/** A flow with its last 50 versions. @throws not_found. */
export async function readFlow(
  db: Db | Tx,
  caller: Caller,
  id: string,
  change: FlowView['change'] = null,
): Promise<FlowView> {
  const [head] = await db
    .select({ version: flows.version })
    .from(flows)
    .where(and(eq(flows.workspaceId, caller.workspaceId), eq(flows.id, id)))
  const versions = head
    ? await db
        .select()
        .from(flowVersions)
        .where(and(eq(flowVersions.workspaceId, caller.workspaceId), eq(flowVersions.flowId, id)))
        .orderBy(desc(flowVersions.version))
        .limit(50)
    : []
  if (!head) throw new ProblemError('not_found', `There is no flow ${id} here.`)
  const current = versions.find((it) => it.version === head.version)
  return {
    id,
    version: head.version,
    change,
    definition: current?.definition ?? (await flowVersion(db, caller.workspaceId, id, head.version)),
    versions: versions.map(({ version, hash, createdAt, yaml }) => ({
      version,
      hash,
      created_at: createdAt.toISOString(),
      yaml,
    })),
  }
}

/** The definition a call began with. */
export async function flowVersion(db: Db | Tx, workspaceId: string, id: string, version: number): Promise<Flow> {
  const [row] = await db
    .select({ definition: flowVersions.definition })
    .from(flowVersions)
    .where(
      and(eq(flowVersions.workspaceId, workspaceId), eq(flowVersions.flowId, id), eq(flowVersions.version, version)),
    )
  if (!row) throw new Error(`there is no version ${version} of flow ${id}`)
  return row.definition
}
