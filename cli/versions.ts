import { diffFlows, type FlowDiff } from '../flows/language/diff.ts'
import type { readVersion } from '../runtime/flows/list.ts'
import { CommandError } from './failure.ts'
import { clean, type Paint } from './output.ts'
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

/** @throws TalkifError: not_found */
export async function versionsDiff({ ask }: Server, id: string, from: number, to: number): Promise<VersionsDiff> {
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
