import { covers, eventNames } from '../../openapi/events.ts'
import type { Tx } from '../db/connect.ts'
import { and, asc, eq, gte, inArray, isNull, or } from '../db/drizzle.ts'
import { insertRows } from '../db/rows.ts'
import { deliveries, endpoints, events } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { newId } from '../ids.ts'
import { ProblemError } from '../problem.ts'

const AT_ONCE = 1_000

/**
 * Sends an endpoint whatever it did not get since `since`, oldest first: deliveries that were given up, and events of a time in
 * which it was disabled. Each keeps its `webhook-id`. May be repeated: what was delivered, or is being tried, is left alone.
 * @returns how many are sent now, at most 1,000, and whether there are more.
 * @throws not_found; invalid_request while the endpoint is disabled.
 */
export async function recover(
  tx: Tx,
  deps: Pick<Deps, 'clock' | 'sendAll'>,
  caller: Caller,
  { endpointId, since }: { endpointId: string; since: Date },
): Promise<{ resent: number; has_more: boolean }> {
  const endpoint = await openEndpoint(tx, caller, endpointId)
  const subscribed = eventNames.filter((name) => endpoint.events.some((pattern) => covers(pattern, name)))
  const missed = await tx
    .select({ eventId: events.id, deliveryId: deliveries.id })
    .from(events)
    .leftJoin(deliveries, and(eq(deliveries.eventId, events.id), eq(deliveries.endpointId, endpointId)))
    .where(
      and(
        eq(events.workspaceId, caller.workspaceId),
        eq(events.mode, caller.mode),
        gte(events.createdAt, since),
        inArray(events.type, subscribed),
        or(isNull(deliveries.id), eq(deliveries.status, 'dead')),
      ),
    )
    .orderBy(asc(events.createdAt), asc(events.id))
    .limit(AT_ONCE + 1)
  const now = missed.slice(0, AT_ONCE)
  await send(tx, deps, endpointId, now)
  return { resent: now.length, has_more: missed.length > AT_ONCE }
}

/** The endpoint, locked, so that two of these do not send the same. */
async function openEndpoint(tx: Tx, { workspaceId }: Caller, id: string) {
  const here = and(eq(endpoints.id, id), eq(endpoints.workspaceId, workspaceId))
  const [row] = await tx.select().from(endpoints).where(here).for('update')
  if (!row) throw new ProblemError('not_found', `There is no webhook endpoint ${id} here.`)
  if (row.disabledAt) throw endpointIsDisabled(row)
  return row
}

export const endpointIsDisabled = ({ disabledReason }: { disabledReason: string | null }) =>
  new ProblemError('invalid_request', `Nothing is sent to this endpoint, because it was disabled: ${disabledReason}.`, {
    suggestedAction: 'Name the endpoint again in PUT /workspace, which brings it back; then send again.',
  })

async function send(
  tx: Tx,
  deps: Pick<Deps, 'clock' | 'sendAll'>,
  endpointId: string,
  missed: { eventId: string; deliveryId: string | null }[],
): Promise<void> {
  const fresh = {
    ...{ status: 'pending' as const, tries: 0, lastStatus: null, lastError: null, deliveredAt: null },
    nextTryAt: new Date(deps.clock.now()),
  }
  const sent = missed.map(({ eventId, deliveryId }) => ({ eventId, deliveryId, id: deliveryId ?? newId('dlv') }))
  const dead = sent.filter(({ deliveryId }) => deliveryId !== null).map(({ id }) => id)
  const never = sent
    .filter(({ deliveryId }) => deliveryId === null)
    .map(({ id, eventId }) => ({ id, eventId, endpointId, ...fresh }))
  if (dead.length) await tx.update(deliveries).set(fresh).where(inArray(deliveries.id, dead))
  if (never.length) await tx.execute(insertRows(deliveries, never))
  await deps.sendAll(
    tx,
    'deliver',
    sent.map(({ id }) => ({ data: { deliveryId: id, try: 1 } })),
  )
}
