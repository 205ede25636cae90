import { type Clock, pause } from '../clock.ts'
import { isStopKey } from '../guardrails/opt-out.ts'

/** Keys within this, in milliseconds of the call, are one entry: a code, a number. */
const ENTRY_MS = 2_000

export interface StopKey {
  /** Resolves once it is known: true when the key was pressed alone, and is the one that ends calls for good. */
  pressed(digit: string): Promise<boolean>
  /** Nothing can follow any more. */
  lineClosed(): void
}

/** Tells the key that stops calls from the same digit in a ZIP code that somebody types because the agent asked for it. */
export function createStopKey(clock: Clock): StopKey {
  const closed = new AbortController()
  let lastMs = Number.NEGATIVE_INFINITY
  let presses = 0
  return {
    async pressed(digit) {
      const nowMs = clock.monotonic()
      const follows = nowMs - lastMs < ENTRY_MS
      lastMs = nowMs
      presses += 1
      const own = presses
      if (!isStopKey(digit) || follows) return false
      await pause(clock, ENTRY_MS, closed.signal)
      return presses === own
    },
    lineClosed: () => closed.abort(),
  }
}
