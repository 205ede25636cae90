import { frameMs, voiceLoudness } from './mulaw.ts'

export interface InterruptionOptions {
  /** Speech shorter than this does not cut the agent, in milliseconds of voice. */
  minSpeechMs: number
  /** Speech that begins this soon after the answer is the callee's "hello". */
  openingMs: number
  /** How much longer an opening, or speech over a goodbye, must last before it cuts. */
  minPatientMs: number
}

export const usualInterruptions: InterruptionOptions = { minSpeechMs: 300, openingMs: 1_500, minPatientMs: 1_000 }

export interface AgentState {
  audible: boolean
  interruptible: boolean
  /** Only long speech should cut it now. */
  patient: boolean
}

export interface Interruptions {
  /**
   * The engine heard speech begin, `atMs` after the stream's start; voice since then counts, whenever it is told. `greeted`: the
   * agent has been heard before.
   */
  started(atMs: number, greeted?: boolean): void
  stopped(): void
  /** What was heard so far cuts nothing. */
  spare(): void
  /** A frame of the caller's, by its loudness. `echo`: it is our own voice come back. */
  frame(loudness: number, atMs: number, echo: boolean): void
  /** True exactly once in a stretch of speech: the agent should be cut now. */
  due(agent: AgentState): boolean
  readonly speaking: boolean
  /** The speech now running, or the last one, was the callee's opening word. */
  readonly opening: boolean
  /** It was our own voice, or a "hello" that our own voice ran into. */
  readonly echo: boolean
  /** It has cut the agent. */
  readonly cut: boolean
  /** How much voice it had, in milliseconds. */
  readonly voicedMs: number
  /** And how much since it could cut anything. */
  readonly unsparedMs: number
  /** Somebody seems to have begun to speak, which the engine has not told yet. */
  readonly begins: boolean
}

/** Speech that the engine still hears after this much more than the minimum was long, whatever our own ear says. */
const engineHangoverMs = 1_500
/** An engine takes about so long to tell of speech; in it, this much voice is more than a click. */
const untoldFrames = 300 / frameMs
const untoldVoicedFrames = 160 / frameMs
/** An echo is known for one within so much of it. */
const echoKnownMs = 300
/** Nobody says a word in less. */
export const leastWordMs = 200
/** An engine that tells of speech later than this is not asked about its beginning. */
const rememberedFrames = 75

interface Heard {
  atMs: number
  voiced: boolean
  echo: boolean
}

/**
 * Decides when speech is meant to interrupt: enough voice since it began. Time is counted in frames, so that a late timer or a
 * fast clock changes nothing. A pure machine.
 */
export function createInterruptions(options: InterruptionOptions = usualInterruptions): Interruptions {
  /** The last frames, the oldest overwritten first. */
  const before = Array.from({ length: rememberedFrames }, (): Heard => ({ atMs: -1, voiced: false, echo: false }))
  let next = 0
  let speaking = false
  let opening = false
  let cut = false
  let voicedMs = 0
  let echoMs = 0
  let longestMs = 0
  let elapsedMs = 0
  /** What of it could not cut anything. */
  let spared = { voicedMs, elapsedMs }

  function count({ voiced, echo }: Heard) {
    if (!voiced) return
    if (!echo) {
      voicedMs += frameMs
      longestMs = Math.max(longestMs, voicedMs)
      return
    }
    // What was taken for a voice until the echo was known was none either; later a frame now and then is not recognised.
    const noneMs = echoMs === 0 ? echoKnownMs : frameMs
    if (echoMs === 0) longestMs = Math.max(0, voicedMs - noneMs)
    voicedMs = Math.max(0, voicedMs - noneMs)
    spared.voicedMs = Math.min(spared.voicedMs, voicedMs)
    echoMs += frameMs
  }

  function spare() {
    spared = { voicedMs, elapsedMs }
  }

  return {
    started(atMs, greeted = true) {
      speaking = true
      opening = !greeted || atMs < options.openingMs
      cut = false
      voicedMs = 0
      echoMs = 0
      longestMs = 0
      elapsedMs = 0
      spare()
      for (let i = 0; i < rememberedFrames; i += 1) {
        const heard = before[(next + i) % rememberedFrames]!
        if (heard.atMs >= Math.max(0, atMs)) count(heard)
      }
    },
    stopped() {
      speaking = false
    },
    spare,
    frame(loudness, atMs, echo) {
      const heard = before[next]!
      next = (next + 1) % rememberedFrames
      heard.atMs = atMs
      heard.voiced = loudness >= voiceLoudness
      heard.echo = echo
      if (!speaking) return
      elapsedMs += frameMs
      count(heard)
    },
    due({ audible, interruptible, patient }) {
      if (!interruptible) spare()
      if (!speaking || cut || !audible || !interruptible) return false
      const wary = opening || patient
      const enoughMs = wary ? options.minPatientMs : options.minSpeechMs
      const onlyEngineHears = !wary && echoMs === 0 && elapsedMs - spared.elapsedMs >= enoughMs + engineHangoverMs
      cut = voicedMs - spared.voicedMs >= enoughMs || onlyEngineHears
      return cut
    },
    get speaking() {
      return speaking
    },
    get opening() {
      return opening
    },
    get echo() {
      const noWord = longestMs < Math.max(options.minSpeechMs, leastWordMs)
      return echoMs > 0 && (noWord || (opening && longestMs * 2 < echoMs))
    },
    get cut() {
      return cut
    },
    get voicedMs() {
      return voicedMs
    },
    get unsparedMs() {
      return voicedMs - spared.voicedMs
    },
    get begins() {
      let voiced = 0
      for (let i = 1; i <= untoldFrames; i += 1) {
        const heard = before[(next - i + rememberedFrames) % rememberedFrames]!
        if (heard.voiced && !heard.echo) voiced += 1
      }
      return !speaking && voiced >= untoldVoicedFrames
    },
  }
}
