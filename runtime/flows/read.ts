import { completeFlow } from '../../flows/language/defaults.ts'
import type { FlowView } from '../../openapi/schemas/flow.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Db, Tx } from '../db/connect.ts'
import { and, desc, eq } from '../db/drizzle.ts'
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
    .select({ version: flows.version, retiredAt: flows.retiredAt })
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
  if (!head) throw new ProblemError('not_found', `There is no flow ${id} here.`, { param: 'id' })
  const current = versions.find((it) => it.version === head.version)
  return {
    id,
    version: head.version,
    change,
    retired_at: head.retiredAt?.toISOString() ?? null,
    definition:
      (current && completeFlow(current.definition)) ?? (await flowVersion(db, caller.workspaceId, id, head.version)),
    versions: versions.map(({ version, hash, createdAt, yaml }) => ({
      version,
      hash,
      created_at: createdAt.toISOString(),
      yaml,
    })),
  }
}

/** A committed version of a flow, as a call names it. */
interface FlowOfCall {
  workspaceId: string
  flowId: string
  flowVersion: number
}

const KEPT = 500

/** The definitions that calls began with. Versions are immutable: what was read once stays true; the least recently used go. */
export class FlowVersions {
  readonly #kept = new Map<string, Flow>()

  async of(db: Db | Tx, { workspaceId, flowId, flowVersion: version }: FlowOfCall): Promise<Flow> {
    const key = `${workspaceId} ${flowId} ${version}`
    const flow = this.#kept.get(key) ?? (await flowVersion(db, workspaceId, flowId, version))
    this.#kept.delete(key)
    this.#kept.set(key, flow)
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    return flow
  }
}

/** The definition of a version, from the database; whoever has a call asks `FlowVersions` for it. */
export async function flowVersion(db: Db | Tx, workspaceId: string, id: string, version: number): Promise<Flow> {
  const [row] = await db
    .select({ definition: flowVersions.definition })
    .from(flowVersions)
    .where(
      and(eq(flowVersions.workspaceId, workspaceId), eq(flowVersions.flowId, id), eq(flowVersions.version, version)),
    )
  if (!row) throw new Error(`there is no version ${version} of flow ${id}`)
  return completeFlow(row.definition)
}
