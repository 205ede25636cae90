import type { LeadReceipt } from '../../openapi/schemas/lead.ts'
import type { Clock } from '../clock.ts'
import type { CallRow } from './advance.ts'
import { toCallTime } from './call-time.ts'

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

/** Whose time a test call lives in; nothing for a live one. */
export function sandboxView(call: CallRow, clock: Clock) {
  if (call.mode === 'live') return {}
  const now = toCallTime(call, new Date(clock.now())).toISOString()
  return { sandbox: { clock: now, pace: call.pace, waits: call.clockRate } }
}
