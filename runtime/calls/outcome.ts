import type { EventName } from '../../openapi/events.ts'
import type { Outcome } from '../../openapi/schemas/call.ts'
import type { FlowAction } from '../../openapi/schemas/flow-document.ts'
import { artifactLinks } from '../artifacts/links.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq, isNotNull } from '../db/drizzle.ts'
import { attempts } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { MILESTONE, traceOf } from '../telemetry/spans.ts'
import { announce } from '../webhooks/announce.ts'
import { runActions } from './actions.ts'
import { advance, type CallRow } from './advance.ts'
import { retryTime } from './retry-time.ts'

/** Milliseconds since the lead was received. */
export function metricsOf(call: CallRow) {
  const since = (at: Date | null) => (at ? at.getTime() - call.createdAt.getTime() : null)
  return {
    first_dial_ms: since(call.firstDialAt),
    answered_at_ms: since(call.answeredAt),
    outcome_at_ms: since(call.outcomeAt),
  }
}

/**
 * Ends a call with its one outcome: status, outcome, event and what the flow does next, in `tx`. `call` is locked.
 * Nothing happens when the call has ended already.
 */
export async function finish(
  tx: Tx,
  deps: Deps,
  call: CallRow,
  event: 'decided' | 'refused' | 'gave_up',
  { outcome, reason }: { outcome: Outcome; reason: string | null },
): Promise<void> {
  const at = new Date(deps.clock.now())
  const done = await advance(tx, deps, call, event, { outcome, reason, outcomeAt: at }, { outcome, reason })
  if (!done) return
  const own = {
    reason,
    ...(outcome === 'booked' ? { booking: done.booking } : {}),
    ...(outcome === 'qualified' ? { handoff: done.findings.handoff ?? null } : {}),
    ...(outcome === 'no_answer' ? { retry: null } : {}),
    ...(outcome === 'not_fit' ? { detail: detailOf(done) } : {}),
  }
  const fields = await resultFields(tx, deps, done, own)
  const eventId = await announce(tx, deps, { type: `outcome.${outcome}` as EventName, call: done, fields })
  deps.telemetry.span(traceOf(done), 'outcome.write', {
    startedAt: at.getTime(),
    endedAt: deps.clock.now(),
    status: outcome,
    attributes: { [MILESTONE]: true, ...(reason ? { reason } : {}) },
  })
  const flow = await deps.flowVersions.of(tx, done)
  await runActions(tx, deps, done, { outcome, reason, flow, eventId })
}

/**
 * An attempt that reached nobody: the flow's next try is planned, or, when its tries are spent, the call ends as `no_answer`.
 * Whoever opted out while it rang is promised none: the call ends as `not_fit`.
 * One `outcome.no_answer` is sent for each missed attempt; `call` is locked.
 */
export async function miss(tx: Tx, deps: Deps, call: CallRow, reason: string): Promise<void> {
  const flow = await deps.flowVersions.of(tx, call)
  const retry = flow.on.no_answer.find((action) => action.type === 'retry')
  if (!retry || call.attemptsMade >= retry.max) {
    await finish(tx, deps, call, 'gave_up', { outcome: 'no_answer', reason })
    return
  }
  const delayMs = retryDelayMs(retry, call.attemptsMade) / call.clockRate
  const notBefore = await retryTime(tx, deps, call, flow, new Date(deps.clock.now() + delayMs))
  if (!notBefore) {
    const event = call.status === 'in_progress' ? 'decided' : 'refused'
    await finish(tx, deps, call, event, { outcome: 'not_fit', reason: 'opted_out' })
    return
  }
  const waiting = await advance(tx, deps, call, 'missed', { notBefore, reason }, { reason })
  if (!waiting) return
  const next = { attempt: call.attemptsMade + 1, max: retry.max, at: notBefore.toISOString() }
  const fields = await resultFields(tx, deps, waiting, { outcome: 'no_answer', reason, retry: next })
  await Promise.all([
    announce(tx, deps, { type: 'outcome.no_answer', call: waiting, fields }),
    deps.send(tx, 'dial', { callId: call.id }, { delayMs: +notBefore - deps.clock.now(), priority: call.priority }),
  ])
}

/** On the call's own clock. `attemptsMade` is 1 after the first miss. */
export function retryDelayMs(retry: Extract<FlowAction, { type: 'retry' }>, attemptsMade: number): number {
  const base = retry.delay_seconds * 1000
  if (retry.backoff <= 1) return base
  // ±10 %, so that calls that failed together do not come back together.
  return base * retry.backoff ** (attemptsMade - 1) * (0.9 + Math.random() * 0.2)
}

/** Whether the person is worth a callback, by the outcome. */
export const hasQualified = (outcome: Outcome | null): boolean => outcome === 'booked' || outcome === 'qualified'

/** The sentence behind the reason, when the reason is the one it was given for. */
export function detailOf({ findings, reason }: CallRow): string | null {
  return findings.notFit?.reason === reason ? (findings.notFit?.detail ?? null) : null
}

/** In the order of the product page: what it came to, then how. @param own members of this outcome alone. */
async function resultFields(tx: Tx, deps: Deps, call: CallRow, own: object) {
  const answered = await answeredOf(tx, call)
  const isKept = answered.some((attempt) => !attempt.recordingLost)
  return {
    outcome: call.outcome,
    qualified: hasQualified(call.outcome),
    ...own,
    answers: call.answers,
    metrics: metricsOf(call),
    artifacts: artifactLinks(deps, call, answered.length > 0, isKept),
  }
}

/** The attempts in which somebody or something picked up. */
async function answeredOf(tx: Tx, call: CallRow) {
  if (!call.answeredAt && call.attemptsMade < 2) return []
  const { recordingLost } = attempts
  const answered = and(eq(attempts.callId, call.id), isNotNull(attempts.answeredAt))
  return tx.select({ recordingLost }).from(attempts).where(answered)
}
