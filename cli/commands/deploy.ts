import { existsSync } from 'node:fs'
import type { Deployment } from '../../runtime/plans/deploy.ts'
import { CommandError } from '../failure.ts'
import { confirm, type Invocation, status } from '../invocation.ts'
import type { Paint } from '../output.ts'
import { type Deploying, deployment, isEmptyPlan, otherLines, planLines } from '../plan.ts'
import { allValid, readSources, type Source, tellLiteralSecrets } from '../sources.ts'
import { flowNamed, versionLines, versionOf, versionsDiff } from '../versions.ts'

interface Options {
  yes?: boolean
  dryRun?: boolean
  prune?: boolean
}

type Of<Given extends object> = Invocation<Given, [dir?: string]>

const NOTHING = 'There is nothing to change.'

/** `talkif deploy`: the whole folder or nothing. The same files again change nothing, so it may be repeated at any time. */
export async function deploy(it: Of<Options>): Promise<number> {
  const { options, out } = it
  const deploying = await prepared(it)
  const plan = await deployment(deploying)
  const told = toldOf(plan, deploying)
  if (isEmptyPlan(plan)) {
    out.show({ ...plan, applied: [] }, (_, paint) => nothingLines(told, paint))
    return status.ok
  }
  if (options.dryRun) {
    out.show(plan, (_, paint) => planLines(told, paint))
    return status.changes
  }
  for (const line of planLines(told, out.paint)) out.line(line)
  if (!options.yes && !(await confirm('Apply this?', out))) throw new CommandError('Nothing was changed.')
  const done = await deployment(deploying, plan.plan)
  out.show({ ...done, applied: appliedOf(done, deploying) }, (done, paint) => [
    ...appliedLines(done, paint),
    ...done.webhooks.map(({ id, url, secret }) => `  ${url} signs with ${out.isTerminal ? secret : hiddenSecret(id)}`),
    `${paint('green', '✓')} Deployed to ${deploying.server.url}.`,
  ])
  return status.ok
}

/** What people are told of a plan: that one file is not the others needs no words. */
const toldOf = (plan: Deployment, { isOneFile }: Deploying): Deployment => (isOneFile ? { ...plan, others: [] } : plan)

const nothingLines = (plan: Deployment, paint: Paint): string[] => [
  ...otherLines(plan, paint),
  `${paint('green', '✓')} ${NOTHING}`,
]

/** What is not written where it would be kept, such as the log of a CI. */
const hiddenSecret = (id: string) => `a secret that \`talkif webhooks rotate ${id}\` shows on a terminal`

/** Paths of the files that changed something. */
function appliedOf({ workspace, flows }: Deployment, { sources }: Deploying): string[] {
  const changed = flows.flatMap(({ file, change }) => (change === 'unchanged' || file === null ? [] : [file]))
  const document = workspace.length ? sources.filter((it) => it.workspace).map(({ path }) => path) : []
  return [...document, ...changed]
}

function appliedLines({ applied, flows, others }: Deployment & { applied: string[] }, paint: Paint): string[] {
  const done = (what: string, how: string) => `${paint('green', '✓')} ${what}  ${paint('dim', how)}`
  return [
    ...applied.map((path) => {
      const flow = flows.find(({ file }) => file === path)
      return done(path, flow ? `${flow.id} version ${flow.version}` : 'workspace')
    }),
    ...others.filter(({ retired }) => retired).map(({ id }) => done(id, 'retired')),
  ]
}

/** `talkif diff`: of a folder, or of two versions of a flow (the current one unless the later is named). */
export async function diff(it: Invocation<object, [what?: string, from?: string, to?: string]>): Promise<number> {
  const [what, from, to] = it.args
  if (what !== undefined && from !== undefined) return diffVersions(it, [what, from, to])
  const folder = await prepared({ ...it, args: [what] }).catch((error) => {
    const isFlow = what !== undefined && /^[a-z]\w*$/.test(what) && !existsSync(what)
    if (!isFlow || !(error instanceof CommandError)) throw error
    throw new CommandError(error.message, `For two versions of a flow, name one: \`talkif diff ${what} 1\`.`)
  })
  const plan = await deployment(folder)
  const isEmpty = isEmptyPlan(plan)
  it.out.show(plan, (_, paint) => (isEmpty ? nothingLines : planLines)(toldOf(plan, folder), paint))
  return isEmpty ? status.ok : status.changes
}

async function diffVersions(
  { out, server }: Pick<Invocation, 'out' | 'server'>,
  [id, from, to]: [id: string, from: string, to?: string],
): Promise<number> {
  const [older, newer] = [versionOf(from), to === undefined ? undefined : versionOf(to)]
  const at = await server()
  const flow = await flowNamed(at, id)
  const versions = await versionsDiff(at, flow, older, newer ?? flow.version)
  out.show(versions, versionLines)
  const { settings, texts } = versions.diff
  return settings.length + texts.length > 0 ? status.changes : status.ok
}

async function prepared({ args, options, out, server }: Of<Options>): Promise<Deploying> {
  const { prune = false } = options
  const sources = await readSources(args[0] === undefined ? [] : [args[0]], out)
  allValid(sources, out)
  tellLiteralSecrets(sources, out)
  const isOneFile = sources.some(({ path }) => path === args[0])
  if (prune && isOneFile)
    throw new CommandError(
      `${args[0]} is one file; --prune goes by what a folder has.`,
      'Name the folder of the flows.',
    )
  if (prune) hasFlows(sources)
  return { server: await server(), sources, isOneFile, prune, out }
}

/** @throws CommandError for a folder without flows: it would be no reason to retire them all. */
function hasFlows(sources: Source[]): void {
  if (!sources.some(({ parsed }) => parsed))
    throw new CommandError(
      'This folder has no flow; --prune would retire every flow of the server.',
      'Name the folder of the flows.',
    )
}
