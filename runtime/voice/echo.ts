import { frameMs, voiceLoudness } from './mulaw.ts'

export interface Echo {
  /** A frame of ours, by its loudness, that is heard `atMs` after the stream's start. */
  played(loudness: number, atMs: number): void
  /** What was to be heard from then on was cleared. */
  cut(atMs: number): void
  /** A frame of the caller's; true when it is our own voice come back. */
  heard(loudness: number, atMs: number): boolean
}

/** Two seconds of both sides, in frames. */
const rememberedFrames = 100
/** An echo returns within this. */
const maxLagFrames = 30
/** So much is compared. */
const windowFrames = 20
/** So many voiced frames show an echo; fewer do once the way that it takes is known. */
const enoughFrames = 8
const enoughKnownFrames = 6
/** How evenly an echo is quieter than what it repeats: mean deviation, in decibels. Two voices differ by twice that and more. */
const maxDeviationDb = 2.5
/** What is as even as a tone repeats everything. */
const minVariationDb = 2
/** An echo is not louder than what it repeats, give or take. */
const maxGainDb = 3
/** Of the voiced frames so many may have another reason. */
const maxStrange = 0.2

const voiceDb = decibels(voiceLoudness)

/**
 * Tells our own voice on the way back from the caller's: an echo is loud and quiet when we were, one fixed time later, and evenly
 * quieter. Somebody who speaks over it is not even. Of levels alone, 20 ms each; a pure machine.
 */
export function createEcho(): Echo {
  const ours = createLevels()
  const theirs = createLevels()
  /** Which of the last frames had a voice, as frames ago, and how loud; gathered once for all lags. */
  const voiced = new Int32Array(windowFrames)
  const levels = new Float32Array(windowFrames)
  const sources = new Float32Array(windowFrames)
  const gains = new Float32Array(windowFrames)
  let knownLag: number | null = null

  function gatherVoiced(now: number): number {
    let count = 0
    for (let back = 0; back < windowFrames; back += 1) {
      const level = theirs.at(now - back)
      if (level < voiceDb) continue
      voiced[count] = back
      levels[count] = level
      count += 1
    }
    return count
  }

  /** Whether the `count` voiced frames are what went out `lag` frames before. */
  function repeats(now: number, count: number, lag: number, enough: number): boolean {
    let paired = 0
    for (let i = 0; i < count; i += 1) {
      const source = ours.at(now - voiced[i]! - lag)
      if (source < voiceDb) continue
      gains[paired] = levels[i]! - source
      sources[paired] = source
      paired += 1
    }
    if (paired < enough || count - paired > maxStrange * count) return false
    if (meanOf(gains, paired) > maxGainDb || deviationOf(gains, paired) > maxDeviationDb) return false
    return lag === knownLag || deviationOf(sources, paired) >= minVariationDb
  }

  return {
    played: (loudness, atMs) => ours.set(slotOf(atMs), decibels(loudness)),
    cut: (atMs) => ours.clearFrom(slotOf(atMs)),
    heard(loudness, atMs) {
      const now = slotOf(atMs)
      theirs.set(now, decibels(loudness))
      if (loudness < voiceLoudness || ours.last < now - maxLagFrames - windowFrames) return false
      const count = gatherVoiced(now)
      if (knownLag !== null && repeats(now, count, knownLag, enoughKnownFrames)) return true
      if (count < enoughFrames) return false
      for (let lag = 0; lag <= maxLagFrames; lag += 1) {
        if (!repeats(now, count, lag, enoughFrames)) continue
        knownLag = lag
        return true
      }
      return false
    },
  }
}

/** Of the first `count` values. */
function meanOf(values: Float32Array, count: number): number {
  let sum = 0
  for (let i = 0; i < count; i += 1) sum += values[i]!
  return sum / count
}

function deviationOf(values: Float32Array, count: number): number {
  const mean = meanOf(values, count)
  let sum = 0
  for (let i = 0; i < count; i += 1) sum += Math.abs(values[i]! - mean)
  return sum / count
}

const slotOf = (atMs: number) => Math.round(atMs / frameMs)

/** Of a voice; what is quieter counts as silence. */
function decibels(loudness: number): number {
  return loudness < voiceLoudness ? 0 : 20 * Math.log10(loudness)
}

/** Levels by frame, of the newest frames alone; what is not known is silence. */
function createLevels() {
  const slots = new Int32Array(rememberedFrames).fill(-1)
  const levels = new Float32Array(rememberedFrames)
  const place = (slot: number) => ((slot % rememberedFrames) + rememberedFrames) % rememberedFrames
  let last = Number.NEGATIVE_INFINITY
  return {
    set(slot: number, level: number): void {
      slots[place(slot)] = slot
      levels[place(slot)] = level
      last = Math.max(last, slot)
    },
    at: (slot: number): number => (slot >= 0 && slots[place(slot)] === slot ? levels[place(slot)]! : 0),
    clearFrom(slot: number): void {
      for (let i = 0; i < rememberedFrames; i += 1) if (slots[i]! >= slot) slots[i] = -1
      last = Math.min(last, slot)
    },
    get last() {
      return last
    },
  }
}
