import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'

/** A carrier that cannot be reached, as this process knows it. */
export interface CarrierOutage {
  /** How long a dial waits before it asks for the carrier, in milliseconds; 0 while it is there, or is to be tried again. */
  readonly waitMs: number
  /** True for every dial while the carrier is there, and for one at a time while it is not: that one tries. */
  mayTry(): boolean
  /** It could not be reached. @returns for how long no dial tries it again, in milliseconds. */
  missed(why: string): number
  reached(): void
}

const firstWaitMs = 1_000
const longestWaitMs = 60_000
/** Whoever finds that another tries just now asks again after this. */
const betweenMs = 5_000
/** Whoever tries has said by then what came of it, or is gone. */
const triedWithinMs = 15_000

/**
 * While nobody is at the other end, every waiting call would open an engine's session and a connection each second, to no end. So one
 * dial tries, after 1, 2, 4 … 60 seconds, and the others wait for what it finds. The log has a line when the carrier goes away and
 * one when it is back.
 */
export function createOutage(clock: Clock, log: Log): CarrierOutage {
  let misses = 0
  let sinceMs = 0
  let untilMs = 0
  let triedUntilMs = Number.NEGATIVE_INFINITY

  const isTried = () => clock.monotonic() < triedUntilMs

  return {
    get waitMs() {
      if (misses === 0) return 0
      return isTried() ? betweenMs : Math.max(0, untilMs - clock.monotonic())
    },
    mayTry() {
      if (misses === 0) return true
      if (isTried() || clock.monotonic() < untilMs) return false
      triedUntilMs = clock.monotonic() + triedWithinMs
      return true
    },
    missed(why) {
      const nowMs = clock.monotonic()
      if (misses === 0) {
        sinceMs = nowMs
        log.warn({ why }, 'the carrier cannot be reached: calls wait for it')
      }
      // Those that were asked together know no more than the first of them.
      if (misses === 0 || isTried()) {
        untilMs = nowMs + Math.min(longestWaitMs, firstWaitMs * 2 ** misses)
        misses += 1
      }
      triedUntilMs = Number.NEGATIVE_INFINITY
      return Math.max(firstWaitMs, untilMs - nowMs)
    },
    reached() {
      if (misses > 0) log.warn({ seconds: Math.round((clock.monotonic() - sinceMs) / 1000) }, 'the carrier is back')
      misses = 0
      triedUntilMs = Number.NEGATIVE_INFINITY
    },
  }
}
