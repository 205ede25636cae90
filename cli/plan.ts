import type { FlowDiff } from '../flows/language/diff.ts'
import type { FlowFault } from '../flows/language/faults.ts'
import { plainPaint, printDiff } from '../flows/language/print-diff.ts'
import type { WorkspaceDocument } from '../openapi/schemas/workspace.ts'
import { concealer } from './conceal.ts'
import { clean, type Paint } from './output.ts'
import type { Server } from './server.ts'
import type { Source } from './sources.ts'

export interface Setting {
  path: string
  before: unknown
  after: unknown
}

/** What the server says that it would do with one file. */
export interface FlowPlan {
  name: string
  change: 'unchanged' | 'new_version' | 'new_flow' | 'rolled_back' | 'invalid'
  id: string | null
  version: number | null
  faults: FlowFault[]
  diff: FlowDiff | null
}

/** What a deploy would do. */
export interface Plan {
  /** Of talkif.yaml, field by field; values of the environment's variables are not in it. */
  workspace: Setting[]
  flows: FlowPlan[]
  /** Names of the flows that change, in an order in which they can be deployed one after the other. */
  order: string[]
}

interface FlowsPlan {
  files: FlowPlan[]
  order: string[]
}

/** Asks the server; nothing is changed. @throws TalkifError for a document that it refuses. */
export async function planOf(server: Server, sources: Source[]): Promise<Plan> {
  const workspace = sources.find((it) => it.workspace)
  const document = workspace?.workspace?.document
  const files = sources.flatMap(({ path, text, parsed }) => (parsed ? [{ name: path, yaml: text }] : []))
  const { files: flows, order } = files.length
    ? await server.ask<FlowsPlan>('POST', '/workspace/flows/plan', { body: { files, workspace: document } })
    : { files: [], order: [] }
  const { changes } = document ? await changesOf(server, document) : { changes: [] }
  return { workspace: workspace ? concealer(workspace.text)(changes) : [], flows, order }
}

const changesOf = (server: Server, body: WorkspaceDocument) =>
  server.ask<{ changes: Setting[] }>('POST', '/workspace/plan', { body })

export const isEmptyPlan = (plan: Plan): boolean => plan.workspace.length === 0 && plan.order.length === 0

/** The plan as a person reads it: settings by field, texts word by word; nothing of files that change nothing. */
export function planLines(given: Plan, paint: Paint): string[] {
  const plan = clean(given)
  const changed = plan.flows.filter(({ change }) => change !== 'unchanged')
  const unchanged = plan.flows.length - changed.length
  return [
    ...(plan.workspace.length
      ? [paint('bold', 'talkif.yaml'), ...plan.workspace.map((it) => `  ${settingLine(it, paint)}`)]
      : []),
    ...changed.flatMap((flow) => flowLines(flow, paint)),
    ...(unchanged
      ? [paint('dim', `${unchanged} ${unchanged === 1 ? 'flow stays as it is' : 'flows stay as they are'}.`)]
      : []),
  ]
}

function settingLine({ path, before, after }: Setting, paint: Paint): string {
  if (before === null) return `${paint('green', '+')} ${path}: ${written(after)}`
  if (after === null) return `${paint('red', '-')} ${path}: ${written(before)}`
  return `${paint('yellow', '~')} ${path}: ${written(before)} → ${written(after)}`
}

const written = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function flowLines({ name, change, id, version, diff }: FlowPlan, paint: Paint): string[] {
  const what = {
    new_flow: 'new flow',
    new_version: `version ${version}`,
    rolled_back: `version ${version} again`,
    unchanged: 'unchanged',
    invalid: 'invalid',
  }[change]
  const printed = diff ? printDiff(diff, diffPaint(paint)) : ''
  return [
    `${paint('bold', name)}  ${id ?? ''} ${what}`,
    ...printed
      .split('\n')
      .filter(Boolean)
      .map((line) => `  ${line}`),
  ]
}

/** Brackets where there are no colours, so that words which come and go can be told apart. */
function diffPaint(paint: Paint): typeof plainPaint {
  if (paint('red', '.') === '.') return plainPaint
  return (text, as) => paint(({ added: 'green', removed: 'red', path: 'bold' } as const)[as], text)
}
