import { CarrierUnavailable } from '../carrier/port.ts'
import { inArray } from '../db/drizzle.ts'
import { attempts } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import {
  type AttemptOnCall,
  callOfAttempt,
  endAttempt,
  isCurrent,
  lockAttempt,
  recordPlaced,
  unplace,
} from './attempt.ts'
import { carrierEvent } from './carrier-event.ts'
import { GRACE_MS } from './claim-dial.ts'
import { finish } from './outcome.ts'
import { rungAsColleagues } from './transfer/rows.ts'

/** How often a running dial is looked after, in case its last callback never comes. */
const LOOK_AGAIN_MS = { live: 30_000, test: 2_000 }
/** How far the carrier's clock may be from ours. */
const CLOCKS_DIFFER_MS = 5 * 60_000
/** How long the carrier may stay unreachable before a dial of unknown fate is given up, never to be tried again. */
const GIVE_UP_MS = 15 * 60_000

/**
 * Looks after one attempt until it is over. If nobody knows whether the carrier took it: adopt the call found there, or dial
 * again once it is known that there is none. While the carrier cannot be asked, nobody is rung.
 */
export async function reconcile(deps: Deps, { attemptId }: { attemptId: string }): Promise<void> {
  const found = await callOfAttempt(deps, attemptId)
  if (!found || !isCurrent(found)) return
  const { call, attempt } = found
  try {
    if (attempt.carrierId) await lookAfter(deps, found, attempt.carrierId)
    else await findOut(deps, found)
  } catch (error) {
    if (!(error instanceof CarrierUnavailable)) throw error
    deps.log.warn({ attempt: attemptId, err: error }, 'the carrier could not be asked about a dial')
    const unknownFor = deps.clock.now() - attempt.deadlineAt.getTime()
    if (!attempt.carrierId && unknownFor > GIVE_UP_MS) return giveUp(deps, attemptId)
  }
  await deps.db.transaction((tx) => deps.send(tx, 'reconcile', { attemptId }, { delayMs: LOOK_AGAIN_MS[call.mode] }))
}

async function lookAfter(deps: Deps, { call, attempt }: AttemptOnCall, carrierId: string): Promise<void> {
  const { carrier } = deps.networks.of(call)
  const known = await carrier.getCall(carrierId)
  const status = known?.status ?? 'failed'
  await carrierEvent(deps, carrier, attempt.id, {
    carrierId,
    status,
    answeredBy: null,
    sequence: null,
    errorCode: known ? null : 'lost',
  })
}

async function findOut(deps: Deps, { call, attempt }: AttemptOnCall): Promise<void> {
  const complete = attempt.deadlineAt.getTime() + GRACE_MS
  if (deps.clock.now() < complete) return
  const { carrier } = deps.networks.of(call)
  // Wide, because the carrier's clock is not ours; the lock on the number leaves no other dial to be mistaken for this one.
  const since = new Date(attempt.askedAt.getTime() - CLOCKS_DIFFER_MS)
  const calls = await carrier.findCalls({
    from: attempt.fromPhone,
    to: attempt.phone,
    since,
    until: new Date(complete + CLOCKS_DIFFER_MS),
  })
  const ids = calls.map((it) => it.carrierId)
  const taken = ids.length
    ? await deps.db.select({ carrierId: attempts.carrierId }).from(attempts).where(inArray(attempts.carrierId, ids))
    : []
  const colleagues = ids.length ? await rungAsColleagues(deps, ids) : []
  const [ours] = calls
    .filter((it) => !taken.some((other) => other.carrierId === it.carrierId) && !colleagues.includes(it.carrierId))
    .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
  if (!ours) return unplace(deps, attempt.id, 'the carrier knows of no such call', { delayMs: 0 })
  await recordPlaced(deps, carrier, attempt.id, ours.carrierId)
  await carrierEvent(deps, carrier, attempt.id, { ...ours, answeredBy: null, sequence: null, errorCode: null })
}

/** Nobody can say whether the phone rang; so it does not ring again. */
async function giveUp(deps: Deps, attemptId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (!found || !isCurrent(found)) return
    if (await endAttempt(tx, deps, found.call, attemptId, { result: 'carrier_unknown' })) {
      await finish(tx, deps, found.call, 'gave_up', { outcome: 'no_answer', reason: 'carrier_unknown' })
    }
  })
}
