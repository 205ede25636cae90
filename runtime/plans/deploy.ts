import { createHash } from 'node:crypto'
import { diffFlows, type FlowDiff } from '../../flows/language/diff.ts'
import type { FlowFault } from '../../flows/language/faults.ts'
import { contentHash } from '../../flows/language/hash.ts'
import { type ParsedFlow, parseFlow } from '../../flows/language/parse.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { putWorkspace } from '../access/workspace-document.ts'
import type { Tx } from '../db/connect.ts'
import type { Caller, Deps } from '../deps.ts'
import { faultOfText, misfits } from '../flows/faults.ts'
import { type Head, readHeads } from '../flows/heads.ts'
import { workspaceNames } from '../flows/names.ts'
import { retireFlows } from '../flows/retire.ts'
import { storeFlow } from '../flows/upsert.ts'
import { atPointer, ProblemError } from '../problem.ts'
import type { Change } from './changes.ts'
import { rehearse } from './rehearse.ts'
import { changesOf } from './workspace-changes.ts'

export interface FlowFile {
  /** How faults name it. */
  file?: string | undefined
  yaml: string
}

/** A workspace and its flows, as a folder holds them. */
export interface Folder {
  workspace?: WorkspaceDocument | undefined
  flows: FlowFile[]
  /** Retires the flows that are not among these. */
  prune?: boolean
  /** The `plan` of a dry run: applied only while it would still do the same. */
  plan?: string | undefined
}

export interface DeployedFlow {
  file: string | null
  id: string
  /** `rolled_back`: an earlier version is the one that new leads get again. */
  change: 'unchanged' | 'new_version' | 'rolled_back' | 'new_flow'
  /** The version that new leads get. */
  version: number
  /** Against the version that they got before; null for a new flow, and where nothing changes. */
  diff: FlowDiff | null
}

export interface Deployment {
  /** Field by field. */
  workspace: Change[]
  /** One for each file, in the order they were given. */
  flows: DeployedFlow[]
  /** Those in force that are not among the files, by id. */
  others: { id: string; version: number; retired: boolean }[]
  /** Endpoints that are new; their secrets are told this once. */
  webhooks: { id: string; url: string; secret: string }[]
  /** Stands for all that is changed: equal when it is the same. */
  plan: string
}

/**
 * Deploys a folder as a whole: all of it is applied, or nothing. Its flows are judged by the workspace and beside the flows as they
 * are in the end, so that no order is asked for. @param dryRun says what would change, by doing it and rolling it back.
 * @throws invalid_request and flow_invalid with every fault; their pointers are `/workspace/…` and `/flows/N/yaml`; plan_changed when
 * the plan that was looked at is another by now.
 */
export const deploy = (deps: Deps, caller: Caller, folder: Folder, { dryRun }: { dryRun: boolean }) =>
  dryRun
    ? rehearse(deps, async (tx) => ({ ...(await apply(tx, deps, caller, folder)), webhooks: [] }))
    : deps.db.transaction((tx) => apply(tx, deps, caller, folder))

async function apply(tx: Tx, deps: Deps, caller: Caller, folder: Folder): Promise<Deployment> {
  const { workspace, prune = false } = folder
  const flows = parsedFiles(folder.flows)
  await workspaceNames(tx, caller.workspaceId, { lock: true })
  const heads = await readHeads(tx, caller.workspaceId)
  const sent = new Set(flows.map(({ flow }) => flow.id))
  const others = heads.filter(({ id }) => !sent.has(id))
  const staying = prune ? [] : others
  const { changes, answer } = await changesOf(tx, caller, async () => {
    if (!workspace) return undefined
    return putWorkspace(tx, deps, caller, workspace, { staying: new Set(staying.map(({ id }) => id)) })
  }).catch((error) => {
    throw atPointer('/workspace', error)
  })
  await judge(tx, caller, flows, staying)
  const deployed: DeployedFlow[] = []
  for (const it of flows) {
    const head = heads.find(({ id }) => id === it.flow.id)
    deployed.push({ file: it.file ?? null, id: it.flow.id, ...(await put(tx, deps, caller, it, head)) })
  }
  if (prune) await retireFlows(tx, deps, caller, others)
  const done = {
    workspace: changes,
    flows: deployed,
    others: others.map(({ id, version }) => ({ id, version, retired: prune })),
  }
  const plan = planOf(done)
  if (folder.plan !== undefined && folder.plan !== plan)
    throw new ProblemError('plan_changed', 'This would change something else than it did when it was planned.')
  return {
    ...done,
    plan,
    webhooks: answer?.webhooks.flatMap(({ id, url, secret }) => (secret ? [{ id, url, secret }] : [])) ?? [],
  }
}

const planOf = (changes: object) => createHash('sha256').update(JSON.stringify(changes)).digest('hex')

type Parsed = FlowFile & ParsedFlow

/** @throws flow_invalid with every fault of every text, and for an id that stands twice. */
function parsedFiles(files: FlowFile[]): Parsed[] {
  const flows: Parsed[] = []
  const faults = files.map((file): FlowFault[] => {
    const parsed = parseFlow(file.yaml)
    if ('faults' in parsed) return parsed.faults
    const twin = flows.find(({ flow }) => flow.id === parsed.flow.id)
    flows.push({ ...file, ...parsed })
    return twin ? [parsed.faultAt(['id'], `the flow ${parsed.flow.id} is also in ${twin.file ?? 'another one'}`)] : []
  })
  refuse(files, faults)
  return flows
}

/** Judges each flow by the workspace as it is now, beside those that stay and the files before it. @throws flow_invalid */
async function judge(tx: Tx, { workspaceId }: Caller, flows: Parsed[], staying: Head[]): Promise<void> {
  const names = await workspaceNames(tx, workspaceId, { lock: false })
  const all = [
    ...staying.map(({ definition }) => ({
      ...definition,
      remedy: ', or retire it, as it is not among these files (--prune)',
    })),
    ...flows.map(({ flow }) => flow),
  ]
  const faults = flows.map((it, at) => misfits(it, { names, flows: all.slice(0, staying.length + at) }))
  refuse(flows, faults)
}

/** @param faults of each file. @throws flow_invalid when there is any. */
function refuse(files: FlowFile[], faults: FlowFault[][]): void {
  const errors = faults.flatMap((some, at) =>
    some.map((fault): FieldFault => ({ ...faultOfText(fault), pointer: `/flows/${at}/yaml` })),
  )
  const at = faults.findIndex((some) => some.length > 0)
  if (at < 0) return
  const { line, column, detail } = errors[0]!
  throw new ProblemError(
    'flow_invalid',
    `${files[at]!.file ?? `Flow ${at + 1}`}, line ${line}, column ${column}: ${detail}`,
    { errors, suggestedAction: 'Mend the lines named in `errors` and deploy again; nothing was changed.' },
  )
}

async function put(tx: Tx, deps: Deps, caller: Caller, { flow, yaml }: Parsed, head: Head | undefined) {
  if (head?.hash === contentHash(flow)) return { change: 'unchanged' as const, version: head.version, diff: null }
  const { change, version } = await storeFlow(tx, deps, caller, { flow, yaml })
  // One that was retired is no new flow, but nobody gets another version of it than before.
  if (!head) return { change: change === 'created' ? ('new_flow' as const) : change, version, diff: null }
  return {
    change: change === 'new_version' ? change : ('rolled_back' as const),
    version,
    diff: diffFlows(head.definition, flow),
  }
}
