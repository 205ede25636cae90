/** A timer handle; only the clock that made it may clear it. */
export type Timer = { readonly timer: unknown }

/**
 * Time as a parameter. Everything below `runtime.ts` reads time and sets timers through one of these.
 */
export interface Clock {
  /** Wall time in epoch milliseconds. */
  now(): number
  /** Milliseconds on a scale that never jumps, for durations and pacing. */
  monotonic(): number
  setTimeout(run: () => void, ms: number): Timer
  clearTimeout(timer: Timer | undefined): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, ms) => ({ timer: setTimeout(run, ms) }),
  clearTimeout: (timer) => clearTimeout(timer?.timer as NodeJS.Timeout | undefined),
}

/** A clock that runs faster than its own, and knows the way back. */
export interface PacedClock extends Clock {
  /** What the wall clock shows when this clock's `now()` is `ms`. */
  toWall(ms: number): number
}

/**
 * The same clock running `pace` times faster from now on: the time-lapse of sandbox calls.
 * A pace of 1 is the clock itself.
 */
export function faster(clock: Clock, pace: number): PacedClock {
  if (pace === 1) return { ...clock, toWall: (ms) => ms }
  const wallStart = clock.now()
  const monotonicStart = clock.monotonic()
  return {
    now: () => wallStart + (clock.now() - wallStart) * pace,
    monotonic: () => monotonicStart + (clock.monotonic() - monotonicStart) * pace,
    setTimeout: (run, ms) => clock.setTimeout(run, ms / pace),
    clearTimeout: (timer) => clock.clearTimeout(timer),
    toWall: (ms) => wallStart + (ms - wallStart) / pace,
  }
}

/** Resolves after `ms` on `clock`, or at once when `signal` aborts. Never rejects. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      clock.clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
