import { diffFlows, type FlowDiff } from '../flows/language/diff.ts'
import { TalkifError } from '../openapi/client.ts'
import { nearest } from '../openapi/nearest.ts'
import type { FlowView } from '../openapi/schemas/flow.ts'
import type { readVersion } from '../runtime/flows/list.ts'
import { CommandError } from './failure.ts'
import { clean, type Paint } from './output.ts'
import { everyPage, type Page } from './pages.ts'
import { diffLines } from './plan.ts'
import type { Server } from './server.ts'

/** What changed from one version of a flow to another. */
export interface VersionsDiff {
  id: string
  from: number
  to: number
  diff: FlowDiff
}

/** @throws CommandError for what is no number of a version. */
export function versionOf(given: string): number {
  if (/^[1-9]\d*$/.test(given)) return Number(given)
  throw new CommandError(`${given} is no version.`, 'Give the number of one, e.g. 2.')
}

/** @throws CommandError that names the flows there are. */
export async function flowNamed({ api, ask }: Server, id: string): Promise<FlowView> {
  try {
    return await api.getFlow({ id })
  } catch (error) {
    if (!(error instanceof TalkifError) || !['not_found', 'invalid_request'].includes(error.problem.code)) throw error
    const page = (cursor?: string) =>
      ask<Page<{ id: string }>>('GET', '/workspace/flows', { query: { limit: 100, cursor } })
    const known = (await everyPage(page)).map((flow) => flow.id)
    const meant = nearest(id, known)
    const there =
      known.length > 0 ? `There are: ${known.join(', ')}.` : 'There is none yet: `talkif deploy` brings them.'
    throw new CommandError(`There is no flow ${id} here.`, meant ? `Did you mean ${meant}?` : there)
  }
}

/** The versions of a flow, in words. */
export const versionsOf = ({ versions: [last] }: FlowView): string =>
  last && last.version > 1 ? `It has the versions 1 to ${last.version}.` : 'It has only version 1.'

/** @throws CommandError for a version that the flow does not have. */
export async function versionsDiff({ ask }: Server, flow: FlowView, from: number, to: number): Promise<VersionsDiff> {
  const { id } = flow
  const missing = [from, to].find((version) => version > (flow.versions[0]?.version ?? 0))
  if (missing !== undefined) throw new CommandError(`There is no version ${missing} of ${id} here.`, versionsOf(flow))
  const stored = (version: number) =>
    ask<Awaited<ReturnType<typeof readVersion>>>(
      'GET',
      `/workspace/flows/${encodeURIComponent(id)}/versions/${version}`,
    )
  const [before, after] = await Promise.all([stored(from), stored(to)])
  return { id, from, to, diff: diffFlows(before.definition, after.definition) }
}

export function versionLines(given: VersionsDiff, paint: Paint): string[] {
  const { id, from, to, diff } = clean(given)
  const lines = diffLines(diff, paint)
  return [`${paint('bold', id)} version ${from} → ${to}`, ...(lines.length ? lines : ['  They mean the same.'])]
}
