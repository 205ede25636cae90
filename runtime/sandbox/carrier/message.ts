import type { MessageStatus } from 'twilio/lib/rest/api/v2010/account/message.js'
import { faster } from '../../clock.ts'
import { textingOf } from '../people/texting.ts'
import { createTimers } from '../timers.ts'
import { type Network, newSid } from './call.ts'
import { createCallbacks } from './callbacks.ts'
import type { CreateMessage } from './message-parameters.ts'
import { rfc2822 } from './resource.ts'

/** What is known of a message, in Twilio's words. */
export interface MessageRecord {
  sid: string
  account: string
  direction: 'outbound-api' | 'inbound'
  to: string
  from: string
  body: string
  contentSid?: string
  contentVariables?: string
  status: MessageStatus
  errorCode?: string
  /** Epoch milliseconds on the sandbox's clock. */
  createdAt: number
  updatedAt: number
  sentAt?: number
}

/** Milliseconds of life before each step. */
const SENT_MS = 800
const DELIVERED_MS = 1500
const READ_MS = 4000
const ANSWERED_MS = 9000

export interface MessageOptions {
  account: string
  request: CreateMessage
  /** Whether the person has written to this number within WhatsApp's 24 hours. */
  isOpen: boolean
  waits: number
  /** A message from the person. */
  received(record: MessageRecord): void
}

export interface Message {
  readonly record: MessageRecord
  /** The sandbox closes: no callback. */
  drop(): void
}

/** One outbound message, from `queued` to its end: https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
export function startMessage(network: Network, options: MessageOptions): Message {
  const { account, request } = options
  const { clock } = network
  const timers = createTimers(faster(clock, options.waits))
  const callbacks = createCallbacks(network)
  const now = clock.now()
  const record: MessageRecord = {
    ...{ sid: newSid('SM'), account, direction: 'outbound-api', to: request.to, from: request.from },
    ...{ body: request.body, status: 'queued', createdAt: now, updatedAt: now },
    ...(request.contentSid && { contentSid: request.contentSid }),
    ...(request.contentVariables && { contentVariables: request.contentVariables }),
  }
  const habit = textingOf(request.to.replace('whatsapp:', ''))

  /** https://www.twilio.com/docs/messaging/guides/track-outbound-message-status#twilios-request-to-the-statuscallback-url */
  function move(status: MessageStatus, errorCode?: string): void {
    record.status = status
    record.updatedAt = clock.now()
    if (status === 'sent') record.sentAt = record.updatedAt
    if (errorCode) record.errorCode = errorCode
    if (!request.statusCallback) return
    const { sid, to: To, from: From } = record
    const params = {
      ...{ MessageSid: sid, SmsSid: sid, MessageStatus: status, SmsStatus: status, To, From },
      ...{ AccountSid: account, ApiVersion: '2010-04-01' },
      ...(errorCode ? { ErrorCode: errorCode } : {}),
    }
    callbacks.post({ url: request.statusCallback, method: 'POST', params })
  }

  function end(status: MessageStatus, errorCode?: string): void {
    move(status, errorCode)
    callbacks.ended()
  }

  /** What the person writes comes to the address beside the one for what becomes of messages, which a number's settings would hold. */
  function answer(text: string): void {
    const sid = newSid('SM')
    const at = clock.now()
    const written = { direction: 'inbound', to: record.from, from: record.to, body: text, status: 'received' } as const
    options.received({ sid, account, ...written, createdAt: at, updatedAt: at })
    if (!request.statusCallback) return
    const params = {
      ...{ MessageSid: sid, SmsSid: sid, SmsMessageSid: sid, SmsStatus: 'received', AccountSid: account },
      ...{ From: record.to, To: record.from, Body: text, NumMedia: '0', NumSegments: '1', ApiVersion: '2010-04-01' },
      ...(request.channel === 'whatsapp' ? { OriginalRepliedMessageSid: record.sid } : {}),
    }
    callbacks.post({ url: new URL('../message', request.statusCallback).href, method: 'POST', params })
    callbacks.ended()
  }

  /** Outside 24 hours WhatsApp takes templates only: https://www.twilio.com/docs/api/errors/63016 */
  const isFreeForm = request.channel === 'whatsapp' && !request.contentSid
  if (isFreeForm && !options.isOpen) timers.after(SENT_MS, () => end('failed', '63016'))
  else {
    timers.after(SENT_MS, () => move('sent'))
    if (habit.fails) timers.after(DELIVERED_MS, () => end('undelivered', habit.fails))
    else if (request.channel === 'sms') timers.after(DELIVERED_MS, () => end('delivered'))
    else {
      timers.after(DELIVERED_MS, () => move('delivered'))
      timers.after(READ_MS, () => end('read'))
    }
    if (habit.answers) timers.after(ANSWERED_MS, () => answer(habit.answers!))
  }
  return { record, drop: timers.clear }
}

/** The Message resource (https://www.twilio.com/docs/messaging/api/message-resource#message-properties). */
export function messageResource(message: MessageRecord): Record<string, unknown> {
  const uri = `/2010-04-01/Accounts/${message.account}/Messages/${message.sid}`
  return {
    account_sid: message.account,
    api_version: '2010-04-01',
    body: message.body,
    date_created: rfc2822(message.createdAt),
    // A message that waits has not been sent.
    date_sent: message.sentAt === undefined ? null : rfc2822(message.sentAt),
    date_updated: rfc2822(message.updatedAt),
    direction: message.direction,
    error_code: message.errorCode === undefined ? null : Number(message.errorCode),
    error_message: null,
    from: message.from,
    messaging_service_sid: null,
    num_media: '0',
    num_segments: '1',
    price: null,
    price_unit: 'USD',
    sid: message.sid,
    status: message.status,
    subresource_uris: { media: `${uri}/Media.json` },
    to: message.to,
    uri: `${uri}.json`,
  }
}
