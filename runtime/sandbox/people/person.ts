import { FRAME_MS } from '../speech/mulaw.ts'
import type { Speech } from '../speech/speech.ts'
import { createBadLine, type LineState } from './bad-line.ts'
import { createEar } from './ear.ts'
import { answeringMachine, callScreener } from './machines.ts'
import { createMouth } from './mouth.ts'
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
  line?(state: LineState): void
}

const PICK_UP_MS = 300
/** The agent has stopped speaking when it has been quiet for this long. */
const NATURAL_MOMENT_MS = 700
const INTERRUPTS_AFTER_MS = 900
const BREATH_MS = 900
/** Whoever interrupted waits for the agent to fall silent, and does not answer the rest of its sentence. */
const CUT_SHORT_MS = 300
const HANGS_UP_AFTER_MS = 600
const AFTER_GOODBYE_MS = 1600
/** After so long without a word a person asks whether anybody is there; after half of it they say okay to a statement. */
const PATIENCE_MS = 14_000

export function createPerson(options: PersonOptions): Person {
  const { pickUp, screens } = options.script
  if (pickUp === 'voicemail') return answeringMachine(options)
  return screens ? callScreener(options, screens, human) : human(options)
}

function human({ script, speech, pace, hangUp, press, line }: PersonOptions): Person {
  const mouth = createMouth(speech)
  const ear = createEar(speech)
  const disturb = createBadLine(script.line, (state) => line?.(state))
  // At a high pace a sentence that is still being rendered takes a long time of the call's.
  const patienceMs = Math.round((PATIENCE_MS * Math.max(1, pace / 2.5)) / (2 * FRAME_MS)) * 2 * FRAME_MS
  let elapsedMs = 0
  let silentMs = 0
  let answered = 0
  let insisted = false
  let interrupted = false
  let ignoring = false
  let pressed = false
  const said: string[] = []
  let heard = ''
  let asked = 0
  let breathMs = 0

  function say(text: string): void {
    said.push(text)
    silentMs = 0
    heard = ''
    ear.take()
    mouth.say(text)
  }

  function respond(waited: boolean): void {
    const words = reply(script, { text: heard, answered, insisted, said, waited })
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
    if (breathMs > 0) {
      breathMs -= FRAME_MS
      if (breathMs <= 0) say(script.interruption!.goesOn!)
      return
    }
    if (ignoring) {
      if (ear.quietMs < CUT_SHORT_MS) return
      ear.take()
      ignoring = false
    }
    const talking = ear.quietMs === 0 ? ear.talkingMs : 0
    const { interruption } = script
    const patienceOverMs = interruption?.atMs ?? INTERRUPTS_AFTER_MS
    if (interruption && answered >= interruption.after && !interrupted && talking > patienceOverMs) {
      interrupt(interruption)
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

  function interrupt({ words, listens, goesOn }: NonNullable<Script['interruption']>): void {
    interrupted = true
    ignoring = !listens
    breathMs = goesOn ? BREATH_MS : 0
    if (listens) mouth.say(words)
    else say(words)
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
      disturb({ answered, talks: mouth.busy, hears: ear.quietMs === 0 })
      return mouth.frame()
    },
  }
}
