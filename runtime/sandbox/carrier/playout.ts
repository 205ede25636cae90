import { FRAME_BYTES, SILENCE } from '../speech/mulaw.ts'

/** The carrier's buffer of outbound audio: bytes and marks in the order in which they came. */
export interface Playout {
  /** Returns false when the buffer is full. */
  audio(bytes: Buffer): boolean
  mark(name: string): void
  /** Drops the audio; every mark that was waiting is reached now. */
  clear(): void
  /** The next 20 ms, filled with silence; marks that it passes are reached. */
  frame(): Buffer
}

/** Ten minutes of audio. */
const BUFFERED_MAX = 600 * 8000

/** @param reached told of each mark once everything before it has been played or cleared */
export function createPlayout(reached: (name: string) => void): Playout {
  let queue: (Buffer | string)[] = []
  let buffered = 0

  function passMarks(): void {
    while (typeof queue[0] === 'string') reached(queue.shift() as string)
  }

  return {
    audio(bytes) {
      if (buffered + bytes.length > BUFFERED_MAX) return false
      queue.push(bytes)
      buffered += bytes.length
      return true
    },
    mark(name) {
      queue.push(name)
      if (buffered === 0) passMarks()
    },
    clear() {
      const marks = queue.filter((entry) => typeof entry === 'string')
      queue = []
      buffered = 0
      for (const name of marks) reached(name)
    },
    frame() {
      const frame = Buffer.alloc(FRAME_BYTES, SILENCE)
      for (let filled = 0; filled < FRAME_BYTES && queue.length > 0; ) {
        const head = queue[0] as Buffer
        const taken = head.copy(frame, filled, 0, FRAME_BYTES - filled)
        filled += taken
        buffered -= taken
        if (taken === head.length) queue.shift()
        else queue[0] = head.subarray(taken)
        passMarks()
      }
      return frame
    },
  }
}
