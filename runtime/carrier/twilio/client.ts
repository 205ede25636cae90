import twilio from 'twilio'
import type { Clock } from '../../clock.ts'
import { CarrierUnavailable } from '../port.ts'
import type { Transport, TwilioRequest, TwilioResponse } from './request-client.ts'

export interface TwilioAccount {
  accountSid: string
  authToken: string
  /** Twilio's own API when left out; the sandbox's, or a recording proxy's, otherwise. */
  baseUrl?: string
  /** For the deadlines of reads and hang-ups. */
  clock: Clock
}

export type Send = (request: TwilioRequest) => Promise<TwilioResponse>

/** How long a read or a hang-up may take. Whatever has an effect has its own deadline, the caller's signal. */
const readTimeoutMs = 10_000
/** Lists are sorted newest first; no number is called or written to this often inside one attempt's window. */
export const maxListed = 200

/** A client is a few objects; one for each request carries that request's signal without a global. */
export function client({ accountSid, authToken }: TwilioAccount, send: Send) {
  const httpClient = { request: send } as unknown as NonNullable<twilio.ClientOpts['httpClient']>
  return twilio(accountSid, authToken, { httpClient, accountSid })
}

/** A client whose requests change nothing, or may be repeated. */
export const reader = (account: TwilioAccount, transport: Transport) =>
  client(account, (request) => read(transport, account.clock, request))

async function read(transport: Transport, clock: Clock, message: TwilioRequest): Promise<TwilioResponse> {
  const deadline = new AbortController()
  const timer = clock.setTimeout(() => deadline.abort(), readTimeoutMs)
  try {
    return await transport.send(message, { signal: deadline.signal })
  } finally {
    clock.clearTimeout(timer)
  }
}

/** @throws CarrierUnavailable for whatever `asked` throws. */
export async function unavailable<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw new CarrierUnavailable(error instanceof Error ? error.message : String(error))
  }
}

/** Whether something that Twilio created in a whole second lies in a window; its lists know no finer times. */
export const isWithin = (createdAt: Date, { since, until }: { since: Date; until: Date }): boolean =>
  createdAt.getTime() >= Math.floor(since.getTime() / 1000) * 1000 && createdAt <= until
