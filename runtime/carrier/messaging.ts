/** What we need of whoever carries text messages, in our words. The adapter is in `twilio/`. */
export interface Messaging {
  /**
   * Asks for a message to be sent. Resolves once it was accepted and named; what becomes of it is told to `statusUrl`.
   * Throws {@link MessageRefused}, {@link MessageNotSent} or {@link MessageOutcomeUnknown}, and nothing else.
   */
  sendMessage(message: OutgoingMessage): Promise<CarrierMessage>
  /** Messages the carrier knows from `from` to `to` created in the window, newest first. Throws CarrierUnavailable. */
  findMessages(query: {
    channel: 'sms' | 'whatsapp'
    from: string
    to: string
    since: Date
    until: Date
  }): Promise<CarrierMessage[]>
}

/** Text of our own, or a template that the carrier keeps (WhatsApp lets a business begin a conversation with nothing else). */
export type MessageContent = { body: string } | { contentSid: string; variables: Record<string, string> }

export interface OutgoingMessage {
  channel: 'sms' | 'whatsapp'
  /** E.164, as is `to`. */
  from: string
  to: string
  content: MessageContent
  /** Where the carrier posts what becomes of it (https, public). */
  statusUrl: string
  /** The request is given up, and its outcome is unknown, when this aborts. */
  signal: AbortSignal
  /** Called at the last instant before the bytes leave; a throw stops them, and counts as not sent. */
  beforeSend(): void
}

/** What the carrier says of a message. */
export type DeliveryStatus = 'accepted' | 'sent' | 'delivered' | 'read' | 'undelivered' | 'failed'

export interface CarrierMessage {
  carrierId: string
  status: DeliveryStatus
  /** As the carrier has it; empty for its own templates. */
  body: string
  createdAt: Date
}

/** What the carrier reports of a message later. */
export interface DeliveryReport {
  carrierId: string
  status: DeliveryStatus
  /** The vendor's code that explains a failure. */
  errorCode: string | null
}

/** A text from a person. */
export interface IncomingMessage {
  carrierId: string
  channel: 'sms' | 'whatsapp'
  /** E.164: theirs, and the number of ours that they wrote to. */
  from: string
  to: string
  body: string
  /** The carrier itself took it for an opt-out. */
  optsOut: boolean
  /** The carrier's id of the message of ours that it answers, where the channel says so. */
  repliesTo: string | null
}

/**
 * Why the carrier said no: the person opted out at the carrier, the number cannot get such messages, our number cannot send them,
 * the channel wants a template, or anything else.
 */
export type MessageRefusal = 'opted_out' | 'invalid_number' | 'invalid_sender' | 'needs_template' | 'rejected'

/** The carrier said no for good. */
export class MessageRefused extends Error {
  override name = 'MessageRefused'
  readonly reason: MessageRefusal
  /** The carrier's own code, for the trace. */
  readonly carrierCode: string
  constructor(reason: MessageRefusal, carrierCode: string, message: string) {
    super(message)
    this.reason = reason
    this.carrierCode = carrierCode
  }
}

/** It is certain that no message exists: nothing was sent, or the carrier said "too many, later". Safe to try again. */
export class MessageNotSent extends Error {
  override name = 'MessageNotSent'
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds = 1) {
    super(message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The request left and no answer came: a message may exist. Never a reason to send again. */
export class MessageOutcomeUnknown extends Error {
  override name = 'MessageOutcomeUnknown'
}
