import type { Tx } from '../db/connect.ts'
import { and, desc, eq } from '../db/drizzle.ts'
import { deliveries, endpoints, events } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { ProblemError } from '../problem.ts'
import { endpointIsDisabled } from './recover.ts'
import { newWebhookSecret } from './sign.ts'

const OLD_SECRET_LIVES_MS = 24 * 3_600_000

/** Deliveries that were given up, newest first, at most 100. */
export async function deadLetters(tx: Tx, caller: Caller) {
  const rows = await tx
    .select({ delivery: deliveries, event: events, url: endpoints.url })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(endpoints, eq(endpoints.id, deliveries.endpointId))
    .where(and(eq(events.workspaceId, caller.workspaceId), eq(events.mode, caller.mode), eq(deliveries.status, 'dead')))
    .orderBy(desc(events.createdAt))
    .limit(100)
  return rows.map(({ delivery, event, url }) => ({
    id: delivery.id,
    event_id: event.id,
    event: event.type,
    call_id: event.callId,
    url,
    tries: delivery.tries,
    last_error: delivery.lastError,
    created_at: event.createdAt.toISOString(),
  }))
}

/**
 * Sends a delivery once more from the start of its schedule, with the same `webhook-id`.
 * @throws not_found; invalid_request while it is still being tried, or its endpoint is disabled.
 */
export async function resend(
  tx: Tx,
  deps: Pick<Deps, 'send' | 'clock'>,
  caller: Caller,
  deliveryId: string,
): Promise<void> {
  const [found] = await tx
    .select({ status: deliveries.status, endpoint: endpoints })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(endpoints, eq(endpoints.id, deliveries.endpointId))
    .where(and(eq(deliveries.id, deliveryId), eq(events.workspaceId, caller.workspaceId), eq(events.mode, caller.mode)))
  if (!found) throw new ProblemError('not_found', `There is no delivery ${deliveryId} here.`)
  if (found.status === 'pending') {
    throw new ProblemError(
      'invalid_request',
      'This delivery is still being tried; only one that has ended is sent again.',
    )
  }
  if (found.endpoint.disabledAt) throw endpointIsDisabled(found.endpoint)
  await tx
    .update(deliveries)
    .set({ status: 'pending', tries: 0, lastError: null, nextTryAt: new Date(deps.clock.now()), deliveredAt: null })
    .where(eq(deliveries.id, deliveryId))
  await deps.send(tx, 'deliver', { deliveryId, try: 1 })
}

/**
 * A new secret for an endpoint; for a day both sign. Asked for again within it, as after a lost answer, the old one keeps its day,
 * since the receiver may have no other, and the one in between is replaced. @throws not_found @returns the new secret, shown once.
 */
export async function rotateSecret(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  endpointId: string,
): Promise<string> {
  const here = and(eq(endpoints.id, endpointId), eq(endpoints.workspaceId, caller.workspaceId))
  const [row] = await tx.select().from(endpoints).where(here).for('update')
  if (!row) throw new ProblemError('not_found', `There is no webhook endpoint ${endpointId} here.`)
  const secret = newWebhookSecret()
  const now = deps.clock.now()
  const oldLives = row.oldSecret !== null && row.oldSecretExpiresAt !== null && +row.oldSecretExpiresAt > now
  const old = { oldSecret: row.secret, oldSecretExpiresAt: new Date(now + OLD_SECRET_LIVES_MS) }
  await tx
    .update(endpoints)
    .set({ secret, ...(oldLives ? {} : old) })
    .where(here)
  return secret
}
