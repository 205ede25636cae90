import type { RealtimeAudioInputTurnDetection } from 'openai/resources/realtime/realtime'
import { FRAME_BYTES, FRAME_MS, loudness } from '../speech/mulaw.ts'

export type ServerVad = Required<RealtimeAudioInputTurnDetection.ServerVad>

/** Server VAD: speech starts and stops by loudness, counted in milliseconds of audio, never of the wall. */
export interface Vad {
  /** Milliseconds of audio that have come in since the session began. */
  readonly elapsedMs: number
  readonly speaking: boolean
  /** Audio since the last turn: what a commit would hold. */
  readonly buffered: Buffer
  push(audio: Buffer): void
  /** Takes what is buffered, and forgets a turn that had begun. */
  take(): Buffer
}

export interface VadEvents {
  started(audioStartMs: number): void
  stopped(audioEndMs: number): void
}

/** So many loud frames in a row are speech and not a click. */
const ONSET_FRAMES = 3
/** A turn longer than this is cut from its beginning. */
const BUFFER_MAX = 120_000 * 8

export function createVad(settings: () => ServerVad | null, events: VadEvents): Vad {
  let rest = Buffer.alloc(0)
  let held: Buffer[] = []
  let heldBytes = 0
  let elapsedMs = 0
  let loud = 0
  let quietMs = 0
  let speaking = false

  function hold(frame: Buffer, keepBytes: number): void {
    held.push(frame)
    heldBytes += frame.length
    while (heldBytes > keepBytes) heldBytes -= held.shift()!.length
  }

  function frame(audio: Buffer): void {
    elapsedMs += FRAME_MS
    const vad = settings()
    if (!vad) {
      hold(audio, BUFFER_MAX)
      return
    }
    // 0.5, the default, is -36 dBFS; each tenth is 4 dB.
    const voiced = loudness(audio) > -56 + vad.threshold * 40
    loud = voiced ? loud + 1 : 0
    quietMs = voiced ? 0 : quietMs + FRAME_MS
    hold(audio, speaking ? BUFFER_MAX : (vad.prefix_padding_ms + ONSET_FRAMES * FRAME_MS) * 8)
    if (!speaking && loud >= ONSET_FRAMES) {
      speaking = true
      events.started(Math.max(0, elapsedMs - ONSET_FRAMES * FRAME_MS - vad.prefix_padding_ms))
    } else if (speaking && quietMs >= vad.silence_duration_ms) {
      speaking = false
      events.stopped(elapsedMs)
    }
  }

  return {
    get elapsedMs() {
      return elapsedMs
    },
    get speaking() {
      return speaking
    },
    get buffered() {
      return Buffer.concat(held)
    },
    push(audio) {
      const all = rest.length > 0 ? Buffer.concat([rest, audio]) : audio
      let at = 0
      for (; at + FRAME_BYTES <= all.length; at += FRAME_BYTES) frame(all.subarray(at, at + FRAME_BYTES))
      rest = Buffer.from(all.subarray(at))
    },
    take() {
      const audio = Buffer.concat(held)
      held = []
      heldBytes = 0
      speaking = false
      loud = 0
      return audio
    },
  }
}
