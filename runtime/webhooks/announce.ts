import { covers, type EventName } from '../../openapi/events.ts'
import type { Tx } from '../db/connect.ts'
import { and, isNull, sql } from '../db/drizzle.ts'
import { anyOf, insertRows } from '../db/rows.ts'
import { deliveries, endpoints, events, type Mode } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { newId } from '../ids.ts'

export interface Announcement {
  type: EventName
  call: { id: string; workspaceId: string; mode: Mode; leadId: string; flowId: string }
  /** The fields of this event besides those that every event has. */
  fields: Record<string, unknown>
}

/** An endpoint as far as announcing needs it. */
export interface Subscriber {
  id: string
  events: string[]
}

/**
 * Writes an event, one delivery for every endpoint that subscribed to it, and the job of each first try, all in `tx`.
 * @param subscribers when they are known already.
 * @returns the event's id, which every delivery try carries as `webhook-id`.
 */
export async function announce(
  tx: Tx,
  deps: Pick<Deps, 'clock' | 'sendAll'>,
  announcement: Announcement,
  subscribers?: Subscriber[],
): Promise<string> {
  const [id] = await announceAll(tx, deps, [{ ...announcement, ...(subscribers && { subscribers }) }])
  return id!
}

/** The same for many events, in as many statements as for one. */
export async function announceAll(
  tx: Tx,
  deps: Pick<Deps, 'clock' | 'sendAll'>,
  announcements: (Announcement & { subscribers?: Subscriber[] })[],
): Promise<string[]> {
  if (!announcements.length) return []
  const unknown = announcements.filter((it) => !it.subscribers).map((it) => it.call.workspaceId)
  const found = unknown.length ? await subscribersOf(tx, [...new Set(unknown)]) : []
  const at = new Date(deps.clock.now())
  const rows = announcements.map((it) =>
    rowsOf(it, it.subscribers ?? found.filter(({ workspaceId }) => workspaceId === it.call.workspaceId), at),
  )
  const due = rows.flatMap((it) => it.due)
  const written = rows.map((it) => it.event)
  await Promise.all([
    tx.execute(insertRows(events, written)),
    ...(due.length ? [tx.execute(insertRows(deliveries, due))] : []),
    deps.sendAll(
      tx,
      'deliver',
      due.map((row) => ({ data: { deliveryId: row.id, try: 1 } })),
    ),
  ])
  return written.map(({ id }) => id)
}

async function subscribersOf(tx: Tx, workspaceIds: string[]): Promise<(Subscriber & { workspaceId: string })[]> {
  const { id, workspaceId, events } = endpoints
  return tx
    .select({ id, workspaceId, events })
    .from(endpoints)
    .where(and(sql`${workspaceId} = ${anyOf(workspaceIds)}`, isNull(endpoints.disabledAt)))
}

function rowsOf({ type, call, fields }: Announcement, subscribers: Subscriber[], createdAt: Date) {
  const id = newId('evt')
  const payload = {
    event: type,
    id,
    created_at: createdAt.toISOString(),
    test: call.mode === 'test',
    call_id: call.id,
    lead_id: call.leadId,
    flow_id: call.flowId,
    ...fields,
  }
  const subscribed = subscribers.filter((endpoint) => endpoint.events.some((pattern) => covers(pattern, type)))
  const due = subscribed.map((endpoint) => newDelivery(id, endpoint.id, createdAt))
  return {
    event: { id, workspaceId: call.workspaceId, mode: call.mode, callId: call.id, type, payload, createdAt },
    due,
  }
}

/** A delivery before its first try. */
export const newDelivery = (eventId: string, endpointId: string, at: Date): typeof deliveries.$inferSelect => ({
  ...{ id: newId('dlv'), eventId, endpointId, status: 'pending', nextTryAt: at },
  ...{ tries: 0, lastStatus: null, lastError: null, deliveredAt: null },
})
