import type { Clock } from '../clock.ts'

/** A function the model may call; `parameters` is JSON Schema. */
export interface ToolDefinition {
  name: string
  description: string
  parameters: Record<string, unknown>
}

/** What a tool gives back to the model, and what the loop does next. */
export interface ToolResult {
  /** Plain JSON, shown to the model. */
  output: unknown
  /**
   * `say_goodbye`: let the model say its last words, unless it did beside the call, then hang up once they were heard.
   * `take_leave`: the same, but what it said beside the call were not its last words. `hang_up`: at once, without words.
   * `leave_message`: a machine answered; once its greeting is over, the flow's message is left. `wait`: a robot asks who is
   * calling; it is told, and then the agent waits for the person.
   */
  next?: 'continue' | 'say_goodbye' | 'take_leave' | 'hang_up' | 'leave_message' | 'wait'
}

/** Everything the loop has to know about one conversation; compiled from a lead and its flow version before the dial. */
export interface Conversation {
  callId: string
  attemptId: string
  /** The exact first sentence. */
  greeting: string
  /** A caller's speech does not cut the greeting when false. */
  greetingInterruptible: boolean
  /** Speech of `afterMs` of voice cuts the agent; shorter speech does with so many meant words. The usual when left out. */
  interruptions?: { afterMs: number; words: number }
  instructions: string
  tools: ToolDefinition[]
  /** A voice name of the engine. */
  voice: string
  /** How fast it speaks; the engine's own pace when left out. */
  speed?: number
  /** How it speaks, in words, for a stage that only speaks; what thinks has it in its instructions. */
  manner?: string
  /** BCP 47. */
  language: string
  maxDurationSeconds: number
  /** Silence, in seconds since the last heard audio, before a nudge; the second time ends the call. */
  idleSeconds: number
  /** So long nobody is left without a sound, in milliseconds, before a line bridges the wait; the usual when left out. */
  fillerAfterMs?: number
  /** Short lines of the platform in the call's language, said word for word; without one the model finds its own words. */
  phrases?: { nudge?: string; goodbye?: string; stopped?: string; filler?: string; trouble?: string }
  /** Left on an answering machine, word for word; without one the call is hung up there. */
  voicemailMessage?: string
  /** Who is calling, for whom and why, word for word: the answer to a robot that screens calls. */
  introduction?: string
}

export interface Turn {
  role: 'agent' | 'lead'
  /** Milliseconds since the media stream began. */
  atMs: number
  /** Only what was heard; cut where it was cut. */
  text: string
  interrupted: boolean
}

export type EndedBy = 'agent' | 'lead' | 'carrier_lost' | 'engine_lost' | 'max_duration' | 'silence' | 'shutdown'

/** What the loop asks of its surroundings. Every method may be slow; the loop never blocks its sockets on one. */
export interface Desk {
  /** The media stream has started: somebody picked up. */
  answered(): Promise<void>
  runTool(name: string, args: Record<string, unknown>): Promise<ToolResult>
  /** A turn is final. Called in order. */
  turn(turn: Turn): void
  /** Raw transcript of the caller, at once, for guards that do not trust the model ("stop calling me"). */
  heard(text: string): Promise<ToolResult | undefined>
  digit(digit: string): Promise<ToolResult | undefined>
  /** Somebody talks with the agent: a person, whatever they were taken for, or will be. */
  personCame(): Promise<void>
  /** Something that the caller waits for goes on beside the conversation: their silence is nobody's fault. */
  waits?(): boolean
  /** Nobody is there any more: what still runs for them may be given up. Called once, first of all that ends a call. */
  lineClosed(): void
  /** Ask the carrier to end the call; called at most once, before `ended`. */
  hangUp(by: EndedBy): Promise<void>
  /** The conversation is over and every turn was reported; called exactly once. */
  ended(by: EndedBy, detail?: string): Promise<void>
  /**
   * A measured stretch of time, for the trace; times in epoch milliseconds.
   * @param parentSpanId the stretch it is a part of; the attempt when left out.
   * @returns its own span id.
   */
  span(
    name: SpanName,
    startedAt: number,
    endedAt: number,
    attributes?: Record<string, string | number | boolean>,
    parentSpanId?: string,
  ): string
}

export type SpanName =
  | ('turn' | 'stt' | 'llm' | 'tts' | 'tool' | 'barge_in' | 'engine.open' | 'greeting')
  | ('voicemail' | 'call_screening')

/** Takes both channels as they happened; must not throw and must not block. */
export interface Recorder {
  /** `atMs` since the media stream began. */
  lead(frame: Buffer, atMs: number): void
  agent(frame: Buffer, atMs: number): void
  /** What was queued from here on was never heard: it was cleared. */
  cutAgent(atMs: number): void
  close(): Promise<void>
}

export interface LoopOptions {
  /** Runs at the call's pace. */
  clock: Clock
  conversation: Conversation
  desk: Desk
  recorder?: Recorder
}
