import type {
  CarrierMessage,
  DeliveryReport,
  DeliveryStatus,
  IncomingMessage,
  Messaging,
  OutgoingMessage,
} from '../messaging.ts'
import { UnreadableCallback } from './callback.ts'
import { client, isWithin, maxListed, reader, type TwilioAccount, unavailable } from './client.ts'
import { isSendError, sendFailure, sendRefusal } from './message-failures.ts'
import type { Transport } from './request-client.ts'

/**
 * Twilio's Programmable Messaging behind our port. Its create has no idempotency key: who sends keeps a row, and looks before a
 * second try. Source: https://www.twilio.com/docs/messaging/api/message-resource
 */
export function twilioMessaging(account: TwilioAccount, transport: Transport): Messaging {
  return {
    async sendMessage(message) {
      const { messages } = client(account, async (request) => {
        const { signal } = message
        const response = await transport.send(request, { signal, beforeSend: () => message.beforeSend() })
        const refusal = sendRefusal(response)
        if (refusal) throw refusal
        return response
      })
      try {
        return carrierMessage(await messages.create(createOptions(message)))
      } catch (error) {
        throw isSendError(error) ? error : sendFailure(error)
      }
    },
    async findMessages({ channel, from, to, since, until }) {
      // No DateSent filter: a message that still waits in Twilio's queue has none, and it is the one we must not miss.
      const query = { from: address(channel, from), to: address(channel, to), limit: maxListed, pageSize: maxListed }
      const found = await unavailable(reader(account, transport).messages.list(query))
      return found.map(carrierMessage).filter(({ createdAt }) => isWithin(createdAt, { since, until }))
    },
  }
}

/** Channel addresses: https://www.twilio.com/docs/messaging/channels */
const address = (channel: 'sms' | 'whatsapp', phone: string): string =>
  channel === 'whatsapp' ? `whatsapp:${phone}` : phone

function createOptions({ channel, from, to, content, statusUrl }: OutgoingMessage) {
  const text =
    'body' in content
      ? { body: content.body }
      : { contentSid: content.contentSid, contentVariables: JSON.stringify(content.variables) }
  return { to: address(channel, to), from: address(channel, from), statusCallback: statusUrl, ...text }
}

interface VendorMessage {
  sid: string
  status: string
  body: string | null
  dateCreated: Date
}

function carrierMessage({ sid, status, body, dateCreated }: VendorMessage): CarrierMessage {
  if (!sid) throw new Error('the carrier accepted a message without naming it')
  // A word that is new to us says at least that it is there.
  return { carrierId: sid, status: statuses[status] ?? 'accepted', body: body ?? '', createdAt: dateCreated }
}

/** https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
const statuses: Record<string, DeliveryStatus> = {
  accepted: 'accepted',
  scheduled: 'accepted',
  queued: 'accepted',
  sending: 'accepted',
  sent: 'sent',
  partially_delivered: 'sent',
  delivered: 'delivered',
  read: 'read',
  undelivered: 'undelivered',
  failed: 'failed',
  canceled: 'failed',
}

/**
 * Reads a status callback: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
 * @throws UnreadableCallback
 */
export function parseMessageStatus(params: Record<string, string>): DeliveryReport {
  const { MessageSid: carrierId, MessageStatus = '', ErrorCode } = params
  if (!carrierId) throw new UnreadableCallback('a callback without MessageSid')
  const status = statuses[MessageStatus]
  if (!status) throw new UnreadableCallback(`unknown message status ${JSON.stringify(MessageStatus)}`)
  return { carrierId, status, errorCode: ErrorCode && ErrorCode !== '0' ? ErrorCode : null }
}

/**
 * Reads Twilio's request for an incoming message: https://www.twilio.com/docs/messaging/guides/webhook-request. `OptOutType` comes
 * from Messaging Services with Advanced Opt-Out, `OriginalRepliedMessageSid` from WhatsApp.
 * @throws UnreadableCallback
 */
export function parseIncomingMessage(params: Record<string, string>): IncomingMessage {
  const { MessageSid: carrierId, From = '', To = '' } = params
  if (!carrierId) throw new UnreadableCallback('a message without MessageSid')
  const [from, to] = [From, To].map((it) => it.replace(/^whatsapp:/, ''))
  if (!from?.startsWith('+') || !to?.startsWith('+')) throw new UnreadableCallback('a message without From and To')
  return {
    ...{ carrierId, from, to },
    channel: From.startsWith('whatsapp:') ? 'whatsapp' : 'sms',
    // PostgreSQL keeps no NUL, and nobody writes one.
    body: (params.Body ?? '').replaceAll('\0', '').slice(0, BODY_MAX),
    optsOut: params.OptOutType?.toUpperCase() === 'STOP',
    repliesTo: params.OriginalRepliedMessageSid || null,
  }
}

/** WhatsApp's longest; an SMS of any number of segments is shorter. */
const BODY_MAX = 4_096
