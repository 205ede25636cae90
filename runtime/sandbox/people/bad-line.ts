import { FRAME_MS } from '../speech/mulaw.ts'
import type { Script } from './scripts.ts'

export type LineState = 'well' | 'mute' | 'gone'

/** A line that fails does so when so much of a sentence was said. */
const MID_SENTENCE_MS = 1000

/** Somebody's line, which fails once, in the middle of their words; a mute one is well again once they are through and hear the agent. */
export function createBadLine(plan: Script['line'], change: (state: LineState) => void) {
  let state: LineState | 'restored' = 'well'
  let talkingMs = 0
  /** Tells what becomes of it in the next 20 ms. */
  return (now: { answered: number; talks: boolean; hears: boolean }): void => {
    talkingMs = now.talks ? talkingMs + FRAME_MS : 0
    if (plan && state === 'well' && now.answered > plan.after && talkingMs >= MID_SENTENCE_MS) {
      state = plan.fault
      change(state)
    } else if (state === 'mute' && now.hears && !now.talks) {
      state = 'restored'
      change('well')
    }
  }
}
