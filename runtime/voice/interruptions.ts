import { frameMs, loudness } from './mulaw.ts'

export interface InterruptionOptions {
  /** Speech shorter than this does not cut the agent, in milliseconds of voice. */
  minSpeechMs: number
  /** Speech that begins this soon after the answer is the callee's "hello". */
  openingMs: number
  /** How much longer an opening, or speech over a goodbye, must last before it cuts. */
  minPatientMs: number
}

export const usualInterruptions: InterruptionOptions = { minSpeechMs: 300, openingMs: 1_500, minPatientMs: 1_000 }

export interface Interruptions {
  /** The engine hears speech begin, `atMs` after the stream's start. */
  started(atMs: number): void
  stopped(): void
  /** A frame of the caller's; true exactly once in a stretch of speech: the agent should be cut now. */
  frame(frame: Buffer, agent: { audible: boolean; interruptible: boolean; patient: boolean }): boolean
  readonly speaking: boolean
  /** The speech now running, or the last one, was the callee's opening word. */
  readonly opening: boolean
}

/** −36 dBm0 or so: above the noise of a line, below quiet speech. */
const voiceLoudness = 400
/** Speech that the engine still hears after this much more than the minimum was long, whatever our own ear says. */
const engineHangoverMs = 1_500

/**
 * Decides when speech is meant to interrupt: enough voice since the engine heard it begin. Time is counted in frames, so
 * that a late timer or a fast clock changes nothing. A pure machine.
 */
export function createInterruptions(options: InterruptionOptions = usualInterruptions): Interruptions {
  let speaking = false
  let opening = false
  let decided = false
  let voicedMs = 0
  let elapsedMs = 0
  return {
    started(atMs) {
      speaking = true
      opening = atMs < options.openingMs
      decided = false
      voicedMs = 0
      elapsedMs = 0
    },
    stopped() {
      speaking = false
    },
    frame(frame, { audible, interruptible, patient }) {
      if (!speaking || decided) return false
      elapsedMs += frameMs
      if (loudness(frame) >= voiceLoudness) voicedMs += frameMs
      const wary = opening || patient
      const enoughMs = wary ? options.minPatientMs : options.minSpeechMs
      const onlyEngineHears = !wary && elapsedMs >= enoughMs + engineHangoverMs
      decided = audible && interruptible && (voicedMs >= enoughMs || onlyEngineHears)
      return decided
    },
    get speaking() {
      return speaking
    },
    get opening() {
      return opening
    },
  }
}

/** Words that mean "I am listening", in the languages we guard (en, tr, de, es, fr). */
const backchannels = new Set(
  (
    'yeah yes yep ok okay uh huh uhhuh mhm mm hmm right sure hello hi hey alright ' +
    'evet tamam peki hı hıhı hıı he hee alo efendim merhaba ja jo genau gut aha hallo sí si vale claro bueno hola ' +
    "oui ouais d'accord bien allô allo"
  ).split(' '),
)

/** True for nothing at all and for one or two words that only keep the line warm. Whether they answer a question is not for us. */
export function isBackchannel(text: string): boolean {
  const words =
    text
      .toLocaleLowerCase('tr')
      .normalize('NFC')
      .match(/[\p{L}\p{M}'’]+/gu) ?? []
  const lower = text.toLowerCase().match(/[\p{L}\p{M}'’]+/gu) ?? []
  return (
    words.length <= 2 && words.every((word, index) => backchannels.has(word) || backchannels.has(lower[index] ?? ''))
  )
}
