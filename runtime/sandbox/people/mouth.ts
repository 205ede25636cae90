import { FRAME_BYTES, SILENCE } from '../speech/mulaw.ts'
import type { Speech } from '../speech/speech.ts'

const silence = Buffer.alloc(FRAME_BYTES, SILENCE)

/** Says one phrase at a time. */
export function createMouth(speech: Speech) {
  let audio: Buffer | undefined
  let thinking = false
  return {
    get busy() {
      return thinking || audio !== undefined
    },
    say(text: string, after?: Buffer): void {
      const play = (words: Buffer) => {
        thinking = false
        audio = after ? Buffer.concat([words, after]) : words
      }
      const ready = speech.ready('person', text)
      thinking = ready === undefined
      // Not rendered yet: the person thinks. When it cannot be rendered at all, they say nothing.
      const nothing = () => {
        thinking = false
      }
      if (ready) play(ready)
      else speech.say('person', text).then(play, nothing)
    },
    frame(): Buffer {
      if (!audio) return silence
      const frame = audio.subarray(0, FRAME_BYTES)
      audio = audio.length > FRAME_BYTES ? audio.subarray(FRAME_BYTES) : undefined
      return frame
    },
  }
}
