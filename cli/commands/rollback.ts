import type { FlowView } from '../../openapi/schemas/flow.ts'
import { CommandError } from '../failure.ts'
import { type Invocation, sure } from '../invocation.ts'
import { versionLines, versionOf, versionsDiff } from '../versions.ts'

/** `talkif rollback` */
export async function rollback(it: Invocation<{ yes?: boolean }, [flow: string, version?: string]>): Promise<void> {
  const [id, given] = it.args
  const wanted = given === undefined ? undefined : versionOf(given)
  const server = await it.server()
  const { api, ask } = server
  const { version: now } = await api.getFlow({ id })
  const version = wanted ?? now - 1
  if (version < 1) throw new CommandError(`${id} has no version before ${now}.`, 'Name the version you mean.')
  const changes = await versionsDiff(server, id, now, version)
  for (const line of versionLines(changes, it.out.paint)) it.out.line(line)
  await sure(it, `Let new leads get version ${version} of ${id}, in place of ${now}?`)
  const flow = await ask<FlowView>('POST', `/workspace/flows/${encodeURIComponent(id)}/rollback`, { body: { version } })
  it.out.show(flow, ({ id, version }, paint) => [
    `${paint('green', '✓')} New leads get version ${version} of ${id}; calls that have begun keep theirs.`,
  ])
}
