import { and, eq, isNotNull, isNull, lt, sql } from '../db/drizzle.ts'
import { anyOf, joinedColumnsOf, readJoined } from '../db/rows.ts'
import { deliveries, endpoints, events } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { MILESTONE, traceOf } from '../telemetry/spans.ts'
import type { PostResult } from './post.ts'
import { sign } from './sign.ts'

const minutes = 60_000
const hours = 60 * minutes
/** Waits before the second and later tries, after Standard Webhooks; 80 h in all. */
export const RETRY_AFTER_MS = [
  5_000,
  5 * minutes,
  30 * minutes,
  2 * hours,
  5 * hours,
  10 * hours,
  14 * hours,
  20 * hours,
  24 * hours,
]
/** Whose answers take longer than this waits in the other lane. */
const SLOW_MS = 2_000
const DISABLE_AFTER_MS = 5 * 24 * hours

/**
 * One try of one delivery. Every try has the same `webhook-id`; a receiver that saw it before may ignore it.
 * A failed try plans the next as a job of its own; the last one leaves a dead letter that can be sent again.
 */
export async function deliver(
  deps: Deps,
  job: { deliveryId: string; try: number },
  queue: 'deliver' | 'deliver_failing',
): Promise<void> {
  const found = await deps.together(readDeliveries, job.deliveryId)
  // A job that ran twice, or whose try another worker already made.
  if (found?.delivery.status !== 'pending' || found.delivery.tries >= job.try) return
  const { event, endpoint, call } = found
  if (endpoint.disabledAt) return bury(deps, job.deliveryId, `the endpoint is disabled: ${endpoint.disabledReason}`)
  if ((endpoint.failingSince || endpoint.slowSince) && queue === 'deliver') {
    return deps.db.transaction((tx) => deps.send(tx, 'deliver_failing', job))
  }

  const body = JSON.stringify(event.payload)
  const startedAt = deps.clock.now()
  const headers = sign(endpoint, event.id, new Date(startedAt), body)
  const result = await timed(deps, endpoint, deps.postWebhook(endpoint.url, headers, body))
  const endedAt = deps.clock.now()
  deps.telemetry.span(traceOf(call), 'webhook.out', {
    startedAt,
    endedAt,
    status: result.ok ? 'ok' : 'failed',
    attributes: {
      event: event.type,
      try: job.try,
      ...(result.status ? { http_status: result.status } : {}),
      ...(result.error ? { error: result.error } : {}),
      ...(result.ok && isLastMilestone(event) ? { [MILESTONE]: true } : {}),
    },
  })
  if (result.ok) await succeed(deps, job, endpoint, result, endedAt)
  else await fail(deps, job, endpoint, result, endedAt)
}

/** Notes that an endpoint has become slow, while its answer is still awaited, or quick again. */
async function timed(
  deps: Deps,
  { id, slowSince }: typeof endpoints.$inferSelect,
  answer: Promise<PostResult>,
): Promise<PostResult> {
  const set = (since: Date | null) =>
    deps.db
      .update(endpoints)
      .set({ slowSince: since })
      .where(and(eq(endpoints.id, id), (since ? isNull : isNotNull)(endpoints.slowSince)))
      .catch((error) => deps.log.warn({ err: error, endpoint: id }, 'how quick an endpoint is was not written'))
  let isSlow = false
  const patience = deps.clock.setTimeout(() => {
    isSlow = true
    if (!slowSince) void set(new Date(deps.clock.now()))
  }, SLOW_MS)
  const result = await answer
  deps.clock.clearTimeout(patience)
  if (slowSince && !isSlow && result.ok) await set(null)
  return result
}

/** The trace ends with the outcome: misses that are retried add no row. */
const isLastMilestone = ({ type, payload }: typeof events.$inferSelect) => type.startsWith('outcome.') && !payload.retry

/** This try's own row: one that another worker has written on meanwhile stays as it is. */
const ownTry = (job: { deliveryId: string; try: number }) =>
  and(eq(deliveries.id, job.deliveryId), eq(deliveries.status, 'pending'), lt(deliveries.tries, job.try))

/** A delivery with what it is about. */
interface Found {
  delivery: typeof deliveries.$inferSelect
  event: typeof events.$inferSelect
  endpoint: typeof endpoints.$inferSelect
  /** Whose trace tells of it. */
  call: { traceId: string; rootSpanId: string }
}

