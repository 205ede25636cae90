import { and, eq } from 'drizzle-orm'
import { workspaceSettings } from '../access/workspaces.ts'
import type { Tx } from '../db/connect.ts'
import { bookings, calls } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { flowVersion } from '../flows/read.ts'
import type { CallRow } from './advance.ts'
import { endAttempt, isCurrent, lockAttempt } from './attempt.ts'
import { decide } from './decide.ts'
import { notesOf } from './notes.ts'
import { finish, hasQualified, miss } from './outcome.ts'
import { traceQualified } from './qualify.ts'

/**
 * Decides what an answered attempt means, once: by the process that carried its media when the conversation ends, or, when that
 * process died, by a job that the carrier's last callback or the reconciler sends.
 */
export async function settle(deps: Deps, { attemptId }: { attemptId: string }): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (!found || !isCurrent(found)) return
    const { attempt } = found
    const call = await withBooking(tx, found.call)
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
      .where(and(eq(bookings.callId, call.id), eq(bookings.status, 'held')))
    if (decision.kind === 'missed') return miss(tx, deps, call, decision.reason)
    // With all its slots answered, the conversation reached this milestone itself.
    if (!call.findings.qualified) traceQualified(deps, call, flow, hasQualified(decision.outcome))
    await finish(tx, deps, call, 'decided', decision)
  })
}

/** A process that died between confirming a slot and writing it down leaves the slot in the calendar alone. */
async function withBooking(tx: Tx, call: CallRow): Promise<CallRow> {
  if (call.booking) return call
  const [slot] = await tx
    .select()
    .from(bookings)
    .where(and(eq(bookings.callId, call.id), eq(bookings.status, 'confirmed')))
  if (!slot) return call
  const { calendars } = await workspaceSettings(tx, call.workspaceId)
  const owner = calendars.find((it) => it.name === slot.calendar)?.owner ?? slot.calendar
  const booking = { slot: slot.slotAt.toISOString(), owner, notes: notesOf(call.answers) }
  await tx.update(calls).set({ booking }).where(eq(calls.id, call.id))
  return { ...call, booking }
}
