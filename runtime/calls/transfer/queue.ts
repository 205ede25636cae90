import { asc, eq } from '../../db/drizzle.ts'
import { handoffQueues } from '../../db/schema.ts'
import { closedBecause } from '../../handoffs/pick.ts'
import { toCallTime } from '../call-time.ts'
import type { ToolContext } from '../tool-context.ts'

export type Queue = typeof handoffQueues.$inferSelect

/** The queue that the flow names, else the only one of the workspace; without one somebody calls back. */
export async function pickQueue({ deps, call, flow, settings, language }: ToolContext) {
  const queues = await deps.db
    .select()
    .from(handoffQueues)
    .where(eq(handoffQueues.workspaceId, call.workspaceId))
    .orderBy(asc(handoffQueues.createdAt))
    .limit(100)
  const name = queueOf(flow) ?? (queues.length === 1 ? queues[0]!.name : null)
  const named = queues.find((it) => it.name === name)
  const targets = named?.settings.targets.filter((it) => it.phone !== call.phone) ?? []
  const fallback = named?.settings.fallback
  if (!named || targets.length === 0) return { name, fallback, queue: undefined, why: undefined }
  const at = toCallTime(call, new Date(deps.clock.now()))
  const why = closedBecause(named.settings, { at, zone: settings.timeZone, language })
  const queue = { ...named, settings: { ...named.settings, targets } }
  return { name, fallback, queue: why ? undefined : queue, why }
}

/** The queue of a flow's `handoff(…)`. */
export function queueOf({ on }: ToolContext['flow']): string | null {
  return [...on.qualified, ...on.booked].find((action) => action.type === 'handoff')?.queue ?? null
}
