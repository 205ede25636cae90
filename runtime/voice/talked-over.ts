import { agreesToEnd } from './words.ts'

/** Speech over the agent that did not cut it: whether it wants an answer is known once the agent is silent. */
export interface TalkedOver {
  item: string
  /** On the stream's clock, as every `nowMs` here. */
  endedMs: number
  /** It was the callee's opening word, by its time. */
  opening: boolean
  voicedMs: number
  /** It asks for no answer but to a question; undefined until its words are known. */
  backchannel?: boolean
  text?: string
}

/** A "yes" this close to the agent's last word was an answer to it. */
export const answerWindowMs = 1_500
/** Speech with as much voice as this was meant, whatever its words. */
export const surelyMeantMs = 1_000
/** The words of an opening are waited for so long: without them nothing would be said anyway. */
const openingWordsWithinMs = 3_000

/** Whether it still wants an answer now that the agent is silent. */
export function wantsAnswer({ opening, backchannel, endedMs, voicedMs }: TalkedOver, nowMs: number): boolean {
  if (opening) return backchannel === undefined ? voicedMs >= surelyMeantMs : !backchannel
  return backchannel !== true || nowMs - endedMs < answerWindowMs
}

/** By its time it was a "hello"; its words may tell more. */
export const mayBeHello = ({ opening, backchannel, endedMs }: TalkedOver, nowMs: number): boolean =>
  opening && backchannel === undefined && nowMs - endedMs < openingWordsWithinMs

/** Said before a goodbye began, by words that are known: the model did not know of it. `silent`: nobody was heard before it. */
export const asksForMore = (said: TalkedOver, nowMs: number, silent: boolean): boolean =>
  said.text !== undefined && wantsAnswer(said, nowMs) && !agreesToEnd(said.text, silent)