async function readDeliveries({ db }: Deps, ids: string[]): Promise<(Found | undefined)[]> {
  const rows = await db.execute<{ trace_id: string; root_span_id: string }>(sql`
    select ${joinedColumnsOf(deliveries)}, ${joinedColumnsOf(events)}, ${joinedColumnsOf(endpoints)}, trace_id, root_span_id
    from deliveries join events on events.id = deliveries.event_id join endpoints on endpoints.id = deliveries.endpoint_id
      join calls on calls.id = events.call_id
    where deliveries.id = ${anyOf(ids)}`)
  const found = rows.map((row) => ({
    delivery: readJoined(deliveries, row),
    event: readJoined(events, row),
    endpoint: readJoined(endpoints, row),
    call: { traceId: row.trace_id, rootSpanId: row.root_span_id },
  }))
  const byId = new Map(found.map((it) => [it.delivery.id, it]))
  return ids.map((id) => byId.get(id))
}

async function succeed(
  deps: Deps,
  job: { deliveryId: string; try: number },
  endpoint: typeof endpoints.$inferSelect,
  result: PostResult,
  at: number,
): Promise<void> {
  const done = { id: job.deliveryId, tries: job.try, last_status: result.status, delivered_at: new Date(at) }
  const isOurs = await deps.together(writeDelivered, done)
  // Nearly always there is nothing to change, and then nothing is written: deliveries to one endpoint do not wait for each other.
  if (!isOurs || !endpoint.failingSince) return
  await deps.db
    .update(endpoints)
    .set({ failingSince: null })
    .where(and(eq(endpoints.id, endpoint.id), isNotNull(endpoints.failingSince)))
}

/** By the names of the columns. */
interface Delivered {
  id: string
  tries: number
  last_status: number | undefined
  delivered_at: Date
}

/** @returns of each whether it was still waiting for this try. */
async function writeDelivered({ db }: Deps, done: Delivered[]): Promise<boolean[]> {
  const rows = await db.execute(sql`
    update deliveries set status = 'delivered', tries = done.tries, last_status = done.last_status, last_error = null,
      next_try_at = null, delivered_at = done.delivered_at
    from json_populate_recordset(null::deliveries, ${JSON.stringify(done)}::text::json) as done
    where deliveries.id = done.id and deliveries.status = 'pending' and deliveries.tries < done.tries
    returning deliveries.id`)
  const ids = new Set(rows.map((row) => row.id))
  return done.map(({ id }) => ids.has(id))
}

async function fail(
  deps: Deps,
  job: { deliveryId: string; try: number },
  endpoint: typeof endpoints.$inferSelect,
  result: PostResult,
  at: number,
): Promise<void> {
  const wait = RETRY_AFTER_MS[job.try - 1]
  // ±20 %, so that what failed together does not come back together.
  const delayMs = wait === undefined ? undefined : wait * (0.8 + Math.random() * 0.4)
  const gone = result.status === 410
  const disabled = await deps.db.transaction(async (tx) => {
    // As it is now: another try may have succeeded while this one waited for its answer.
    const here = eq(endpoints.id, endpoint.id)
    const [now] = await tx.select({ since: endpoints.failingSince }).from(endpoints).where(here).for('update')
    const failingSince = now?.since ?? new Date(at)
    const disabled = gone || at - failingSince.getTime() > DISABLE_AFTER_MS
    const last = delayMs === undefined || disabled
    const [own] = await tx
      .update(deliveries)
      .set({
        status: last ? 'dead' : 'pending',
        tries: job.try,
        lastStatus: result.status ?? null,
        lastError: result.error ?? `HTTP ${result.status}`,
        nextTryAt: last ? null : new Date(at + delayMs),
      })
      .where(ownTry(job))
      .returning({ id: deliveries.id })
    if (!own) return false
    await tx
      .update(endpoints)
      .set(
        disabled
          ? {
              failingSince,
              disabledAt: new Date(at),
              disabledReason: gone ? 'it answered 410 Gone' : 'it failed for 5 days',
            }
          : { failingSince },
      )
      .where(and(here, isNull(endpoints.disabledAt)))
    if (!last) await deps.send(tx, 'deliver_failing', { ...job, try: job.try + 1 }, { delayMs })
    return disabled
  })
  if (disabled) deps.log.error({ endpoint: endpoint.id }, 'a webhook endpoint was disabled')
}

async function bury(deps: Deps, deliveryId: string, why: string): Promise<void> {
  await deps.db
    .update(deliveries)
    .set({ status: 'dead', lastError: why, nextTryAt: null })
    .where(and(eq(deliveries.id, deliveryId), eq(deliveries.status, 'pending')))
}
