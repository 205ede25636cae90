import { TalkifError } from '../../openapi/client.ts'
import type { WorkspaceView } from '../../openapi/schemas/workspace.ts'
import { concealer } from '../conceal.ts'
import { CommandError, failureOf } from '../failure.ts'
import { confirm, type Invocation, status } from '../invocation.ts'
import type { Output } from '../output.ts'
import { isEmptyPlan, type Plan, planLines, planOf } from '../plan.ts'
import type { Server } from '../server.ts'
import { allValid, readSources, type Source } from '../sources.ts'

interface Options {
  yes?: boolean
  dryRun?: boolean
}

type Of<Given extends object> = Invocation<Given, [dir?: string]>

const NOTHING = 'There is nothing to change.'

/** `talkif deploy`: talkif.yaml first, then the flows. Files without a change are left alone, so it may be repeated at any time. */
export async function deploy(it: Of<Options>): Promise<number> {
  const { options, out } = it
  const { server, sources, plan } = await planned(it)
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
  const { applied, webhooks } = await apply(server, sources, plan, out)
  out.show({ ...plan, applied, webhooks }, ({ webhooks }, paint) => [
    ...webhooks.map(({ id, url, secret }) => `  ${url} signs with ${out.isTerminal ? secret : hiddenSecret(id)}`),
    `${paint('green', '✓')} Deployed to ${server.url}.`,
  ])
  return status.ok
}

/** What is not written where it would be kept, such as the log of a CI. */
const hiddenSecret = (id: string) => `a secret that \`talkif webhooks rotate ${id}\` shows on a terminal`

/** `talkif diff` */
export async function diff(it: Of<object>): Promise<number> {
  const { plan } = await planned(it)
  const isEmpty = isEmptyPlan(plan)
  it.out.show(plan, (plan, paint) => (isEmpty ? [`${paint('green', '✓')} ${NOTHING}`] : planLines(plan, paint)))
  return isEmpty ? status.ok : status.changes
}

async function planned({ args, out, server }: Pick<Of<object>, 'args' | 'out' | 'server'>) {
  const sources = await readSources(args[0] === undefined ? [] : [args[0]])
  allValid(sources, out)
  const to = await server()
  const workspace = sources.find((it) => it.workspace)
  const plan = await planOf(to, sources).catch((error) => {
    throw workspace ? inFile(error, workspace, out) : error
  })
  allValid(judged(sources, plan), out)
  return { server: to, sources, plan }
}

/** What the server alone could know of the flows: references to what the workspace does not have, ties with other flows. */
const judged = (sources: Source[], { flows }: Plan): Source[] =>
  sources.map((source) => ({ ...source, faults: flows.find(({ name }) => name === source.path)?.faults ?? [] }))

/** A refusal of the workspace document, at the lines of its file. */
function inFile(error: unknown, { path, text, workspace }: Source, out: Output): unknown {
  if (!(error instanceof TalkifError) || !error.problem.errors?.length || !workspace) return error
  const conceal = concealer(text)
  const faults = error.problem.errors.map((fault) => conceal(workspace.faultAt(fault)))
  try {
    allValid([{ path, text, faults }], out)
  } catch (told) {
    return told
  }
  return error
}

interface Applied {
  /** Paths of the files. */
  applied: string[]
  /** Endpoints that are new; their secrets are told this once. */
  webhooks: { id: string; url: string; secret: string }[]
}

/** @throws CommandError that says what was applied and how to go on. */
async function apply(server: Server, sources: Source[], plan: Plan, out: Output): Promise<Applied> {
  const done: Applied = { applied: [], webhooks: [] }
  const workspace = plan.workspace.length ? sources.find((it) => it.workspace) : undefined
  const flows = plan.order.map((name) => sources.find(({ path }) => path === name)!)
  for (const source of workspace ? [workspace, ...flows] : flows) {
    try {
      out.line(`${out.paint('green', '✓')} ${source.path}  ${out.paint('dim', await send(server, source, done))}`)
    } catch (error) {
      throw brokenOff(error, source, done.applied)
    }
    done.applied.push(source.path)
  }
  return done
}

async function send({ api, ask }: Server, { text, workspace }: Source, done: Applied): Promise<string> {
  if (workspace) {
    const { webhooks } = await ask<WorkspaceView>('PUT', '/workspace', { body: workspace.document })
    for (const { id, url, secret } of webhooks)
      if (secret) done.webhooks.push({ id, url: concealer(text)(url), secret })
    return 'workspace'
  }
  const { id, version } = await api.upsertFlow({ yaml: text })
  return `${id} version ${version}`
}

function brokenOff(error: unknown, { path, text }: Source, applied: string[]): CommandError {
  const { detail, suggested_action } = concealer(text)(failureOf(error))
  const before = applied.length ? `Applied before it: ${applied.join(', ')}.` : 'Nothing was applied before it.'
  return new CommandError(
    `${path} was not applied: ${detail} ${before}`,
    `${suggested_action} Then deploy again: what was applied is found unchanged, and the rest follows.`.trim(),
  )
}
