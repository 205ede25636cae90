import type { Verdict } from '../carrier/port.ts'
import { createAnswering } from './answering.ts'
import { exactly } from './engine.ts'
import type { ToolCall } from './engine-events.ts'
import type { EndedBy, LoopOptions, SpanName } from './port.ts'
import type { Talk } from './talk.ts'
import { wordCount } from './words.ts'

export interface Answerer {
  verdict(verdict: Verdict): void
  noPerson(next: 'leave_message' | 'wait', spoke: boolean): void
  /** A response with words is over; `toolCalls` are what it called beside them. */
  replied(toolCalls: ToolCall[]): void
  /** A guard decides on the caller's own wish that the call ends. */
  obeyed(): void
  /** The caller began to say something. */
  leadBegan(item: string): void
  /** And these are its words. */
  leadSaid(item: string, text: string): void
  /** 20 ms of the line have passed. */
  frame(): void
  /** The session was opened anew; true when it is told what to say: a message that broke off is said again, whole. */
  reopened(): boolean
  /** A machine takes our message. */
  readonly isRecorded: boolean
  /** The call ends: what was measured is told. */
  close(): void
}

export interface AnswererMoves {
  hangUp(by: EndedBy): void
  /** What is heard from here on may be a person's, who speaks over the message. */
  messageBegins(): void
  /** Runs something of the desk's beside the sockets. */
  apart(work: Promise<void>): void
}

/** What it means for the conversation that no person picked up, or that one did after all. */
export function createAnswerer(
  talk: Talk,
  options: LoopOptions,
  { hangUp, messageBegins, apart }: AnswererMoves,
): Answerer {
  const { clock, conversation, desk } = options
  /** What the caller said last without cutting the agent short. */
  let waited: string | null = null
  let stage: { name: SpanName; startedAt: number } | null = null

  function begin(name: SpanName) {
    if (stage?.name !== name) end('over')
    stage ??= { name, startedAt: clock.now() }
  }

  function end(result: string) {
    if (stage) desk.span(stage.name, Math.round(stage.startedAt), Math.round(clock.now()), { result })
    stage = null
  }

  const answering = createAnswering(conversation.voicemailMessage !== undefined, {
    hush() {
      begin('voicemail')
      talk.hold('hush')
      talk.cutAgent()
    },
    leaveMessage() {
      begin('voicemail')
      messageBegins()
      talk.leaveMessage()
    },
    wait() {
      begin('call_screening')
      talk.hold('wait')
    },
    introduce() {
      const { introduction } = conversation
      const own = 'Say who you are, on whose behalf you call and why, in one sentence. Ask nothing.'
      talk.ask({ kind: 'introduction', instructions: introduction === undefined ? own : exactly(introduction) })
    },
    goOn(owed) {
      end('person')
      talk.hold('none')
      apart(desk.personCame())
      if (!owed) return
      talk.ending.calledOff()
      talk.cutAgent()
      talk.reply()
    },
    conversed: () => apart(desk.personCame()),
    hangUp,
  })

  return {
    verdict: (verdict) => answering.verdict(verdict),
    noPerson: (next, spoke) => (next === 'wait' ? answering.screened(spoke) : answering.machine()),
    replied(toolCalls) {
      const isAnswer = talk.turns.active?.kind === 'reply' && !toolCalls.some(({ name }) => name === 'call_screening')
      if (isAnswer) answering.replied()
    },
    obeyed: answering.obeyed,
    leadBegan(item) {
      waited = talk.audible() ? null : item
    },
    leadSaid(item, text) {
      if (item === waited && wordCount(text) > 0) answering.spokeAfterwards()
    },
    frame() {
      if (answering.party === 'person') return
      answering.frame({ speaking: talk.interruptions.speaking, ending: talk.ending.by !== null })
    },
    reopened() {
      if (answering.party === 'recorder') talk.leaveMessage()
      return answering.party === 'recorder'
    },
    get isRecorded() {
      return answering.party === 'recorder'
    },
    close() {
      const left = answering.party === 'recorder' && !talk.audible()
      end(left ? 'message_left' : 'hung_up')
    },
  }
}
