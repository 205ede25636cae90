import { sandboxNumber } from '../../../openapi/sandbox-people.ts'
import { bad, e164, url } from './parameters.ts'

/** What the sandbox understands of https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource */
export interface CreateMessage {
  channel: 'sms' | 'whatsapp'
  /** With their prefix, as they were given. */
  to: string
  from: string
  body: string
  contentSid: string | undefined
  contentVariables: string | undefined
  statusCallback: string | undefined
}

const understood = ['To', 'From', 'Body', 'ContentSid', 'ContentVariables', 'StatusCallback']
/** Documented, and refused aloud rather than ignored. */
const beyondTheSandbox = [
  ...['MessagingServiceSid', 'MediaUrl', 'ApplicationSid', 'MaxPrice', 'ProvideFeedback', 'Attempt', 'ValidityPeriod'],
  ...['ForceDelivery', 'ContentRetention', 'AddressRetention', 'SmartEncoded', 'PersistentAction', 'TrafficType'],
  ...['ShortenUrls', 'ScheduleType', 'SendAt', 'SendAsMms', 'MessageIntent', 'RiskCheck', 'FallbackFrom'],
]
/** "Can be up to 1,600 characters in length" (SDK type MessageListInstanceCreateOptions.body). */
const BODY_MAX = 1600

/** @throws {RestFault} with Twilio's code for the first fault */
export function parseMessage(form: URLSearchParams): CreateMessage {
  for (const name of new Set(form.keys())) {
    if (beyondTheSandbox.includes(name)) throw bad(20001, `The sandbox does not do '${name}'.`)
    if (!understood.includes(name)) throw bad(20001, `Unknown parameter '${name}'.`)
    if (form.getAll(name).length > 1) throw bad(20001, `'${name}' is given twice.`)
  }
  return { ...addresses(form), ...content(form), statusCallback: url(form, 'StatusCallback', 21609) }
}

function addresses(form: URLSearchParams) {
  const to = form.get('To')
  const from = form.get('From')
  if (!to) throw bad(21604, "A 'To' phone number is required.")
  if (!from) throw bad(21603, "A 'From' phone number is required.")
  const [toChannel, toPhone] = channelOf(to)
  const [channel, fromPhone] = channelOf(from)
  if (!e164.test(toPhone)) throw bad(21211, `Invalid 'To' Phone Number: ${to}`)
  if (toChannel !== channel) throw bad(21910, "Invalid 'From' and 'To' pair. Both should be of the same channel.")
  if (toPhone === fromPhone) throw bad(21266, "'To' and 'From' number cannot be the same.")
  if (fromPhone !== sandboxNumber)
    throw channel === 'whatsapp'
      ? bad(63007, `Twilio could not find a Channel with the specified From address ${from}.`)
      : bad(21606, `The 'From' phone number provided (${from}) is not a valid message-capable Twilio phone number.`)
  return { channel, to, from }
}

function channelOf(address: string): ['sms' | 'whatsapp', string] {
  const [, prefix, phone = ''] = /^(whatsapp:)?(.*)$/s.exec(address) ?? []
  return [prefix ? 'whatsapp' : 'sms', phone]
}

function content(form: URLSearchParams) {
  const body = form.get('Body') ?? ''
  const contentSid = form.get('ContentSid') ?? undefined
  const contentVariables = form.get('ContentVariables') ?? undefined
  if (contentSid === undefined && contentVariables !== undefined) throw bad(92005, 'ContentSid Required.')
  if (contentSid === undefined && body === '') throw bad(21619, 'A text message body or media urls must be specified.')
  if (body.length > BODY_MAX) throw bad(21617, `The concatenated message body exceeds the ${BODY_MAX} character limit.`)
  if (contentSid !== undefined && !/^HX[0-9a-fA-F]{32}$/.test(contentSid))
    throw bad(21655, `The ContentSid ${contentSid} is invalid.`)
  if (contentVariables !== undefined && !areVariables(contentVariables))
    throw bad(21656, 'The Content Variables parameter is invalid.')
  return { body, contentSid, contentVariables }
}

/** A JSON object; neither null nor an empty string is a value: https://www.twilio.com/docs/api/errors/21656 */
function areVariables(text: string): boolean {
  try {
    const read: unknown = JSON.parse(text)
    if (typeof read !== 'object' || read === null || Array.isArray(read)) return false
    return Object.values(read).every((value) => typeof value === 'string' && value.trim() !== '')
  } catch {
    return false
  }
}
