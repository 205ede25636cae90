import type { Tx } from '../db/connect.ts'
import { and, eq, inArray } from '../db/drizzle.ts'
import { flows } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import type { Head } from './heads.ts'

/**
 * Takes flows out of routing and of ties. Their versions stay, and calls that have begun keep theirs; deploying one again brings
 * it back. The row of the workspace is locked.
 */
export async function retireFlows(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  { workspaceId }: Caller,
  retired: Pick<Head, 'id'>[],
): Promise<void> {
  const ids = retired.map(({ id }) => id)
  if (ids.length === 0) return
  await tx
    .update(flows)
    .set({ retiredAt: new Date(deps.clock.now()) })
    .where(and(eq(flows.workspaceId, workspaceId), inArray(flows.id, ids)))
}
