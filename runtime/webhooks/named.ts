import type { Tx } from '../db/connect.ts'
import { and, eq } from '../db/drizzle.ts'
import { insertRows } from '../db/rows.ts'
import { deliveries, endpoints } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { newDelivery } from './announce.ts'

/**
 * Sends an event, already written in `tx`, to the endpoint that the workspace calls `name`, whether it subscribed to it or not.
 * One that did subscribe has it already, and gets it once.
 * @returns why nothing is sent; undefined when it is.
 */
export async function deliverToNamed(
  tx: Tx,
  deps: Pick<Deps, 'clock' | 'send'>,
  { workspaceId, name, eventId }: { workspaceId: string; name: string; eventId: string },
): Promise<string | undefined> {
  const named = await tx
    .select({ id: endpoints.id, disabledReason: endpoints.disabledReason, disabledAt: endpoints.disabledAt })
    .from(endpoints)
    .where(and(eq(endpoints.workspaceId, workspaceId), eq(endpoints.name, name)))
  // One that was removed may have had the same name.
  const endpoint = named.find(({ disabledAt }) => disabledAt === null)
  if (!endpoint)
    return named[0]
      ? `the webhook ${name} is disabled: ${named[0].disabledReason}`
      : `the workspace has no webhook named ${name}`
  const row = newDelivery(eventId, endpoint.id, new Date(deps.clock.now()))
  const written = await tx.execute(insertRows(deliveries, [row], 'on conflict do nothing returning id'))
  if (written.length) await deps.send(tx, 'deliver', { deliveryId: row.id, try: 1 })
  return undefined
}
