import { and, eq, ne } from 'drizzle-orm'
import { bookings } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { flowVersion } from '../flows/read.ts'
import { endAttempt, isCurrent, lockAttempt } from './attempt.ts'
import { decide, isQualified } from './decide.ts'
import { finish, miss } from './outcome.ts'
import { traceQualified } from './qualify.ts'

/**
 * Decides what an answered attempt means, once: by the process that carried its media when the conversation ends, or, when that
 * process died, by a job that the carrier's last callback or the reconciler sends.
 */
export async function settle(deps: Deps, { attemptId }: { attemptId: string }): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (!found || !isCurrent(found)) return
    const { attempt, call } = found
    const flow = await flowVersion(tx, call.workspaceId, call.flowId, call.flowVersion)
    const facts = {
      findings: call.findings,
      answers: call.answers,
      slots: flow.qualify,
      booked: call.booking !== null,
      endedBy: attempt.endedBy,
      answeredBy: attempt.answeredBy,
    }
    const decision = decide(facts)
    const voicemail = decision.kind === 'missed' && decision.reason === 'voicemail'
    const result = voicemail ? 'voicemail' : attempt.answeredAt ? 'answered' : 'failed'
    if (!(await endAttempt(tx, deps, call, attemptId, { result }))) return
    // A slot that was only held goes back.
    await tx
      .update(bookings)
      .set({ status: 'released' })
      .where(and(eq(bookings.callId, call.id), eq(bookings.status, 'held'), ne(bookings.status, 'confirmed')))
    if (decision.kind === 'missed') return miss(tx, deps, call, decision.reason)
    const qualified = isQualified(facts)
    // With all its slots answered, the conversation reached this milestone itself.
    if (!call.findings.qualified) traceQualified(deps, call, flow, qualified)
    await finish(tx, deps, call, 'decided', { ...decision, qualified })
  })
}
