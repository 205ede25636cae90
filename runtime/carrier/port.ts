/**
 * What we need of a telephone carrier, in our words. One adapter exists (`twilio/`); the sandbox is a server that speaks the
 * same vendor's protocol, reached by the same adapter with another base URL.
 */
export interface Carrier {
  /**
   * Asks the carrier to ring somebody. Resolves once the carrier has accepted and named the call.
   * Throws one of the three errors below, and nothing else.
   */
  placeCall(request: PlaceCall): Promise<{ carrierId: string }>
  /** Rings a colleague, who hears a brief and accepts with a key. Throws as {@link placeCall} does. */
  placeBrief(request: PlaceBrief): Promise<{ carrierId: string }>
  /**
   * Takes a running call into a room, where it talks to whoever else is in it; its media stream ends. False when the call is not
   * running (any more). Throws {@link CarrierUnavailable}: then nobody knows where the call is.
   */
  moveToRoom(carrierId: string, room: string): Promise<boolean>
  /** Says something to a running call and ends it; hangs up one that only rings. Throws {@link CarrierUnavailable}. */
  dismiss(carrierId: string, words: Spoken): Promise<void>
  /** Calls the carrier knows from `from` to `to` created in the window. Throws {@link CarrierUnavailable}. */
  findCalls(query: { from: string; to: string; since: Date; until: Date }): Promise<CarrierCall[]>
  /** One call, or null when the carrier never heard of it. Throws {@link CarrierUnavailable}. */
  getCall(carrierId: string): Promise<CarrierCall | null>
  /** Ends a ringing or running call; a call that has already ended is not an error. Throws {@link CarrierUnavailable}. */
  hangUp(carrierId: string): Promise<void>
  /** True when `signature` proves that the carrier sent `params` (form fields) to `url`. */
  isAuthentic(request: { signature: string | undefined; url: string; params: Record<string, string> }): boolean
}

/** What every dial says. */
interface Placing {
  /** E.164. */
  from: string
  to: string
  /** How long to let it ring, in seconds. */
  ringSeconds: number
  /** The carrier ends the call after this, should we ever fail to; counted from the answer. */
  maxSeconds: number
  /** Where the carrier posts its status callbacks (https, public). */
  statusUrl: string
  /** The request is given up, and its outcome is unknown, when this aborts. */
  signal: AbortSignal
  /** Called at the last instant before the bytes leave; a throw stops them, and counts as not placed. */
  beforeSend(): void
}

export interface PlaceCall extends Placing {
  /** Where the carrier connects the media stream (wss, public). */
  mediaUrl: string
  /** Travels inside the stream's `<Parameter>`s and comes back in its `start` message. */
  streamParameters: Record<string, string>
  /** Ask for answering machine detection, asynchronously, reported to `statusUrl`. */
  detectMachine: boolean
}

/** Plain words in one language, said by the carrier's own voice. */
export interface Spoken {
  text: string
  /** BCP 47. */
  language: string
}

/** `to` is E.164 or a SIP URI. */
export interface PlaceBrief extends Placing {
  brief: Spoken
  /** How long a key is waited for after the brief, in seconds. */
  keySeconds: number
  /** Where the carrier posts the key, and asks what follows; without one too, once the time is over. */
  keyUrl: string
}

export type CarrierStatus =
  | 'queued'
  | 'ringing'
  | 'in_progress'
  | 'completed'
  | 'busy'
  | 'no_answer'
  | 'failed'
  | 'canceled'

export interface CarrierCall {
  carrierId: string
  status: CarrierStatus
  createdAt: Date
  /** Seconds of conversation, once ended. */
  durationSeconds: number | null
}

/** The carrier said no for good: a wrong number, a number that may not call, an account without credit. */
export class CallRefused extends Error {
  override name = 'CallRefused'
  readonly reason: 'invalid_number' | 'carrier_rejected'
  /** The carrier's own code, for the trace. */
  readonly carrierCode: string
  constructor(reason: CallRefused['reason'], carrierCode: string, message: string) {
    super(message)
    this.reason = reason
    this.carrierCode = carrierCode
  }
}

/** It is certain that no call exists: nothing was sent, or the carrier said "too many, later". Safe to try again. */
export class CallNotPlaced extends Error {
  override name = 'CallNotPlaced'
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds = 1) {
    super(message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Nor could it be asked: nobody took the connection. */
export class CarrierNotReached extends CallNotPlaced {
  override name = 'CarrierNotReached'
}

/** The request left and no answer came: a call may exist. Never a reason to dial again. */
export class CallOutcomeUnknown extends Error {
  override name = 'CallOutcomeUnknown'
}

/** The carrier could not be asked. */
export class CarrierUnavailable extends Error {
  override name = 'CarrierUnavailable'
}

/** Who picked up, as the carrier's detection heard it; `machine_end`: a machine whose own words, and its beep, are over. */
export type Verdict = 'human' | 'machine_start' | 'machine_end' | 'fax'

/** A status callback, read from the carrier's own form fields. */
export interface CarrierEvent {
  carrierId: string
  status: CarrierStatus
  /** Whom the detection heard; null when this callback does not say. */
  answeredBy: Verdict | 'unknown' | null
  /** The carrier's order of events, where it gives one; callbacks arrive in any order. */
  sequence: number | null
  /** SIP or vendor code that explains a failure. */
  errorCode: string | null
}

/**
 * The live audio of one call. Frames are 160 bytes of G.711 μ-law, 20 ms at 8 kHz.
 */
export interface MediaStream {
  readonly carrierId: string
  /** What `PlaceCall.streamParameters` held. */
  readonly parameters: Record<string, string>
  /** Handlers are set once, right after acceptance; messages that came earlier are kept and delivered then. */
  listen(handlers: MediaHandlers): void
  sendAudio(frame: Buffer): void
  /** Ask to be told (`onMark`) when everything sent so far has been played. */
  sendMark(name: string): void
  /** Drop whatever the carrier has buffered; it then echoes the pending marks. */
  clear(): void
  close(): void
}

export interface MediaHandlers {
  /** `timestampMs` counts from the stream's start, on the carrier's clock. */
  onAudio(frame: Buffer, timestampMs: number): void
  onMark(name: string): void
  onDigit(digit: string): void
  /** The stream is over; called exactly once. `ended`: the call or we closed it; `lost`: the connection broke without a word. */
  onClose(cause: 'ended' | 'lost'): void
}
