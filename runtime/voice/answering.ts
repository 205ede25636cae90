import type { Verdict } from '../carrier/port.ts'
import { frameMs } from './mulaw.ts'

/** The only effects of {@link createAnswering}. */
export interface AnsweringMoves {
  /** The agent falls silent and answers nothing. */
  hush(): void
  /** Says the flow's message, and hangs up once it was heard. */
  leaveMessage(): void
  /** Says who is calling and why. */
  introduce(): void
  /** The agent may say nothing for a while, and nobody is nudged. */
  wait(): void
  /** Somebody is there after all. `owed`: they have spoken and were not answered. */
  goOn(owed: boolean): void
  /** Somebody talks with the agent: a person, whatever the carrier says later. */
  conversed(): void
  hangUp(by: 'agent' | 'silence'): void
}

export interface Answering {
  /** What the carrier's detection heard. */
  verdict(verdict: Verdict): void
  /** The model says that a machine answered. */
  machine(): void
  /** The model says that a robot asks who is calling; `introduced`: it said so in the same breath. */
  screened(introduced: boolean): void
  /** The agent has answered the caller in words. */
  replied(): void
  /** A guard has heard a person's own wish: whoever it is, it is no machine. */
  obeyed(): void
  /** They heard the answer out, and then said something in words. */
  spokeAfterwards(): void
  /** 20 ms of the line. `speaking`: the engine hears speech; `ending`: the call is about to end. */
  frame(line: { speaking: boolean; ending: boolean }): void
  /** Who is thought to be at the other end; `recorder`: a machine that takes our message. */
  readonly party: 'person' | 'screener' | 'machine' | 'recorder'
}

/** A machine that is silent for so long has said what it had to say, and its beep is over. */
const quietEnoughMs = 3_000
/** A greeting that goes on for longer leads nowhere. */
const longestGreetingMs = 60_000
/** So long somebody may think about whether to take the call. */
const longestScreeningMs = 90_000
/** A message that was spoken over is said once more, from its beginning. */
const maxMessages = 2
/** A recorded greeting neither waits for an answer nor answers it; by chance it may seem so once. */
const enoughExchanges = 2

/**
 * Who picked up: a person, their machine, or a robot that asks for our name; and what follows from it. The carrier's verdict, the
 * model and the line itself each know a part, in any order. A pure machine; time is counted in frames of the line.
 */
export function createAnswering(hasMessage: boolean, moves: AnsweringMoves): Answering {
  let party: Answering['party'] = 'person'
  let waitedMs = 0
  let quietMs = 0
  let messages = 0
  let replied = false
  let exchanges = 0
  let over = false

  function turnTo(next: typeof party) {
    party = next
    waitedMs = 0
    quietMs = 0
  }

  function hangUp(by: 'agent' | 'silence') {
    over = true
    moves.hangUp(by)
  }

  const canLeave = () => hasMessage && messages < maxMessages

  function listen() {
    if (!canLeave()) return hangUp('agent')
    if (party === 'machine' || party === 'recorder') return
    turnTo('machine')
    moves.hush()
  }

  function leave() {
    if (!canLeave()) return hangUp('agent')
    messages += 1
    turnTo('recorder')
    moves.leaveMessage()
  }

  function person(owed: boolean) {
    turnTo('person')
    moves.goOn(owed)
  }

  function waitFor(line: { speaking: boolean }) {
    waitedMs += frameMs
    quietMs = line.speaking ? 0 : quietMs + frameMs
    if (party === 'screener') {
      if (waitedMs >= longestScreeningMs) hangUp('silence')
    } else if (quietMs >= quietEnoughMs) leave()
    else if (waitedMs >= longestGreetingMs) hangUp('agent')
  }

  return {
    verdict(verdict) {
      // A robot that asks for our name sounds like a machine; what it asked tells more than how it sounds.
      if (over || party === 'screener') return
      // Who talks with us is no machine, however late its verdict comes.
      if (verdict !== 'human' && exchanges >= enoughExchanges) return
      if (verdict === 'fax') hangUp('agent')
      else if (verdict === 'machine_start') listen()
      else if (verdict === 'machine_end' && party !== 'recorder') leave()
      else if (verdict === 'human' && party !== 'person') person(true)
    },
    machine() {
      if (!over && exchanges < enoughExchanges) listen()
    },
    screened(introduced) {
      if (over || party === 'recorder') return
      const first = party !== 'screener'
      if (first) turnTo('screener')
      moves.wait()
      if (first && !introduced) moves.introduce()
    },
    replied() {
      replied = true
      if (!over && party === 'screener') person(false)
    },
    obeyed() {
      exchanges = enoughExchanges
      if (!over && party !== 'person') person(false)
    },
    spokeAfterwards() {
      if (over || party !== 'person' || !replied) return
      replied = false
      exchanges += 1
      if (exchanges === enoughExchanges) moves.conversed()
    },
    frame(line) {
      if (over || party === 'person') return
      // Somebody spoke over the message, which calls its goodbye off.
      if (party !== 'recorder') waitFor(line)
      else if (!line.ending) person(false)
    },
    get party() {
      return party
    },
  }
}
