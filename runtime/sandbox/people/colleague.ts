import { FRAME_MS } from '../speech/mulaw.ts'
import { createEar } from './ear.ts'
import { createMouth } from './mouth.ts'
import type { Person, PersonOptions } from './person.ts'

const PICK_UP_MS = 300
/** The brief is over when it has been quiet for this long. */
const BRIEF_OVER_MS = 1_200
/** Whoever does not want to take the call has heard enough by then. */
const DECLINES_AFTER_MS = 1_500
/** How long they stay with the lead. */
const TALKS_MS = 8_000
const GREETS_AFTER_MS = 1_000

export const GREETING = 'Hi, you are talking to a person now.'

export interface ColleagueOptions extends PersonOptions {
  /** What was said to them before they pressed the key, as far as it could be recognised. */
  briefed(text: string): void
}

/** Somebody whose phone rings because a lead wants to talk to a person. Hears the brief out, and presses 1 unless they decline. */
export function createColleague({ script, speech, hangUp, press, briefed }: ColleagueOptions): Person {
  const mouth = createMouth(speech)
  const ear = createEar(speech)
  let elapsedMs = 0
  let acceptedAt: number | undefined

  function listen(): void {
    if (script.declines && ear.talkingMs > DECLINES_AFTER_MS) hangUp()
    else if (ear.talkingMs > 0 && ear.quietMs >= BRIEF_OVER_MS) accept()
  }

  function accept(): void {
    briefed(ear.take())
    acceptedAt = elapsedMs
    press?.('1')
  }

  function talk(sinceMs: number): void {
    if (sinceMs === GREETS_AFTER_MS) mouth.say(GREETING)
    if (sinceMs >= TALKS_MS) hangUp()
  }

  return {
    exchange(frame) {
      elapsedMs += FRAME_MS
      if (elapsedMs === PICK_UP_MS) mouth.say(script.opening)
      if (acceptedAt === undefined) ear.hear(frame)
      if (acceptedAt !== undefined) talk(elapsedMs - acceptedAt)
      else if (!mouth.busy && elapsedMs > PICK_UP_MS) listen()
      return mouth.frame()
    },
  }
}
