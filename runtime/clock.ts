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

/** Whether `work` was done within `ms` on `clock`; later it is nobody's. Rejects as `work` does until then. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const waiting = new AbortController()
  const inTime = await Promise.race([work.then(() => true), pause(clock, ms, waiting.signal).then(() => false)])
  waiting.abort()
  return inTime
}

/** A timer later than this, in milliseconds, means that the process was too busy to run it. */
const STALL_MS = 3

/**
 * A clock that stands still while the process is too busy to run its timers. In time-lapse a stall of 20 ms is half a second of
 * conversation, in which people would fall silent and interrupt each other; on this clock a busy process only makes the call slower.
 * Both ends of a conversation must be given the same one. Live calls never are. Its wall time is the real one.
 */
export function elastic(clock: Clock): Clock {
  const origin = clock.monotonic()
  let skipped = 0
  let latest = 0
  // Never backwards: what was read during a stall stands until the rest has caught up.
  const elapsed = () => {
    latest = Math.max(latest, clock.monotonic() - origin - skipped)
    return latest
  }
  return {
    now: () => clock.now(),
    monotonic: () => origin + elapsed(),
    setTimeout(run, ms) {
      const due = clock.monotonic() - origin - skipped + Math.max(ms, 1)
      const handle: { timer: Timer } = { timer: clock.setTimeout(fire, ms) }
      function fire() {
        const late = clock.monotonic() - origin - skipped - due
        // This clock stood still meanwhile.
        if (late <= -1) {
          handle.timer = clock.setTimeout(fire, -late)
          return
        }
        if (late > STALL_MS) skipped += late - STALL_MS
        run()
      }
      return handle
    },
    clearTimeout: (timer) => clock.clearTimeout(timer?.timer as Timer | undefined),
  }
}
