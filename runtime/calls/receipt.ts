import type { LeadReceipt } from '../../openapi/schemas/lead.ts'
import type { Clock } from '../clock.ts'
import type { CallRow } from './advance.ts'
import { toCallTime } from './call-time.ts'
import { isTerminal } from './lifecycle.ts'

/** What a lead's request is answered with. */
export function receiptOf(call: CallRow, clock: Clock, reason: string | null): LeadReceipt {
  return {
    lead_id: call.leadId,
    call_id: call.id,
    status: call.status,
    flow_id: call.flowId,
    flow_version: call.flowVersion,
    not_before: call.notBefore?.toISOString() ?? null,
    reason,
    trace_id: call.traceId,
    test: call.mode === 'test',
    ...sandboxView(call, clock),
  }
}

/** Whose time a test call lives in; nothing for a live one. Once the call is over its time stands still, and the answer with it. */
export function sandboxView(call: CallRow, clock: Clock) {
  if (call.mode === 'live') return {}
  const at = isTerminal(call.status) ? call.updatedAt : new Date(clock.now())
  return { sandbox: { clock: toCallTime(call, at).toISOString(), pace: call.pace, waits: call.clockRate } }
}
