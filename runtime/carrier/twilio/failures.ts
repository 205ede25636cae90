import { CallNotPlaced, CallOutcomeUnknown, CallRefused, CarrierNotReached } from '../port.ts'
import { NotSent, type TwilioResponse } from './request-client.ts'

/**
 * Codes that condemn the number itself, https://www.twilio.com/docs/api/errors: 21211 invalid 'To', 21214 'To' cannot be
 * reached, 21217 not a valid number, 21401 and 21421 invalid phone number. Anything about the account, its permissions or
 * its own number is not among them, because an invalid number is never called again.
 */
const invalidNumberCodes = new Set(['21211', '21214', '21217', '21401', '21421'])

/** What an exception while placing a call means for the call. */
export function placeFailure(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof NotSent ? new CarrierNotReached(message) : new CallOutcomeUnknown(message)
}

/**
 * What an answer to `POST Calls` other than success means for the call; null for a success.
 * 408, 3xx and 5xx leave open whether the call exists; only 429 promises that it does not and may be tried again.
 */
export function placeRefusal(response: TwilioResponse): Error | null {
  const status = response.statusCode
  if (status >= 200 && status < 300) return null
  const { code, message } = vendorError(response)
  if (status === 429) return new CallNotPlaced(message, retryAfterSeconds(response))
  if (status < 400 || status >= 500 || status === 408) return new CallOutcomeUnknown(`HTTP ${status}: ${message}`)
  return new CallRefused(invalidNumberCodes.has(code) ? 'invalid_number' : 'carrier_rejected', code, message)
}

/** Twilio's own code and text (`{code, message}`, or RFC 9457's `title` and `detail`), else the HTTP status. */
export function vendorError(response: TwilioResponse): { code: string; message: string } {
  try {
    const body = JSON.parse(response.body) as Record<string, unknown>
    const message = body.message ?? body.detail ?? body.title ?? `HTTP ${response.statusCode}`
    return { code: String(body.code ?? response.statusCode), message: String(message).slice(0, 500) }
  } catch {
    return { code: String(response.statusCode), message: `HTTP ${response.statusCode}` }
  }
}

/** Whole seconds; an HTTP date is not sent by Twilio and counts as one second, as does nothing. */
export function retryAfterSeconds(response: TwilioResponse): number {
  const seconds = Number(response.headers['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : 1
}
