import { MessageNotSent, MessageOutcomeUnknown, type MessageRefusal, MessageRefused } from '../messaging.ts'
import { retryAfterSeconds, vendorError } from './failures.ts'
import { NotSent, type TwilioResponse } from './request-client.ts'

/** What a code means for a message, after https://www.twilio.com/docs/api/errors; every other one is `rejected`. */
const reasons: Record<string, MessageRefusal> = {
  // The person wrote STOP to this number, and Twilio keeps it.
  21610: 'opted_out',
  // An invalid 'To'; one that cannot be reached; a landline; no WhatsApp user.
  21211: 'invalid_number',
  21214: 'invalid_number',
  21217: 'invalid_number',
  21612: 'invalid_number',
  21614: 'invalid_number',
  63003: 'invalid_number',
  63024: 'invalid_number',
  // A 'From' that cannot send messages, or not on this channel.
  21212: 'invalid_sender',
  21601: 'invalid_sender',
  21606: 'invalid_sender',
  21659: 'invalid_sender',
  21660: 'invalid_sender',
  63002: 'invalid_sender',
  63007: 'invalid_sender',
  // Outside WhatsApp's 24 hours a business may send templates only.
  63016: 'needs_template',
}

export const refusalOf = (code: string): MessageRefusal => reasons[code] ?? 'rejected'

/** What an exception while sending means for the message. */
export function sendFailure(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof NotSent ? new MessageNotSent(message) : new MessageOutcomeUnknown(message)
}

/**
 * What an answer to `POST Messages` other than success means for the message; null for a success.
 * 408, 3xx and 5xx leave open whether it exists; only 429 (20429) promises that it does not and may be tried again.
 */
export function sendRefusal(response: TwilioResponse): Error | null {
  const status = response.statusCode
  if (status >= 200 && status < 300) return null
  const { code, message } = vendorError(response)
  if (status === 429) return new MessageNotSent(message, retryAfterSeconds(response))
  if (status < 400 || status >= 500 || status === 408) return new MessageOutcomeUnknown(`HTTP ${status}: ${message}`)
  return new MessageRefused(refusalOf(code), code, message)
}

export const isSendError = (error: unknown): boolean =>
  error instanceof MessageRefused || error instanceof MessageNotSent || error instanceof MessageOutcomeUnknown
