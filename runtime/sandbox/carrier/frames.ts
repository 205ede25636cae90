import type { Clock } from '../../clock.ts'
import { FRAME_MS } from '../speech/mulaw.ts'
import type { Timers } from '../timers.ts'

/** A timer every 4 ms or so when a call runs faster than life. */
const TICK_MS_MIN = 4
/** More than so many turns' worth never passes at once: nobody had time to speak in it. */
const BATCH_TICKS_MAX = 3

/** Lets the frames of a call pass, one every 20 ms of its life, until it is stopped. Both run at the call's pace. */
export function passFrames(options: { clock: Clock; timers: Timers; pace: number; frame(): void }): { stop(): void } {
  const { clock, timers, pace, frame } = options
  const tickMs = Math.max(FRAME_MS, TICK_MS_MIN * pace)
  const most = BATCH_TICKS_MAX * Math.ceil(tickMs / FRAME_MS)
  let startedAt = clock.monotonic()
  let frames = 0
  let over = false

  function tick(): void {
    if (over) return
    let due = Math.floor((clock.monotonic() - startedAt) / FRAME_MS) - frames
    if (due > most) {
      startedAt += (due - most) * FRAME_MS
      due = most
    }
    for (; due > 0 && !over; due--) {
      frames++
      frame()
    }
    if (!over) timers.after(tickMs, tick)
  }
  tick()
  return {
    stop() {
      over = true
    },
  }
}
