import { CallNotPlaced, CallOutcomeUnknown, CallRefused, CarrierNotReached } from '../carrier/port.ts'
import { and, isNull, sql } from '../db/drizzle.ts'
import { anyOf } from '../db/rows.ts'
import { attempts } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import type { Jobs } from '../jobs/queues.ts'
import { lockCall } from './advance.ts'
import { type AttemptRow, endAttempt, recordPlaced, unplace } from './attempt.ts'
import { CARRIER_UNAVAILABLE, type Claim, claimDials } from './claim-dial.ts'
import { finish, miss } from './outcome.ts'

const RING_SECONDS = 30
/** The loop ends a long call politely; the carrier cuts it this much later, should the loop be gone. */
const SPARE_SECONDS = 60
/**
 * The job that rings somebody. In one transaction: lock the call, ask `mayDial` again, write the attempt. Then, outside any
 * transaction, ask the carrier; then write what it said. Safe to run twice: a call that is being dialed is not claimed again.
 */
export async function dial(deps: Deps, job: Jobs['dial']): Promise<void> {
  const claim = await deps.together(claimDials, job)
  if (claim) await ask(deps, claim)
}

async function ask(deps: Deps, { call, attempt, streamToken, flow }: Claim): Promise<void> {
  const { carrier, outage, callbackBase } = deps.networks.of(call)
  if (!(await deps.together(stillMine, attempt))) return
  const deadline = attempt.deadlineAt.getTime()
  const abort = new AbortController()
  const timer = deps.clock.setTimeout(() => abort.abort(), deadline - deps.clock.now())
  try {
    const { carrierId } = await carrier.placeCall({
      from: attempt.fromPhone,
      to: attempt.phone,
      ringSeconds: RING_SECONDS,
      maxSeconds: flow.call.max_duration_seconds + SPARE_SECONDS,
      statusUrl: `${callbackBase}/carrier/twilio/status/${attempt.id}`,
      mediaUrl: attempt.mediaUrl,
      streamParameters: { attempt: attempt.id, token: streamToken, call: call.id },
      detectMachine: flow.call.detect_machine,
      signal: abort.signal,
      beforeSend() {
        // A process that was frozen wakes up here: by now somebody else may have dialed.
        if (deps.clock.now() >= deadline) throw new CallNotPlaced('the deadline of this dial is over')
      },
    })
    outage.reached()
    await recordPlaced(deps, carrier, attempt.id, carrierId)
  } catch (error) {
    if (error instanceof CarrierNotReached) {
      const delayMs = outage.missed(error.message)
      await unplace(deps, attempt.id, error.message, { delayMs, reason: CARRIER_UNAVAILABLE })
    } else {
      // Whatever it answered, somebody took the connection.
      outage.reached()
      await explain(deps, attempt, error)
    }
  } finally {
    deps.clock.clearTimeout(timer)
  }
}

/** Once more before the carrier is asked: a slow process may have lost its attempt to the reconciler. */
async function stillMine({ db }: Deps, claimed: AttemptRow[]): Promise<boolean[]> {
  const open = await db
    .select({ id: attempts.id, fence: attempts.fence })
    .from(attempts)
    .where(
      and(
        sql`${attempts.id} = ${anyOf(claimed.map(({ id }) => id))}`,
        isNull(attempts.carrierId),
        isNull(attempts.endedAt),
      ),
    )
  const fences = new Map(open.map(({ id, fence }) => [id, fence]))
  return claimed.map(({ id, fence }) => fences.get(id) === fence)
}

async function explain(deps: Deps, attempt: AttemptRow, error: unknown): Promise<void> {
  if (error instanceof CallOutcomeUnknown)
    return deps.log.warn({ attempt: attempt.id, err: error }, 'the carrier did not say whether it dials')
  if (error instanceof CallNotPlaced)
    return unplace(deps, attempt.id, error.message, { delayMs: error.retryAfterSeconds * 1000 })
  if (!(error instanceof CallRefused)) throw error
  const { reason, carrierCode } = error
  await deps.db.transaction(async (tx) => {
    const call = await lockCall(tx, attempt.callId)
    const result = reason === 'invalid_number' ? 'wrong_number' : 'failed'
    const ended = call && (await endAttempt(tx, deps, call, attempt.id, { result, errorCode: carrierCode }))
    if (!ended) return
    if (result === 'wrong_number')
      await finish(tx, deps, call, 'decided', { outcome: 'wrong_number', reason: 'invalid_number' })
    else await miss(tx, deps, call, 'carrier_rejected')
  })
}
