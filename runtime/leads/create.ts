import { isPerson } from '../../openapi/sandbox-people.ts'
import type { LeadReceipt } from '../../openapi/schemas/lead.ts'
import { authenticate, hashOfKey, holderOf, type KeyHolder } from '../access/keys.ts'
import { receiptOf } from '../calls/receipt.ts'
import { and, eq } from '../db/drizzle.ts'
import { optOuts } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { MILESTONE, traceOf } from '../telemetry/spans.ts'
import { type Answer, StartOver, type Work } from '../work.ts'
import { type Intake, readIntakeByKey, readIntakes } from './intake.ts'
import { openCallTo, type PreparedLead, prepareLead } from './prepare.ts'
import { type LeadInput, normaliseLead, phoneOf } from './read-lead.ts'
import { writeLeads } from './write.ts'

/**
 * The holder of a presented key, and what a lead for this input will be judged by, read in one statement: nothing takes longer in
 * an intake than a round trip to the database. The intake is missing when the phone says no number.
 * @throws unauthenticated.
 */
export async function admitLead(
  deps: Deps,
  presented: string | undefined,
  input: Record<string, unknown>,
): Promise<{ holder: KeyHolder; intake?: Intake }> {
  const phone = phoneOf(input)
  if (!phone) return { holder: await authenticate(deps, presented) }
  const read = await readIntakeByKey(deps, hashOfKey(presented), phone)
  const holder = holderOf(read?.found)
  return { holder, intake: read!.intake }
}

/**
 * Creates a lead and queues its call. A number that has an open call is answered with that call: a double form submit rings once.
 * @param admitted what was read at the door just now, if anything was.
 * @throws opted_out, no_flow_matches, unavailable.
 */
export async function createLead(
  deps: Deps,
  caller: Caller,
  input: LeadInput,
  admitted?: Intake,
): Promise<Work<LeadReceipt>> {
  const receivedAt = deps.clock.now()
  const normalised = await normaliseLead(input)
  const { phone } = normalised
  const read = admitted ?? (await readIntakes(deps, caller, [phone])).get(phone)!
  const forgets = read.optedOut && caller.mode === 'test' && isPerson(phone)
  if (forgets) await forgetOptOut(deps, caller, phone)
  const intake = forgets ? { ...read, optedOut: false } : read
  const open = intake.hasOpenCall && (await openCallTo(deps.db, caller, phone))
  if (open) {
    const receipt = receiptOf(open, deps.clock, 'duplicate')
    return { write: async () => ({ status: 202, body: receipt }) }
  }
  const prepared = await prepareLead(deps, caller, normalised, { intake, receivedAt })
  return {
    write: async (tx) => accepted((await writeLeads(tx, deps, [prepared])).get(prepared.call.id)),
    writeAlone: async () => accepted(await deps.writeLead(prepared)),
    written: () => traceIntake(deps, prepared),
  }
}

/** @throws StartOver when another request for the number was quicker. */
function accepted(receipt: LeadReceipt | undefined): Answer<LeadReceipt> {
  if (!receipt) throw new StartOver('another request for this number was quicker')
  return { status: 202, body: receipt }
}

/** The opt-outs of the sandbox's people last until the next lead for them. */
async function forgetOptOut(deps: Deps, caller: Caller, phone: string): Promise<void> {
  await deps.db
    .delete(optOuts)
    .where(and(eq(optOuts.workspaceId, caller.workspaceId), eq(optOuts.mode, 'test'), eq(optOuts.phone, phone)))
}

/** The first three milestones, once the intake is committed. */
export function traceIntake(deps: Deps, { call, flow, lead, matched }: PreparedLead): void {
  const received = lead.receivedAt.getTime()
  const milestone = { [MILESTONE]: true }
  deps.telemetry.span({ traceId: call.traceId }, 'lead.received', {
    startedAt: received,
    endedAt: received,
    spanId: call.rootSpanId,
    attributes: { ...milestone, call_id: call.id, lead_id: lead.id, source: lead.source, mode: call.mode },
  })
  deps.telemetry.span(traceOf(call), 'flow.match', {
    startedAt: matched.from,
    endedAt: matched.to,
    attributes: { ...milestone, flow_id: flow.id, flow_version: flow.version, why: flow.why },
  })
  deps.telemetry.span(traceOf(call), 'queue.enqueue', {
    startedAt: matched.to,
    endedAt: deps.clock.now(),
    attributes: { ...milestone, call_status: call.status, ...(call.reason ? { reason: call.reason } : {}) },
  })
}
