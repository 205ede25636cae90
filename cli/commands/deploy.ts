import type { Deployment } from '../../runtime/plans/deploy.ts'
import { CommandError } from '../failure.ts'
import { confirm, type Invocation, status } from '../invocation.ts'
import type { Paint } from '../output.ts'
import { type Deploying, deployment, isEmptyPlan, planLines } from '../plan.ts'
import { allValid, readSources } from '../sources.ts'

interface Options {
  yes?: boolean
  dryRun?: boolean
}

type Of<Given extends object> = Invocation<Given, [dir?: string]>

const NOTHING = 'There is nothing to change.'

/** `talkif deploy`: the whole folder or nothing. The same files again change nothing, so it may be repeated at any time. */
export async function deploy(it: Of<Options>): Promise<number> {
  const { options, out } = it
  const deploying = await prepared(it)
  const plan = await deployment(deploying, true)
  if (isEmptyPlan(plan)) {
    out.show({ ...plan, applied: [] }, (_, paint) => [`${paint('green', '✓')} ${NOTHING}`])
    return status.ok
  }
  if (options.dryRun) {
    out.show(plan, planLines)
    return status.changes
  }
  for (const line of planLines(plan, out.paint)) out.line(line)
  if (!options.yes && !(await confirm('Apply this?', out))) throw new CommandError('Nothing was changed.')
  const done = await deployment(deploying, false)
  out.show({ ...done, applied: appliedOf(done, deploying) }, (done, paint) => [
    ...appliedLines(done, paint),
    ...done.webhooks.map(({ id, url, secret }) => `  ${url} signs with ${out.isTerminal ? secret : hiddenSecret(id)}`),
    `${paint('green', '✓')} Deployed to ${deploying.server.url}.`,
  ])
  return status.ok
}

/** What is not written where it would be kept, such as the log of a CI. */
const hiddenSecret = (id: string) => `a secret that \`talkif webhooks rotate ${id}\` shows on a terminal`

/** Paths of the files that changed something. */
function appliedOf({ workspace, flows }: Deployment, { sources }: Deploying): string[] {
  const changed = flows.flatMap(({ file, change }) => (change === 'unchanged' || file === null ? [] : [file]))
  const document = workspace.length ? sources.filter((it) => it.workspace).map(({ path }) => path) : []
  return [...document, ...changed]
}

function appliedLines({ applied, flows }: Deployment & { applied: string[] }, paint: Paint): string[] {
  return applied.map((path) => {
    const flow = flows.find(({ file }) => file === path)
    return `${paint('green', '✓')} ${path}  ${paint('dim', flow ? `${flow.id} version ${flow.version}` : 'workspace')}`
  })
}

/** `talkif diff` */
export async function diff(it: Of<object>): Promise<number> {
  const plan = await deployment(await prepared(it), true)
  const isEmpty = isEmptyPlan(plan)
  it.out.show(plan, (plan, paint) => (isEmpty ? [`${paint('green', '✓')} ${NOTHING}`] : planLines(plan, paint)))
  return isEmpty ? status.ok : status.changes
}

async function prepared({ args, out, server }: Pick<Of<object>, 'args' | 'out' | 'server'>): Promise<Deploying> {
  const sources = await readSources(args[0] === undefined ? [] : [args[0]])
  allValid(sources, out)
  return { server: await server(), sources, out }
}
