import type { LeadReceipt } from '../../openapi/schemas/lead.ts'
import { advance, lockCall } from '../calls/advance.ts'
import { receiptOf } from '../calls/receipt.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq } from '../db/drizzle.ts'
import { calls } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { ProblemError } from '../problem.ts'

/**
 * Cancels a lead's call while no dial was tried. Cancelling again answers the same.
 * @throws not_found; already_dialed once an attempt exists, also when a retry is still to come.
 */
export async function cancelLead(tx: Tx, deps: Deps, caller: Caller, leadId: string): Promise<LeadReceipt> {
  const [found] = await tx
    .select({ id: calls.id })
    .from(calls)
    .where(and(eq(calls.leadId, leadId), eq(calls.workspaceId, caller.workspaceId), eq(calls.mode, caller.mode)))
  const call = found && (await lockCall(tx, found.id))
  if (!call) throw new ProblemError('not_found', `There is no lead ${leadId} here.`, { param: 'id' })
  if (call.status === 'cancelled') return receiptOf(call, deps.clock, call.reason)
  const dialed = new ProblemError(
    'already_dialed',
    `The call ${call.id} is ${call.status} after ${call.attemptsMade} ${call.attemptsMade === 1 ? 'dial' : 'dials'}.`,
    {
      suggestedAction: `Fetch ${call.id} to see how it goes; it can no longer be cancelled.`,
    },
  )
  if (call.attemptsMade > 0) throw dialed
  const cancelled = await advance(tx, deps, call, 'cancelled')
  if (!cancelled) throw dialed
  return receiptOf(cancelled, deps.clock, null)
}
