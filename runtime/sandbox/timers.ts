import type { Clock, Timer } from '../clock.ts'

/** Timers that end together with their owner. */
export interface Timers {
  after(ms: number, run: () => void): Timer
  cancel(timer: Timer | undefined): void
  /** Cancels what is pending; nothing runs afterwards. */
  clear(): void
}

export function createTimers(clock: Clock): Timers {
  const pending = new Set<Timer>()
  let cleared = false
  function cancel(timer: Timer | undefined): void {
    if (timer && pending.delete(timer)) clock.clearTimeout(timer)
  }
  return {
    after(ms, run) {
      const timer = clock.setTimeout(() => {
        pending.delete(timer)
        run()
      }, ms)
      if (cleared) clock.clearTimeout(timer)
      else pending.add(timer)
      return timer
    },
    cancel,
    clear() {
      cleared = true
      for (const timer of [...pending]) cancel(timer)
    },
  }
}
