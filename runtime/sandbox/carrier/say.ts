import { FRAME_BYTES, SILENCE } from '../speech/mulaw.ts'
import { type Speech, sentences } from '../speech/speech.ts'
import type { SayVerb } from './twiml.ts'

const silence = Buffer.alloc(FRAME_BYTES, SILENCE)

/** The next 20 ms of what is said: silence until it is rendered, and undefined once it is over. What cannot be rendered is not heard. */
export function wordsOf(speech: Speech, says: SayVerb[]): () => Buffer | undefined {
  let audio: Buffer | undefined
  const rendered = says.flatMap(({ text }) => sentences(text)).map((text) => speech.say('agent', text))
  Promise.all(rendered).then(
    (parts) => {
      audio = Buffer.concat(parts)
    },
    () => {
      audio = Buffer.alloc(0)
    },
  )
  return () => {
    if (!audio) return silence
    if (audio.length === 0) return undefined
    const frame = audio.subarray(0, FRAME_BYTES)
    audio = audio.subarray(FRAME_BYTES)
    return frame
  }
}
