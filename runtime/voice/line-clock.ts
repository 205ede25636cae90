/** By how much the stream's own time differs from ours. */
export interface LineClock {
  /** A frame that begins `atMs` after the stream's start has come. */
  frame(atMs: number, nowMs: number): void
  /** What makes our monotonic time the stream's. */
  readonly offsetMs: number
}

/** Half a second: long enough that one frame of it was not held up, short enough for a clock that drifts, or a stream that has paused. */
const blockFrames = 25

/**
 * The frame that took the least time tells what the way takes; how late the others are is chance. Of the last half to one second. A pure
 * machine. @param startedMs ours, when the stream began.
 */
export function createLineClock(startedMs: number): LineClock {
  let offsetMs = -startedMs
  let before = Number.NEGATIVE_INFINITY
  let block = Number.NEGATIVE_INFINITY
  let frames = 0
  return {
    frame(atMs, nowMs) {
      block = Math.max(block, atMs - nowMs)
      offsetMs = Math.max(before, block)
      frames += 1
      if (frames < blockFrames) return
      before = block
      block = Number.NEGATIVE_INFINITY
      frames = 0
    },
    get offsetMs() {
      return offsetMs
    },
  }
}
