import type { Carrier, CarrierEvent, CarrierStatus, Verdict } from '../carrier/port.ts'
import type { Tx } from '../db/connect.ts'
import { eq, sql } from '../db/drizzle.ts'
import { attempts, calls } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { traceOf } from '../telemetry/spans.ts'
import { type AttemptOnCall, endAttempt, isCurrent, lockAttempt, placedIn, recordPlaced } from './attempt.ts'
import { miss } from './outcome.ts'
import { leadEnded } from './transfer/event.ts'

/** How long the process that carried the media may take to write down its last words before the call is decided without them. */
const MEDIA_FLUSH_MS = 5_000

/**
 * What the carrier reports of an attempt. Reports come late, twice and in any order; each is safe to apply again, and one about
 * an attempt that is over changes nothing. A call nobody here asked for is ended.
 * @param seen the attempt as it was read just now, if it was.
 */
export async function carrierEvent(
  deps: Deps,
  carrier: Carrier,
  attemptId: string,
  event: CarrierEvent,
  seen?: AttemptOnCall,
): Promise<void> {
  if (seen && isCurrent(seen) && onlyNames(event)) {
    // Most reports say that it rings or runs. That is known, or becomes so with the carrier's name for the call.
    if (seen.attempt.carrierId === event.carrierId) return
    if (!seen.attempt.carrierId) return recordPlaced(deps, carrier, attemptId, event.carrierId)
  }
  const unwanted = await deps.db.transaction(async (tx) => apply(tx, deps, attemptId, event))
  if (unwanted) await carrier.hangUp(event.carrierId)
  if (seen?.call.findings.handoff && isOver(event.status)) await leadEnded(deps, seen.call, attemptId)
}

/** Whether nothing can follow from a report but that the call exists. */
const onlyNames = ({ status, answeredBy }: CarrierEvent): boolean => !isOver(status) && !isKnown(answeredBy)

const isKnown = (answeredBy: CarrierEvent['answeredBy']) => answeredBy !== null && answeredBy !== 'unknown'

/** On it the process that carries the media of an attempt hears who picked up; the payload is the attempt's id. */
export const VERDICT_CHANNEL = 'talkif_verdict'

/** @returns true when the carrier should end the call. */
async function apply(tx: Tx, deps: Deps, attemptId: string, event: CarrierEvent): Promise<boolean> {
  const found = await lockAttempt(tx, attemptId)
  const over = isOver(event.status)
  // Without its row the attempt was given up as never placed, so another may be ringing the same person: this one must not.
  if (!found || !isCurrent(found)) {
    // The last word on a call that was settled when its conversation ended is nothing to report.
    const expected = event.status === 'completed' && found?.attempt.carrierId === event.carrierId
    if (found && !expected) ignored(deps, found, event)
    return !over && !isTransferred(found, event)
  }
  const { attempt } = found
  if (attempt.carrierId && attempt.carrierId !== event.carrierId) {
    ignored(deps, found, event)
    return !over
  }
  if (!attempt.carrierId) await placedIn(tx, deps, [{ ...found, carrierId: event.carrierId }])
  const { answeredBy } = event
  // The last callback repeats the verdict, and somebody may have spoken since.
  const isNews = answeredBy !== null && answeredBy !== 'unknown' && attempt.answeredBy === null
  const hangUp = isNews && (await judgedBy(tx, deps, found, answeredBy)) && !over
  if (over) await ended(tx, deps, found, event)
  return hangUp
}

/**
 * @returns true when the call should be ended: nobody is there, and the flow has nothing to say to a machine. Once the media run, their
 * process decides: it knows whether a person talks by now.
 */
async function judgedBy(tx: Tx, deps: Deps, { attempt, call }: AttemptOnCall, answeredBy: Verdict): Promise<boolean> {
  await tx.update(attempts).set({ answeredBy }).where(eq(attempts.id, attempt.id))
  await tx.execute(sql`select pg_notify(${VERDICT_CHANNEL}, ${attempt.id})`)
  // A robot that asks for our name sounds like a machine.
  if (call.findings.screened) return false
  const findings = { ...call.findings, voicemail: answeredBy === 'human' ? undefined : true }
  await tx.update(calls).set({ findings }).where(eq(calls.id, call.id))
  if (attempt.answeredAt) return false
  const { voicemail_message } = (await deps.flowVersions.of(tx, call)).call
  return answeredBy === 'fax' || (answeredBy !== 'human' && voicemail_message === null)
}

async function ended(tx: Tx, deps: Deps, { attempt, call }: AttemptOnCall, event: CarrierEvent): Promise<void> {
  const status = event.status as 'completed' | 'busy' | 'no_answer' | 'failed' | 'canceled'
  if (status === 'completed' || attempt.answeredAt) {
    const delayMs = attempt.mediaEndedAt ? 0 : MEDIA_FLUSH_MS
    await deps.send(tx, 'settle', { attemptId: attempt.id }, { delayMs })
    return
  }
  const first = await endAttempt(tx, deps, call, attempt.id, { result: status, errorCode: event.errorCode })
  if (first) await miss(tx, deps, call, status === 'failed' ? 'carrier_failed' : status)
}

/** For us it is over; the lead talks to a colleague. */
const isTransferred = (found: AttemptOnCall | undefined, { carrierId }: CarrierEvent): boolean =>
  found?.attempt.endedBy === 'transferred' && found.attempt.carrierId === carrierId

const isOver = (status: CarrierStatus): boolean => !['queued', 'ringing', 'in_progress'].includes(status)

function ignored(deps: Deps, { call, attempt }: AttemptOnCall, event: CarrierEvent): void {
  const at = deps.clock.now()
  deps.telemetry.span(traceOf(call), 'callback.ignored', {
    startedAt: at,
    endedAt: at,
    status: 'ignored',
    attributes: { status: event.status, attempt: attempt.attempt, provider_call_sid: event.carrierId },
  })
}
