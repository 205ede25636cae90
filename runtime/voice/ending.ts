import type { EndedBy } from './port.ts'

export interface Ending {
  /**
   * The last words are asked for. `firm`: the caller's speech does not call them off. `longestMs`: they are not waited for any
   * longer. False when the call already ends: then they may become firm, and are not said twice.
   */
  begin(by: EndedBy, nowMs: number, firm?: boolean, longestMs?: number): boolean
  /** The caller spoke over the goodbye: true when the conversation goes on. */
  calledOff(): boolean
  /** Time to hang up: the last words were heard, or cannot be waited for any longer. */
  due(nowMs: number, agentBusy: boolean, leadSpeaking: boolean): boolean
  /** Why the call ends; null while it does not. */
  readonly by: EndedBy | null
  readonly firm: boolean
}

/** Last words that are still not over by then never will be. */
const longestGoodbyeMs = 30_000

/** How a call ends by our wish: words first, then silence, then the line. A pure machine. */
export function createEnding(): Ending {
  let state: { by: EndedBy; firm: boolean; untilMs: number } | null = null
  return {
    begin(by, nowMs, firm = false, longestMs = longestGoodbyeMs) {
      if (state) {
        state.firm ||= firm
        return false
      }
      state = { by, firm, untilMs: nowMs + longestMs }
      return true
    },
    calledOff() {
      if (!state || state.firm) return false
      state = null
      return true
    },
    due(nowMs, agentBusy, leadSpeaking) {
      if (!state) return false
      if (nowMs >= state.untilMs) return true
      return !agentBusy && (state.firm || !leadSpeaking)
    },
    get by() {
      return state?.by ?? null
    },
    get firm() {
      return state?.firm ?? false
    },
  }
}
