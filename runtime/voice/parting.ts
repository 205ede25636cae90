import type { Clock } from '../clock.ts'
import type { Ending } from './ending.ts'
import { exactly } from './engine.ts'
import type { Conversation, EndedBy, ToolResult } from './port.ts'
import type { Ask } from './turns.ts'

export interface PartingOptions {
  clock: Clock
  conversation: Conversation
  ending: Ending
  ask(ask: Ask): void
  /** A line of the platform, in its own words where there are some. */
  say(kind: 'goodbye', phrase: string | undefined, otherwise: string): void
  cutAgent(): void
  /** How much of what the agent has said is still to be heard, in milliseconds. */
  leftMs(): number
  /** Something else than a goodbye is being made or heard. */
  speaks(): boolean
  note(role: 'system', text: string): void
  hangUp(by: EndedBy): void
}

/** Five hundred characters and the sentence before them, said slowly. */
const longestMessageMs = 90_000

/** A call that is over its time lets the agent end a sentence, and no speech. */
const longestRestMs = 5_000

export type Parting = ReturnType<typeof createParting>

/** The ways in which we end a conversation: each begins {@link Ending} and asks for the last words. */
export function createParting(options: PartingOptions) {
  const { clock, conversation, ending } = options

  /** Until when the agent may end what it was saying when the time was over; null once its goodbye has begun. */
  let restUntilMs: number | null = null

  function sayGoodbye(by: EndedBy, firm = false) {
    if (!ending.begin(by, clock.monotonic(), firm)) return
    if (firm && options.leftMs() > longestRestMs) options.cutAgent()
    else if (firm) restUntilMs = clock.monotonic() + longestRestMs
    sayLastWords()
  }

  function sayLastWords() {
    const { goodbye } = conversation.phrases ?? {}
    options.say('goodbye', goodbye, 'Thank the caller and say goodbye in one short sentence. Ask nothing.')
  }

  /** Who asked never to be called again is told that it was understood. */
  function confirmStop() {
    if (!ending.begin('agent', clock.monotonic())) return
    const otherwise = 'Say in one short sentence that they will not be called again, and goodbye. Ask nothing.'
    options.say('goodbye', conversation.phrases?.stopped, otherwise)
  }

  return {
    sayGoodbye,
    /** The model was asked for its last words, and had none. */
    wordless(asked: Ask) {
      if (asked.kind === 'goodbye' && asked.instructions === undefined) sayLastWords()
    },
    /** What was short when the time was over may have grown since. */
    watchRest() {
      if (restUntilMs === null) return
      const isOver = clock.monotonic() >= restUntilMs && options.speaks()
      if (!isOver && options.leftMs() <= longestRestMs) return
      restUntilMs = null
      options.cutAgent()
      sayLastWords()
    },
    goodbyeBegan() {
      restUntilMs = null
    },
    /** Words beside a tool call are the last ones ("… Goodbye." and end_call); without any, the model is asked for them. */
    toolGoodbye(spoke: boolean) {
      if (!ending.begin('agent', clock.monotonic())) return
      if (!spoke) options.ask({ kind: 'goodbye' })
    },
    /** Says the flow's message to a machine that records it; it is heard to its end, unless somebody speaks over it. */
    leaveMessage() {
      ending.calledOff()
      if (!ending.begin('agent', clock.monotonic(), false, longestMessageMs)) return
      options.cutAgent()
      options.ask({ kind: 'goodbye', instructions: exactly(conversation.voicemailMessage ?? '') })
    },
    /** A guard outside the model (opt-out by voice or key) has decided: the model's own answer must not contradict it. */
    obey(result: ToolResult | undefined) {
      if (result?.next === 'hang_up') return options.hangUp('agent')
      if (result?.next !== 'say_goodbye' || ending.by) return
      options.cutAgent()
      options.note('system', JSON.stringify(result.output ?? {}))
      confirmStop()
    },
  }
}
