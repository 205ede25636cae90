import { eq } from 'drizzle-orm'
import { diffFlows, type FlowDiff } from '../../flows/language/diff.ts'
import type { FlowFault } from '../../flows/language/faults.ts'
import type { FlowView } from '../../openapi/schemas/flow.ts'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { putWorkspace } from '../access/workspace-document.ts'
import type { Tx } from '../db/connect.ts'
import { flows } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { flowVersion } from '../flows/read.ts'
import { upsertFlow } from '../flows/upsert.ts'
import { ProblemError } from '../problem.ts'
import { rehearse } from './rehearse.ts'

export interface FlowFile {
  name: string
  yaml: string
}

export interface PlannedFlow {
  name: string
  /** Of the flow; null for a file that is none. */
  id: string | null
  /** `rolled_back`: an earlier version becomes the one that new leads get again. */
  change: 'unchanged' | 'new_version' | 'rolled_back' | 'new_flow' | 'invalid'
  /** The version that new leads would get. */
  version: number | null
  faults: FlowFault[]
  /** Against the version that new leads get now; null for a new flow, and where nothing changes. */
  diff: FlowDiff | null
}

export interface FlowsPlan {
  /** One for each file, in the order they were given. */
  files: PlannedFlow[]
  /** Names of those that change something, in an order in which they can be deployed one after the other. */
  order: string[]
}

/**
 * What deploying these files would change, by deploying them in a transaction that is rolled back.
 * @param workspace applied before them, as a deploy does. @throws what putting it would: invalid_request.
 */
export const planFlows = (
  deps: Deps,
  caller: Caller,
  files: FlowFile[],
  workspace?: WorkspaceDocument,
): Promise<FlowsPlan> =>
  rehearse(deps, async (tx) => {
    if (workspace) await putWorkspace(tx, deps, caller, workspace)
    const rows = await tx.select().from(flows).where(eq(flows.workspaceId, caller.workspaceId))
    const heads = new Map(rows.map(({ id, version }) => [id, version]))
    const planned = new Map<FlowFile, PlannedFlow>()
    const order: string[] = []
    // A flow may be refused only because another file has not given way yet: as long as one goes in, the others are tried again.
    for (let left = files, before = Number.NaN; left.length !== before; ) {
      before = left.length
      for (const file of left) {
        const plan = await planFile(tx, deps, caller, { file, heads, others: [...planned.values()] })
        planned.set(file, plan)
        if (plan.change !== 'invalid' && plan.change !== 'unchanged') order.push(file.name)
      }
      left = left.filter((file) => planned.get(file)!.change === 'invalid')
    }
    return { files: files.map((file) => planned.get(file)!), order }
  })

interface Planning {
  file: FlowFile
  /** Versions that new leads get now, by flow. */
  heads: Map<string, number>
  /** What is planned already. */
  others: PlannedFlow[]
}

async function planFile(tx: Tx, deps: Deps, caller: Caller, planning: Planning): Promise<PlannedFlow> {
  const { name, yaml } = planning.file
  const invalid = (faults: FlowFault[]): PlannedFlow => ({
    ...{ name, id: null, change: 'invalid', version: null },
    ...{ faults, diff: null },
  })
  try {
    // A savepoint: a file that is refused leaves nothing behind for the others.
    return await tx.transaction(async (inner) => {
      const { body } = await upsertFlow(inner, deps, caller, { yaml })
      const twin = planning.others.find((it) => it.id === body.id && it.name !== name)
      if (twin) throw new ProblemError('flow_invalid', `the flow ${body.id} is also in ${twin.name}`)
      return plannedFlow(inner, caller, name, body, planning.heads.get(body.id))
    })
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'flow_invalid') throw error
    return invalid(faultsOf(error))
  }
}

async function plannedFlow(
  tx: Tx,
  { workspaceId }: Caller,
  name: string,
  { id, version, change, definition }: FlowView,
  head: number | undefined,
): Promise<PlannedFlow> {
  const planned = { name, id, version, faults: [], diff: null }
  if (head === undefined) return { ...planned, change: 'new_flow' }
  if (head === version) return { ...planned, change: 'unchanged' }
  const diff = diffFlows(await flowVersion(tx, workspaceId, id, head), definition)
  return { ...planned, change: change === 'new_version' ? change : 'rolled_back', diff }
}

const faultsOf = ({ errors, message }: ProblemError): FlowFault[] =>
  errors?.map(({ line = 1, column = 1, detail }) => ({ line, column, path: '', message: detail })) ?? [
    { line: 1, column: 1, path: '', message },
  ]
