export interface Reconnects {
  /** The engine is gone: how long to wait before it is asked for another session, in milliseconds; null: no more. */
  lost(nowMs: number): number | null
}

/** At once, then with pauses; so often in a stretch of time. An engine that needs more does not carry a conversation. */
const waitsMs = [0, 500, 2_000]
const stretchMs = 5 * 60_000

/** Each outage is bridged, but one after the other without end is none. A pure machine. */
export function createReconnects(): Reconnects {
  let tries: number[] = []
  return {
    lost(nowMs) {
      tries = tries.filter((atMs) => nowMs - atMs < stretchMs)
      const waitMs = waitsMs[tries.length]
      if (waitMs === undefined) return null
      tries.push(nowMs)
      return waitMs
    },
  }
}
