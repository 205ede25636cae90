import type { CallStatus } from 'twilio/lib/rest/api/v2010/account/call.js'

/** What is known of a call, in Twilio's words. */
export interface CallRecord {
  sid: string
  account: string
  to: string
  from: string
  status: CallStatus
  /** Epoch milliseconds on the sandbox's clock. */
  createdAt: number
  updatedAt: number
  startedAt?: number
  endedAt?: number
  /** Seconds of conversation, at the pace of life. */
  durationSeconds?: number
  answeredBy?: string
}

/** RFC 2822 as Twilio spells it: `Tue, 31 Aug 2010 20:36:28 +0000`. */
export const rfc2822 = (at: number) => new Date(at).toUTCString().replace('GMT', '+0000')

const dateOrNull = (at: number | undefined) => (at === undefined ? null : rfc2822(at))

/** The Call resource (https://www.twilio.com/docs/voice/api/call-resource#call-properties). */
export function callResource(call: CallRecord): Record<string, unknown> {
  const uri = `/2010-04-01/Accounts/${call.account}/Calls/${call.sid}`
  const ended = call.endedAt !== undefined
  return {
    account_sid: call.account,
    annotation: null,
    answered_by: call.answeredBy ?? null,
    api_version: '2010-04-01',
    caller_name: null,
    date_created: rfc2822(call.createdAt),
    date_updated: rfc2822(call.updatedAt),
    direction: 'outbound-api',
    duration: ended ? String(call.durationSeconds ?? 0) : null,
    end_time: dateOrNull(call.endedAt),
    forwarded_from: null,
    from: call.from,
    from_formatted: formatted(call.from),
    group_sid: null,
    parent_call_sid: null,
    phone_number_sid: null,
    price: null,
    price_unit: 'USD',
    queue_time: '0',
    sid: call.sid,
    // "Empty if the call has not yet been dialed."
    start_time: dateOrNull(call.startedAt),
    status: call.status,
    subresource_uris: {
      events: `${uri}/Events.json`,
      recordings: `${uri}/Recordings.json`,
      streams: `${uri}/Streams.json`,
    },
    to: call.to,
    to_formatted: formatted(call.to),
    trunk_sid: null,
    uri: `${uri}.json`,
  }
}

/** `(202) 555-0100` in North America, E.164 elsewhere. */
function formatted(number: string): string {
  return number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3')
}
