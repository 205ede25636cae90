import type { FlowDiff } from '../flows/language/diff.ts'
import { plainPaint, printDiff } from '../flows/language/print-diff.ts'
import { TalkifError } from '../openapi/client.ts'
import type { Change } from '../runtime/plans/changes.ts'
import type { DeployedFlow, Deployment } from '../runtime/plans/deploy.ts'
import { concealer } from './conceal.ts'
import { atInboxOf } from './inbox.ts'
import { clean, type Output, type Paint } from './output.ts'
import type { Server } from './server.ts'
import { allValid, type Source } from './sources.ts'

export interface Deploying {
  server: Server
  sources: Source[]
  /** Whether they are one file that was named: what else the server has is no matter then. */
  isOneFile: boolean
  /** Retires the flows of the server that the files do not have. */
  prune: boolean
  out: Output
}

/**
 * Lets the server deploy what the files say, as `plan` said, or without one only say what that would change. Values of the
 * environment's variables are not in the answer. @throws CommandError after every fault that only the server could know was told at its place.
 */
export async function deployment({ server, sources, prune, out }: Deploying, plan?: string): Promise<Deployment> {
  const workspace = sources.find((it) => it.workspace)
  const flows = sources.filter(({ parsed }) => parsed)
  const document = workspace?.workspace?.document
  const body = {
    workspace: document && server.isDev ? atInboxOf(server.url, document) : document,
    flows: flows.map(({ path, text }) => ({ file: path, yaml: text })),
    prune,
    ...(plan === undefined ? { dry_run: true } : { plan }),
  }
  try {
    const done = await server.ask<Deployment>('POST', '/workspace/deploy', { body })
    return workspace ? { ...done, ...concealed(done, workspace) } : done
  } catch (error) {
    tellFaults(error, { flows, workspace, out })
    throw error
  }
}

function concealed({ workspace, webhooks }: Deployment, { text }: Source): Partial<Deployment> {
  const conceal = concealer(text)
  const hasConcealed = workspace.some(({ path }) => isWebhook(path) && conceal(path) !== path)
  const shown = workspace.map((change): Change => {
    if (hasConcealed && isWebhook(change.path) && change.after === null) return withoutPath(change)
    const after = conceal(change.after)
    return { ...conceal(change), before: replaced(conceal(change.before), change.after, after), after }
  })
  return { workspace: shown, webhooks: webhooks.map((it) => ({ ...it, url: conceal(it.url) })) }
}

const isWebhook = (path: string) => path.startsWith('webhooks.')

/** A webhook that goes, where another comes whose URL is from the environment: its own may have been, and is shown up to its host. */
function withoutPath(change: Change): Change {
  const { url } = change.before as { url?: string }
  if (!url || change.path !== `webhooks.${url}`) return change
  const host = `${new URL(url).origin}/…`
  return { path: `webhooks.${host}`, before: { ...(change.before as object), url: host }, after: null }
}

/** What stood where a value of the environment stands now is as little to be printed. */
function replaced(before: unknown, after: unknown, shown: unknown): unknown {
  if (typeof after === 'string') return after === shown || before === null ? before : '(not shown)'
  if (!isObject(before) || !isObject(after)) return before
  const inner = shown as Record<string, unknown>
  const pairs = Object.entries(before).map(([key, value]) => [key, replaced(value, after[key], inner[key])])
  return Array.isArray(before) ? pairs.map(([, value]) => value) : Object.fromEntries(pairs)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

interface Sent {
  flows: Source[]
  workspace: Source | undefined
  out: Output
}

/** The faults of a refusal, each at the line of its file. @throws CommandError when they are all about what the files say. */
function tellFaults(error: unknown, { flows, workspace, out }: Sent): void {
  if (!(error instanceof TalkifError)) return
  const told = new Map<Source, Source['faults']>()
  for (const { pointer, detail, line, column } of error.problem.errors ?? []) {
    const [, section, at] = pointer.split('/')
    const source = section === 'flows' ? flows[Number(at)] : workspace
    if (!source) return
    const fault =
      section === 'flows'
        ? { line: line ?? 1, column: column ?? 1, path: '', message: detail }
        : concealer(source.text)(source.workspace!.faultAt({ pointer: pointer.slice('/workspace'.length), detail }))
    told.set(source, [...(told.get(source) ?? []), fault])
  }
  allValid(
    [...told].map(([{ path, text }, faults]) => ({ path, text, faults })),
    out,
  )
}

export const isEmptyPlan = ({ workspace, flows, others }: Deployment): boolean =>
  workspace.length === 0 && flows.every(isUnchanged) && !others.some(({ retired }) => retired)

const isUnchanged = ({ change }: DeployedFlow): boolean => change === 'unchanged'

/** The plan as a person reads it: settings by field, texts word by word; nothing of files that change nothing. */
export function planLines(given: Deployment, paint: Paint): string[] {
  const plan = clean(given)
  const changed = plan.flows.filter((it) => !isUnchanged(it))
  const unchanged = plan.flows.length - changed.length
  return [
    ...(plan.workspace.length
      ? [paint('bold', 'talkif.yaml'), ...plan.workspace.map((it) => `  ${settingLine(it, paint)}`)]
      : []),
    ...changed.flatMap((flow) => flowLines(flow, paint)),
    ...(unchanged
      ? [paint('dim', `${unchanged} ${unchanged === 1 ? 'flow stays as it is' : 'flows stay as they are'}.`)]
      : []),
    ...otherLines(plan, paint),
  ]
}

/** More of them are counted instead of named. */
const NAMED = 10

/** Flows of the server that the files do not have. */
export function otherLines({ others }: Deployment, paint: Paint): string[] {
  const all = clean(others)
  const kept = all.filter(({ retired }) => !retired)
  const lines =
    kept.length > NAMED
      ? [`${kept.length} flows of the server are not in this folder: kept; --prune retires them.`]
      : kept.map(({ id }) => `${id} is not in this folder: kept; --prune retires it.`)
  return [
    ...all
      .filter(({ retired }) => retired)
      .map(({ id, version }) => `${paint('red', '-')} ${id} version ${version} is retired: new leads do not get it`),
    ...lines.map((line) => paint('dim', line)),
  ]
}

function settingLine({ path, before, after }: Change, paint: Paint): string {
  if (before === null) return `${paint('green', '+')} ${path}: ${written(after)}`
  if (after === null) return `${paint('red', '-')} ${path}: ${written(before)}`
  return `${paint('yellow', '~')} ${path}: ${written(before)} → ${written(after)}`
}

const written = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function flowLines({ file, change, id, version, diff }: DeployedFlow, paint: Paint): string[] {
  const what = {
    new_flow: 'new flow',
    new_version: `version ${version}`,
    rolled_back: `version ${version} again`,
    unchanged: 'unchanged',
  }[change]
  return [`${paint('bold', file ?? '')}  ${id} ${what}`, ...(diff ? diffLines(diff, paint) : [])]
}

/** What changed in a flow: settings by field, texts word by word. */
export const diffLines = (diff: FlowDiff, paint: Paint): string[] =>
  printDiff(diff, diffPaint(paint))
    .split('\n')
    .filter(Boolean)
    .map((line) => `  ${line}`)

/** Brackets where there are no colours, so that words which come and go can be told apart. */
function diffPaint(paint: Paint): typeof plainPaint {
  if (paint('red', '.') === '.') return plainPaint
  return (text, as) => paint(({ added: 'green', removed: 'red', path: 'bold' } as const)[as], text)
}
