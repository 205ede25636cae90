import type { FlowView } from '../../openapi/schemas/flow.ts'
import { CommandError } from '../failure.ts'
import { type Invocation, sure } from '../invocation.ts'
import { flowNamed, versionLines, versionOf, versionsDiff, versionsOf } from '../versions.ts'

/** `talkif rollback` */
export async function rollback(it: Invocation<{ yes?: boolean }, [flow: string, version?: string]>): Promise<void> {
  const [id, given] = it.args
  const wanted = given === undefined ? undefined : versionOf(given)
  const server = await it.server()
  const before = await flowNamed(server, id)
  const { version: now } = before
  if (before.retired_at)
    throw new CommandError(
      `The flow ${id} is retired, last in version ${now}: new leads do not get it.`,
      'Bring it back with `talkif deploy`, from a folder that has its file; then roll it back.',
    )
  const version = wanted ?? now - 1
  if (version < 1)
    throw new CommandError(`${id} has no version before ${now}.`, `${versionsOf(before)} Name the one you mean.`)
  const changes = await versionsDiff(server, before, now, version)
  for (const line of versionLines(changes, it.out.paint)) it.out.line(line)
  await sure(it, `Let new leads get version ${version} of ${id}, in place of ${now}?`)
  const flow = await server.ask<FlowView>('POST', `/workspace/flows/${encodeURIComponent(id)}/rollback`, {
    body: { version },
  })
  it.out.show(flow, ({ id, version }, paint) => [
    `${paint('green', '✓')} New leads get version ${version} of ${id}; calls that have begun keep theirs.`,
  ])
}
