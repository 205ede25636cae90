import type { FlowView } from '../../openapi/schemas/flow.ts'
import { CommandError } from '../failure.ts'
import { type Invocation, sure } from '../invocation.ts'

/** `talkif rollback` */
export async function rollback(it: Invocation<{ yes?: boolean }, [flow: string, version?: string]>): Promise<void> {
  const [id, given] = it.args
  if (given !== undefined && !/^[1-9]\d*$/.test(given))
    throw new CommandError(`${given} is no version.`, 'Give the number of one, e.g. 2.')
  const { api, ask } = await it.server()
  const { version: now } = await api.getFlow({ id })
  const version = given === undefined ? now - 1 : Number(given)
  if (version < 1) throw new CommandError(`${id} has no version before ${now}.`, 'Name the version you mean.')
  await sure(it, `Let new leads get version ${version} of ${id}, in place of ${now}?`)
  const flow = await ask<FlowView>('POST', `/workspace/flows/${encodeURIComponent(id)}/rollback`, { body: { version } })
  it.out.show(flow, ({ id, version }, paint) => [
    `${paint('green', '✓')} New leads get version ${version} of ${id}; calls that have begun keep theirs.`,
  ])
}
