import { FRAME_MS, loudness, VOICED_DB } from '../speech/mulaw.ts'
import type { Recognizer } from '../speech/recognizer.ts'

/** Listens to the agent as it is played, frame by frame. */
export interface Ear {
  hear(frame: Buffer): void
  /** How long the agent has been quiet, and how long it has been talking in this turn; milliseconds of audio. */
  readonly quietMs: number
  readonly talkingMs: number
  /** What was said in this turn; the turn is then over. Empty when there was none. */
  take(): string
}

/** Longer monologues are remembered from their end. */
const FRAMES_MAX = 3000

export function createEar(recognizer: Recognizer): Ear {
  let frames: Buffer[] = []
  let quietMs = 0
  let talkingMs = 0

  return {
    hear(frame) {
      const voiced = loudness(frame) > VOICED_DB
      quietMs = voiced ? 0 : quietMs + FRAME_MS
      if (voiced) talkingMs += FRAME_MS
      if (talkingMs === 0) return
      frames.push(frame)
      if (frames.length > FRAMES_MAX) frames.shift()
    },
    get quietMs() {
      return quietMs
    },
    get talkingMs() {
      return talkingMs
    },
    take() {
      const text = frames.length > 0 ? recognizer.recognize(Buffer.concat(frames)) : ''
      frames = []
      talkingMs = 0
      return text
    },
  }
}
