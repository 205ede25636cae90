import { type Clock, pause } from '../clock.ts'
import { isStopKey } from '../guardrails/opt-out.ts'

/** Keys within this, in milliseconds of the call, are one entry: a code, a number. */
const ENTRY_MS = 2_000

export interface StopKey {
  /** Resolves once it is known: true when it is the key that ends calls for good, pressed without any other, once or impatiently. */
  pressed(digit: string): Promise<boolean>
  /** Nothing can follow any more. */
  lineClosed(): void
}

/** Tells the key that stops calls from the same digit in a ZIP code that somebody types because the agent asked for it. */
export function createStopKey(clock: Clock): StopKey {
  const closed = new AbortController()
  let lastMs = Number.NEGATIVE_INFINITY
  let entry = ''
  return {
    async pressed(digit) {
      const nowMs = clock.monotonic()
      entry = nowMs - lastMs < ENTRY_MS ? entry + digit : digit
      lastMs = nowMs
      const own = entry
      if (![...own].every(isStopKey)) return false
      await pause(clock, ENTRY_MS, closed.signal)
      return entry === own
    },
    lineClosed: () => closed.abort(),
  }
}
