import { contentHash } from '../../flows/language/hash.ts'
import { parseFlow } from '../../flows/language/parse.ts'
import type { FlowView } from '../../openapi/schemas/flow.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Tx } from '../db/connect.ts'
import { and, desc, eq } from '../db/drizzle.ts'
import { flows, flowVersions } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { flowInvalid, misfits } from './faults.ts'
import { readHeads } from './heads.ts'
import { workspaceNames } from './names.ts'
import { readFlow } from './read.ts'

/**
 * Stores a flow. Versions are immutable and numbered; content that an earlier version has is that version again, with the text it
 * came in, and so becomes the one new leads get. Deployments of a workspace go one after the other: each is judged against
 * what is in force then. A retired flow is in force again.
 * @throws flow_invalid with line and column of every fault: of the text, of names that the workspace does not have, and of another
 * flow that takes the same leads with the same right.
 */
export async function upsertFlow(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  { yaml }: { yaml: string },
): Promise<{ status: 200 | 201; body: FlowView }> {
  const parsed = parseFlow(yaml)
  if ('faults' in parsed) throw flowInvalid(parsed.faults)
  const names = await workspaceNames(tx, caller.workspaceId, { lock: true })
  const heads = await readHeads(tx, caller.workspaceId)
  const faults = misfits(parsed, { names, flows: heads.map(({ definition }) => definition) })
  if (faults.length > 0) throw flowInvalid(faults)
  const { change } = await storeFlow(tx, deps, caller, { flow: parsed.flow, yaml })
  return { status: change === 'created' ? 201 : 200, body: await readFlow(tx, caller, parsed.flow.id, change) }
}

interface Stored {
  change: NonNullable<FlowView['change']>
  /** The one that new leads get. */
  version: number
}

/** Stores a flow that is known to fit into its workspace, whose row is locked. */
export async function storeFlow(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  { workspaceId }: Caller,
  { flow, yaml }: { flow: Flow; yaml: string },
): Promise<Stored> {
  const createdAt = new Date(deps.clock.now())
  await tx.insert(flows).values({ workspaceId, id: flow.id, version: 0, createdAt }).onConflictDoNothing()
  const here = and(eq(flows.workspaceId, workspaceId), eq(flows.id, flow.id))
  const [head] = await tx.select().from(flows).where(here).for('update')
  const versions = await tx
    .select({ version: flowVersions.version, hash: flowVersions.hash })
    .from(flowVersions)
    .where(and(eq(flowVersions.workspaceId, workspaceId), eq(flowVersions.flowId, flow.id)))
    .orderBy(desc(flowVersions.version))
  const hash = contentHash(flow)
  const known = versions.find((it) => it.hash === hash)
  if (known && known.version === head?.version && !head.retiredAt)
    return { change: 'unchanged', version: known.version }
  const version = known?.version ?? (versions[0]?.version ?? 0) + 1
  if (!known) {
    const row = { workspaceId, flowId: flow.id, version, hash, yaml, definition: flow, createdAt }
    await tx.insert(flowVersions).values(row)
  }
  const isFirst = versions.length === 0
  await tx
    .update(flows)
    .set({ version, retiredAt: null, ...(isFirst ? {} : { updatedAt: createdAt }) })
    .where(here)
  if (isFirst) return { change: 'created', version }
  return { change: known ? 'rolled_back' : 'new_version', version }
}
