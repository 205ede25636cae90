import { FRAME_BYTES, FRAME_MS, SILENCE, tone } from '../speech/mulaw.ts'
import type { Speech } from '../speech/speech.ts'
import { createEar } from './ear.ts'
import { ANYBODY_THERE, GOODBYE, reply, type Script } from './scripts.ts'

/** Somebody on the phone. Their time is the number of frames that have passed. */
export interface Person {
  /** Hears 20 ms and says 20 ms. */
  exchange(heard: Buffer): Buffer
}

export interface PersonOptions {
  script: Script
  speech: Speech
  pace: number
  hangUp(): void
  press?(digit: string): void
}

const silence = Buffer.alloc(FRAME_BYTES, SILENCE)
const beep = Buffer.concat([Buffer.alloc(15 * FRAME_BYTES, SILENCE), tone(1004, 400)])

const PICK_UP_MS = 300
/** The agent has stopped speaking when it has been quiet for this long. */
const NATURAL_MOMENT_MS = 700
const INTERRUPTS_AFTER_MS = 900
/** Whoever interrupted waits for the agent to fall silent, and does not answer the rest of its sentence. */
const CUT_SHORT_MS = 300
const HANGS_UP_AFTER_MS = 600
const AFTER_GOODBYE_MS = 1600
/** After so long without a word a person asks whether anybody is there; after half of it they say okay to a statement. */
const PATIENCE_MS = 14_000
const VOICEMAIL_RECORDS_MS = 60_000

export function createPerson(options: PersonOptions): Person {
  return options.script.pickUp === 'voicemail' ? answeringMachine(options) : human(options)
}

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

function answeringMachine({ script, speech, hangUp }: PersonOptions): Person {
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

function human({ script, speech, pace, hangUp, press }: PersonOptions): Person {
  const mouth = createMouth(speech)
  const ear = createEar(speech)
  // At a high pace a sentence that is still being rendered takes a long time of the call's.
  const patienceMs = Math.round((PATIENCE_MS * Math.max(1, pace / 4)) / (2 * FRAME_MS)) * 2 * FRAME_MS
  let elapsedMs = 0
  let silentMs = 0
  let answered = 0
  let insisted = false
  let interrupted = false
  let ignoring = false
  let pressed = false
  let last = ''
  let heard = ''
  let asked = 0

  function say(text: string): void {
    last = text
    silentMs = 0
    heard = ''
    ear.take()
    mouth.say(text)
  }

  function respond(waited: boolean): void {
    const words = reply(script, { text: heard, answered, insisted, last, waited })
    if (words === null) return
    insisted ||= words === script.insists?.words
    answered++
    asked = 0
    say(words)
  }

  function listen(): void {
    if (script.silentAfter !== undefined && answered >= script.silentAfter) {
      silently()
      return
    }
    if (ignoring) {
      if (ear.quietMs < CUT_SHORT_MS) return
      ear.take()
      ignoring = false
    }
    const talking = ear.quietMs === 0 ? ear.talkingMs : 0
    const { interruption } = script
    if (interruption && answered >= interruption.after && !interrupted && talking > INTERRUPTS_AFTER_MS) {
      interrupted = true
      ignoring = true
      say(interruption.words)
    } else if (script.hangsUpAfter !== undefined && answered >= script.hangsUpAfter && talking > HANGS_UP_AFTER_MS) {
      hangUp()
    } else if (ear.talkingMs > 0 && ear.quietMs >= NATURAL_MOMENT_MS) {
      heard = `${heard} ${ear.take()}`.trim()
      silentMs = ear.quietMs
      if (pressKeys()) return
      respond(false)
    } else if (ear.talkingMs === 0) {
      wait()
    }
  }

  /** Whoever says nothing may still have keys to press. */
  function silently(): void {
    if (ear.talkingMs > 0 && ear.quietMs >= NATURAL_MOMENT_MS) pressKeys()
  }

  function pressKeys(): boolean {
    if (!script.presses || pressed) return false
    pressed = true
    for (const digit of script.presses) press?.(digit)
    return true
  }

  /** Nobody speaks. */
  function wait(): void {
    silentMs += FRAME_MS
    if (GOODBYE.test(heard)) {
      if (silentMs >= AFTER_GOODBYE_MS) hangUp()
    } else if (heard !== '' && silentMs === patienceMs / 2) {
      respond(true)
    } else if (silentMs >= patienceMs) {
      if (++asked > 2) hangUp()
      else say(ANYBODY_THERE)
    }
  }

  return {
    exchange(frame) {
      elapsedMs += FRAME_MS
      if (elapsedMs === PICK_UP_MS) mouth.say(script.opening)
      ear.hear(frame)
      if (!mouth.busy && elapsedMs > PICK_UP_MS) listen()
      return mouth.frame()
    },
  }
}
