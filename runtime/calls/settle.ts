import { workspaceSettings } from '../access/workspaces.ts'
import { settleBookings } from '../bookings/settle.ts'
import type { Tx } from '../db/connect.ts'
import { eq } from '../db/drizzle.ts'
import { calls } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import type { CallRow } from './advance.ts'
import { type AttemptRow, callOfAttempt, endAttempt, isCurrent, lockAttempt } from './attempt.ts'
import { decide } from './decide.ts'
import { notesOf } from './notes.ts'
import { finish, hasQualified, miss } from './outcome.ts'
import { traceQualified } from './qualify.ts'

const LOOK_AGAIN_MS = 2_000
/** No call lasts longer. */
const LONGEST_MS = 4 * 3_600_000

/**
 * The job that the carrier's last callback or the reconciler sends. While the process that carries the conversation lives, only that
 * process knows how it ended, and writes it as soon as the database lets it: until then nothing is decided, and nobody is rung again.
 */
export async function settleUnheard(deps: Deps, { attemptId }: { attemptId: string }): Promise<void> {
  const found = await callOfAttempt(deps, attemptId)
  if (!found || !isCurrent(found)) return
  if (!isAwaited(deps, found.attempt)) return settle(deps, { attemptId })
  await deps.db.transaction((tx) => deps.send(tx, 'settle', { attemptId }, { delayMs: LOOK_AGAIN_MS }))
}

function isAwaited({ clock, nodes }: Deps, { askedAt, mediaEndedAt, mediaNode }: AttemptRow): boolean {
  if (mediaNode === null || mediaEndedAt !== null) return false
  return clock.now() - askedAt.getTime() < LONGEST_MS && !nodes.isGone(mediaNode)
}

/**
 * Decides what an answered attempt means, once: by the process that carried its media when the conversation ends, or, when that
 * process died, by a job.
 */
export async function settle(deps: Deps, { attemptId }: { attemptId: string }): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (!found || !isCurrent(found)) return
    const { attempt } = found
    const call = await withBooking(tx, deps, found.call)
    const flow = await deps.flowVersions.of(tx, call)
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
    if (decision.kind === 'missed') return miss(tx, deps, call, decision.reason)
    // With all its slots answered, the conversation reached this milestone itself.
    if (!call.findings.qualified) traceQualified(deps, call, flow, hasQualified(decision.outcome))
    await finish(tx, deps, call, 'decided', decision)
  })
}

/** A process that died between confirming a slot and writing it down leaves the slot in the calendar alone. */
async function withBooking(tx: Tx, deps: Deps, call: CallRow): Promise<CallRow> {
  const kept = await settleBookings(tx, deps, call.id, call.booking)
  if (call.booking || !kept) return call
  const { calendars } = await workspaceSettings(tx, call.workspaceId)
  const owner = calendars.find((it) => it.name === kept.calendar)?.owner ?? kept.calendar
  const booking = { slot: kept.slotAt.toISOString(), owner, notes: notesOf(call.answers) }
  await tx.update(calls).set({ booking }).where(eq(calls.id, call.id))
  return { ...call, booking }
}
