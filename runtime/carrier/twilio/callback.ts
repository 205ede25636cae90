import type { CarrierEvent, CarrierStatus } from '../port.ts'

/** The fields are not those of a Twilio voice callback. */
export class UnreadableCallback extends Error {
  override name = 'UnreadableCallback'
}

const statuses: Record<string, CarrierStatus> = {
  queued: 'queued',
  initiated: 'queued',
  ringing: 'ringing',
  'in-progress': 'in_progress',
  completed: 'completed',
  busy: 'busy',
  'no-answer': 'no_answer',
  failed: 'failed',
  canceled: 'canceled',
}

/** Twilio's spelling of a call's status in our words. Throws {@link UnreadableCallback} for one that we do not know. */
export function carrierStatus(status: string | undefined): CarrierStatus {
  const known = status === undefined ? undefined : statuses[status]
  if (!known) throw new UnreadableCallback(`unknown call status ${JSON.stringify(status)}`)
  return known
}

/**
 * Reads a status callback (https://www.twilio.com/docs/voice/api/call-resource#statuscallback) or an asynchronous answering
 * machine verdict (https://www.twilio.com/docs/voice/answering-machine-detection), which has `AnsweredBy` but may lack a status:
 * it is only made while the call runs. Throws {@link UnreadableCallback}.
 */
export function parseTwilioCallback(params: Record<string, string>): CarrierEvent {
  const carrierId = params.CallSid
  if (!carrierId) throw new UnreadableCallback('a callback without CallSid')
  const verdict = params.AnsweredBy
  const status = verdict && !params.CallStatus ? 'in-progress' : params.CallStatus
  const sequence = params.SequenceNumber === undefined ? Number.NaN : Number(params.SequenceNumber)
  const sip = params.SipResponseCode
  return {
    carrierId,
    status: carrierStatus(status),
    answeredBy: verdict ? answeredBy(verdict) : null,
    sequence: Number.isInteger(sequence) ? sequence : null,
    errorCode: params.ErrorCode || (sip && sip !== '200' ? sip : null),
  }
}

function answeredBy(verdict: string): NonNullable<CarrierEvent['answeredBy']> {
  if (verdict.startsWith('machine_end_')) return 'machine_end'
  if (verdict.startsWith('machine')) return 'machine_start'
  return verdict === 'human' || verdict === 'fax' ? verdict : 'unknown'
}
