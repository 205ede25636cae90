import { and, desc, eq } from 'drizzle-orm'
import { contentHash } from '../../flows/language/hash.ts'
import { parseFlow } from '../../flows/language/parse.ts'
import type { FlowView } from '../../openapi/schemas/flow.ts'
import type { Tx } from '../db/connect.ts'
import { flows, flowVersions } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { ProblemError } from '../problem.ts'
import { readFlow } from './read.ts'

/**
 * Stores a flow. Versions are immutable and numbered; content that an earlier version has is that version again, which so
 * becomes the one new leads get.
 * @throws flow_invalid with line and column of every fault.
 */
export async function upsertFlow(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  { yaml }: { yaml: string },
): Promise<{ status: 200 | 201; body: FlowView }> {
  const parsed = parseFlow(yaml)
  if ('faults' in parsed) {
    const errors = parsed.faults.map((fault) => ({
      pointer: '/yaml',
      code: 'flow_invalid',
      detail: fault.suggestion ? `${fault.message} (${fault.suggestion})` : fault.message,
      line: fault.line,
      column: fault.column,
    }))
    const first = errors[0]!
    throw new ProblemError('flow_invalid', `Line ${first.line}, column ${first.column}: ${first.detail}`, { errors })
  }
  const { flow } = parsed
  const createdAt = new Date(deps.clock.now())
  const scope = { workspaceId: caller.workspaceId, id: flow.id }
  await tx
    .insert(flows)
    .values({ ...scope, version: 0, createdAt })
    .onConflictDoNothing()
  const here = and(eq(flows.workspaceId, caller.workspaceId), eq(flows.id, flow.id))
  const [head] = await tx.select().from(flows).where(here).for('update')
  const versions = await tx
    .select({ version: flowVersions.version, hash: flowVersions.hash })
    .from(flowVersions)
    .where(and(eq(flowVersions.workspaceId, caller.workspaceId), eq(flowVersions.flowId, flow.id)))
    .orderBy(desc(flowVersions.version))
  const hash = contentHash(flow)
  const known = versions.find((it) => it.hash === hash)
  const version = known?.version ?? (versions[0]?.version ?? 0) + 1
  if (!known) {
    await tx.insert(flowVersions).values({
      workspaceId: caller.workspaceId,
      flowId: flow.id,
      version,
      hash,
      yaml,
      definition: flow,
      createdAt,
    })
  }
  await tx.update(flows).set({ version }).where(here)
  const created = versions.length === 0
  const change = created ? 'created' : head?.version === version ? 'unchanged' : 'new_version'
  return { status: created ? 201 : 200, body: await readFlow(tx, caller, flow.id, change) }
}
