import { and, eq, isNull } from 'drizzle-orm'
import { covers, type EventName } from '../../openapi/events.ts'
import type { Tx } from '../db/connect.ts'
import { insertRows } from '../db/rows.ts'
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

export function subscribersOf(tx: Pick<Tx, 'select'>, workspaceId: string): Promise<Subscriber[]> {
  return tx
    .select({ id: endpoints.id, events: endpoints.events })
    .from(endpoints)
    .where(and(eq(endpoints.workspaceId, workspaceId), isNull(endpoints.disabledAt)))
}

/**
 * Writes an event, one delivery for every endpoint that subscribed to it, and the job of each first try, all in `tx`.
 * @returns the event's id, which every delivery try carries as `webhook-id`.
 */
export async function announce(
  tx: Tx,
  deps: Pick<Deps, 'clock' | 'send'>,
  announcement: Announcement,
  subscribers?: Subscriber[],
): Promise<string> {
  const known = subscribers ?? (await subscribersOf(tx, announcement.call.workspaceId))
  const { event, due } = rowsOf(announcement, known, new Date(deps.clock.now()))
  await Promise.all([
    tx.execute(insertRows(events, [event])),
    ...(due.length ? [tx.execute(insertRows(deliveries, due))] : []),
    ...due.map((row) => deps.send(tx, 'deliver', { deliveryId: row.id, try: 1 })),
  ])
  return event.id
}

/** The same for many events, each with its own subscribers, in as many statements as for one. */
export async function announceAll(
  tx: Tx,
  deps: Pick<Deps, 'clock' | 'sendAll'>,
  announcements: (Announcement & { subscribers: Subscriber[] })[],
): Promise<void> {
  const at = new Date(deps.clock.now())
  const rows = announcements.map((it) => rowsOf(it, it.subscribers, at))
  const due = rows.flatMap((it) => it.due)
  await Promise.all([
    tx.execute(
      insertRows(
        events,
        rows.map((it) => it.event),
      ),
    ),
    ...(due.length ? [tx.execute(insertRows(deliveries, due))] : []),
    deps.sendAll(
      tx,
      'deliver',
      due.map((row) => ({ data: { deliveryId: row.id, try: 1 } })),
    ),
  ])
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
  const due = subscribed.map((endpoint) => ({
    id: newId('dlv'),
    eventId: id,
    endpointId: endpoint.id,
    status: 'pending' as const,
    nextTryAt: createdAt,
    ...{ tries: 0, lastStatus: null, lastError: null, deliveredAt: null },
  }))
  return {
    event: { id, workspaceId: call.workspaceId, mode: call.mode, callId: call.id, type, payload, createdAt },
    due,
  }
}
