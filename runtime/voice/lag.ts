import { frameMs } from './mulaw.ts'

/** How far the carrier's ear is behind our reckoning, which knows nothing of the way between us. */
export interface Lag {
  /** A new stretch of audio begins after a pause: what was held in the last one has drained. */
  began(nowMs: number): void
  /** A mark is back that by our reckoning was due at `dueMs`. */
  returned(dueMs: number, nowMs: number): void
  /** A mark is back that only the clear which left at `clearedMs` can have released. */
  echoed(clearedMs: number, nowMs: number): void
  /** What the carrier holds back, in milliseconds; `nextDueMs`: of the next mark that is still out. */
  heldMs(nowMs: number, nextDueMs: number | undefined): number
  /** The way out and back together; 0 until a mark was back. */
  readonly wayMs: number
}

/** Before any mark was back: nobody we talk to is farther than this there and back. */
const farthestMs = 1_000
/** By so much a mark is late by chance: the carrier's frames do not begin when ours do. */
const chanceMs = frameMs
/** One mark comes late by chance; that many do not. */
const remembered = 3

/**
 * A mark is late by the way out, the way back and what the carrier holds back (a buffer of its own, or a pause while it ran dry).
 * The way alone is the least that was ever seen, or what the last clear took to be answered; how it is shared between out and back
 * no mark can tell, and nobody has to know: a clear takes the same way out as the audio before it.
 */
export function createLag(): Lag {
  let wayMs = farthestMs
  let beganAtMs = Number.NEGATIVE_INFINITY
  let lateMs: number[] = []
  return {
    began(nowMs) {
      beganAtMs = nowMs
      lateMs = []
    },
    returned(dueMs, nowMs) {
      const late = Math.max(0, nowMs - dueMs)
      wayMs = Math.min(wayMs, late)
      if (dueMs > beganAtMs) lateMs = [...lateMs.slice(1 - remembered), late]
    },
    echoed(clearedMs, nowMs) {
      wayMs = Math.max(0, nowMs - clearedMs)
    },
    heldMs(nowMs, nextDueMs = nowMs) {
      const least = lateMs.length === 0 ? 0 : Math.min(...lateMs)
      return Math.max(0, Math.max(least, nowMs - nextDueMs) - wayMs - chanceMs)
    },
    get wayMs() {
      return wayMs === farthestMs ? 0 : wayMs
    },
  }
}
