import { FRAME_BYTES, FRAME_MS, SILENCE, tone } from '../speech/mulaw.ts'
import { createEar } from './ear.ts'
import { createMouth } from './mouth.ts'
import type { Person, PersonOptions } from './person.ts'
import type { Script } from './scripts.ts'

const beep = Buffer.concat([Buffer.alloc(15 * FRAME_BYTES, SILENCE), tone(1004, 400)])

const VOICEMAIL_RECORDS_MS = 60_000

export function answeringMachine({ script, speech, hangUp }: PersonOptions): Person {
  const mouth = createMouth(speech)
  let elapsedMs = 0
  speech.learn('(beep)', beep)
  mouth.say(script.opening, beep)
  return {
    exchange() {
      elapsedMs += FRAME_MS
      if (elapsedMs > VOICEMAIL_RECORDS_MS) hangUp()
      return mouth.frame()
    },
  }
}

/** The caller has stated their name once they have been quiet for this long. */
const STATED_MS = 1000
/** So long it takes to come to the phone, or to let the robot end the call. */
const COMES_AFTER_MS = 6000
const GIVES_UP_AFTER_MS = 20_000

/** A robot that asks for name and reason, as telephones do today; then the person, or nobody. */
export function callScreener(
  options: PersonOptions,
  { asks, holds, comes }: NonNullable<Script['screens']>,
  createHuman: (options: PersonOptions) => Person,
): Person {
  const { speech, hangUp } = options
  const mouth = createMouth(speech)
  const ear = createEar(speech)
  let asked = true
  let heldMs = 0
  let person: Person | undefined
  mouth.say(asks)

  function listen(): void {
    if (asked) {
      if (ear.talkingMs === 0 || ear.quietMs < STATED_MS) return
      asked = false
      mouth.say(holds)
      return
    }
    heldMs += FRAME_MS
    if (comes && heldMs >= COMES_AFTER_MS) person = createHuman(options)
    else if (heldMs >= GIVES_UP_AFTER_MS) hangUp()
  }

  return {
    exchange(heard) {
      if (person) return person.exchange(heard)
      // What was said over the question is no answer to it.
      if (asked && mouth.busy) ear.take()
      ear.hear(heard)
      if (!mouth.busy) listen()
      return mouth.frame()
    },
  }
}
