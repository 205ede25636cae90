import { sandboxNumber } from '../../../openapi/sandbox-people.ts'

/** A refusal in Twilio's own form (https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions). */
export class RestFault extends Error {
  override name = 'RestFault'
  readonly status: number
  readonly code: number
  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** A refusal that only chaos is to blame for. */
export class ToldToRefuse extends RestFault {}

/** What the sandbox understands of https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource */
export interface CreateCall {
  to: string
  from: string
  twiml: string
  timeoutSeconds: number
  timeLimitSeconds: number
  statusCallback: string | undefined
  statusCallbackMethod: 'GET' | 'POST'
  statusCallbackEvents: string[]
  machineDetection: 'Enable' | 'DetectMessageEnd' | undefined
  machineDetectionTimeoutSeconds: number
  asyncAmdStatusCallback: string | undefined
  asyncAmdStatusCallbackMethod: 'GET' | 'POST'
}

const understood = [
  ...['To', 'From', 'Twiml', 'Timeout', 'TimeLimit', 'StatusCallback', 'StatusCallbackMethod', 'StatusCallbackEvent'],
  ...['MachineDetection', 'MachineDetectionTimeout', 'MachineDetectionSpeechThreshold', 'AsyncAmd', 'Record'],
  ...['MachineDetectionSpeechEndThreshold', 'MachineDetectionSilenceTimeout', 'CallReason'],
  ...['AsyncAmdStatusCallback', 'AsyncAmdStatusCallbackMethod'],
]
/** Documented, and refused aloud rather than ignored. */
const beyondTheSandbox = [
  ...['Url', 'Method', 'FallbackUrl', 'FallbackMethod', 'ApplicationSid', 'SendDigits', 'CallerId', 'Byoc', 'Trim'],
  ...['RecordingChannels', 'RecordingStatusCallback', 'RecordingStatusCallbackMethod', 'RecordingStatusCallbackEvent'],
  ...['RecordingTrack', 'RecordingConfigurationId', 'SipAuthUsername', 'SipAuthPassword', 'CallToken', 'Passports'],
  ...['ClientNotificationUrl'],
]
const events = ['initiated', 'ringing', 'answered', 'completed']

/** @throws {RestFault} with Twilio's code for the first fault */
export function parseCreate(form: URLSearchParams): CreateCall {
  for (const name of new Set(form.keys())) {
    if (beyondTheSandbox.includes(name)) throw bad(20001, `The sandbox does not do '${name}'.`)
    if (!understood.includes(name)) throw bad(20001, `Unknown parameter '${name}'.`)
    if (name !== 'StatusCallbackEvent' && form.getAll(name).length > 1) throw bad(20001, `'${name}' is given twice.`)
  }
  const to = form.get('To')
  const from = form.get('From')
  if (!to) throw bad(21201, "No 'To' number is specified")
  if (!from) throw bad(21213, "No 'From' number is specified")
  if (!e164.test(to) && !sipUri.test(to))
    throw bad(21211, `The phone number you are attempting to call, ${to}, is not valid.`)
  if (!e164.test(from)) throw bad(21212, `The source phone number provided, ${from}, is not valid.`)
  if (from !== sandboxNumber) {
    throw bad(21210, `The source phone number provided, ${from}, is not yet verified for your account.`)
  }
  const twiml = form.get('Twiml')
  if (!twiml) throw bad(21205, 'Url parameter is required.')
  if (choice(form, 'Record', ['true', 'false']) === 'true') throw bad(20001, "The sandbox does not do 'Record'.")
  return { to, from, twiml: boundedTwiml(twiml), ...callbacks(form), ...detection(form), ...limits(form) }
}

function callbacks(form: URLSearchParams) {
  const subscribed = form.getAll('StatusCallbackEvent')
  const unknown = subscribed.find((event) => !events.includes(event))
  if (unknown) throw bad(21626, `Invalid StatusCallbackEvent: ${unknown}`)
  return {
    statusCallback: url(form, 'StatusCallback', 21609),
    statusCallbackMethod: method(form, 'StatusCallbackMethod'),
    // "If no event is specified, we send the completed status."
    statusCallbackEvents: subscribed.length > 0 ? subscribed : ['completed'],
  }
}

function detection(form: URLSearchParams) {
  const machineDetection = choice(form, 'MachineDetection', ['Enable', 'DetectMessageEnd'])
  const background = choice(form, 'AsyncAmd', ['true', 'false']) === 'true'
  if (machineDetection && !background) throw bad(20001, 'The sandbox detects machines only with AsyncAmd=true.')
  whole(form, 'MachineDetectionSpeechThreshold', 1000, 6000, 2400)
  whole(form, 'MachineDetectionSpeechEndThreshold', 500, 5000, 1200)
  whole(form, 'MachineDetectionSilenceTimeout', 2000, 10_000, 5000)
  return {
    machineDetection: machineDetection as CreateCall['machineDetection'],
    machineDetectionTimeoutSeconds: whole(form, 'MachineDetectionTimeout', 3, 59, 30),
    asyncAmdStatusCallback: url(form, 'AsyncAmdStatusCallback', 21609),
    asyncAmdStatusCallbackMethod: method(form, 'AsyncAmdStatusCallbackMethod'),
  }
}

const limits = (form: URLSearchParams) => ({
  timeoutSeconds: whole(form, 'Timeout', 1, 600, 60),
  timeLimitSeconds: whole(form, 'TimeLimit', 1, 86_400, 14_400),
})

/** What a call is changed to: ended, or other TwiML with, if given, another limit of its length. */
export type UpdateCall = { status: 'completed' | 'canceled' } | { twiml: string; timeLimitSeconds: number | undefined }

/**
 * https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource
 * @throws {RestFault} unless exactly `Status=completed|canceled`, or `Twiml` and perhaps `TimeLimit`
 */
export function parseUpdate(form: URLSearchParams): UpdateCall {
  const names = [...form.keys()].toSorted().join()
  if (names === 'Status')
    return { status: choice(form, 'Status', ['completed', 'canceled']) as 'completed' | 'canceled' }
  if (!['Twiml', 'TimeLimit,Twiml'].includes(names)) throw bad(20001, 'The sandbox updates only Status, or Twiml.')
  const limit = form.has('TimeLimit') ? whole(form, 'TimeLimit', 1, 86_400, 0) : undefined
  return { twiml: boundedTwiml(form.get('Twiml')!), timeLimitSeconds: limit }
}

/** "Max 4000 characters" (SDK type CallListInstanceCreateOptions.twiml). */
function boundedTwiml(twiml: string): string {
  if (twiml.length > 4000) throw bad(21627, 'Twiml exceeds 4000 characters.')
  return twiml
}

/** https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource, "to": a phone number or a SIP address. */
const sipUri = /^sips?:[^\s@]+@[^\s@]+$/

export const e164 = /^\+[1-9]\d{6,14}$/

export const bad = (code: number, message: string) => new RestFault(400, code, message)

export function choice(form: URLSearchParams, name: string, allowed: string[]): string | undefined {
  const value = form.get(name) ?? undefined
  if (value !== undefined && !allowed.includes(value)) throw bad(20001, `'${value}' is no value of '${name}'.`)
  return value
}

export function whole(form: URLSearchParams, name: string, min: number, max: number, absent: number): number {
  const text = form.get(name)
  if (text === null) return absent
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) throw bad(20001, `'${text}' is no value of '${name}'.`)
  return value
}

export function url(form: URLSearchParams, name: string, code: number): string | undefined {
  const text = form.get(name)
  if (text === null) return undefined
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (!/^https?:$/.test(parsed?.protocol ?? '')) throw bad(code, `Invalid '${name}' URL: ${text}`)
  return text
}

function method(form: URLSearchParams, name: string): 'GET' | 'POST' {
  return (choice(form, name, ['GET', 'POST']) ?? 'POST') as 'GET' | 'POST'
}
