import { eventExamples } from '../../openapi/event-examples.ts'
import { and, eq } from '../db/drizzle.ts'
import { endpoints } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { newId } from '../ids.ts'
import { ProblemError } from '../problem.ts'
import { isNamed } from './endpoints.ts'
import { sign } from './sign.ts'

/** What the receiver said to a test event. */
export interface TestResult {
  event_id: string
  url: string
  ok: boolean
  /** Its HTTP status; null when there was no answer. */
  status: number | null
  /** Why it counts as failed; null when it does not. */
  error: string | null
  /** Milliseconds from the request to the answer. */
  took_ms: number
}

/**
 * Posts the example of `outcome.booked` with `test: true` to an endpoint, signed as every event, once and at once. Nothing of it is
 * kept: it is no event of the workspace, and a failure does not count against the endpoint.
 * @throws not_found.
 */
export async function sendTest(
  deps: Pick<Deps, 'db' | 'clock' | 'postWebhook'>,
  { workspaceId }: Caller,
  endpointId: string,
): Promise<TestResult> {
  const [endpoint] = await deps.db
    .select()
    .from(endpoints)
    .where(and(eq(endpoints.id, endpointId), eq(endpoints.workspaceId, workspaceId), isNamed))
  if (!endpoint) throw new ProblemError('not_found', `There is no webhook endpoint ${endpointId} here.`)
  const id = newId('evt')
  const at = new Date(deps.clock.now())
  const payload = { ...eventExamples['outcome.booked'], id, created_at: at.toISOString(), test: true }
  const body = JSON.stringify(payload)
  const result = await deps.postWebhook(endpoint.url, sign(endpoint, id, at, body), body)
  return {
    event_id: id,
    url: endpoint.url,
    ok: result.ok,
    status: result.status ?? null,
    error: result.error ?? null,
    took_ms: deps.clock.now() - at.getTime(),
  }
}
