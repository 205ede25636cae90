import type { Clock } from '../../runtime/clock.ts'

interface Due {
  atMs: number
  order: number
  run: () => void
}

/** A clock that moves only when told. Timers run in order of time, then of setting. */
export function virtualClock(startMs = 1_700_000_000_000) {
  let nowMs = 0
  let order = 0
  let due: Due[] = []
  const clock: Clock = {
    now: () => startMs + nowMs,
    monotonic: () => nowMs,
    setTimeout(run, ms) {
      const timer: Due = { atMs: nowMs + Math.max(0, ms), order: order++, run }
      due.push(timer)
      return { timer }
    },
    clearTimeout: (timer) => {
      due = due.filter((one) => one !== timer?.timer)
    },
  }
  return {
    ...clock,
    clock,
    /** Runs every timer that falls due in the next `ms`; promises settle between them. */
    async pass(ms: number) {
      const untilMs = nowMs + ms
      for (;;) {
        await settled()
        const next = due.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
        if (!next) break
        due = due.filter((one) => one !== next)
        nowMs = Math.max(nowMs, next.atMs)
        next.run()
      }
      nowMs = untilMs
    },
    /** The process is busy for so long: what falls due meanwhile runs late. */
    stall(ms: number) {
      nowMs += ms
    },
    get pending() {
      return due.length
    },
  }
}

/** Lets promises that are ready run, some levels deep. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve()
}
