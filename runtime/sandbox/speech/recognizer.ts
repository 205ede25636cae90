import { FRAME_BYTES, loudness, VOICED_DB } from './mulaw.ts'

/**
 * Recognition that is honest about what it is. Where audio stays μ-law from end to end, whatever this process rendered can be
 * found again frame by frame; where it was resampled on the way, by how loud and quiet it is. Any other voice is `(inaudible)`.
 */
export interface Recognizer {
  learn(text: string, audio: Buffer): void
  /** The words heard in `audio`: '' when nothing was voiced, `(inaudible)` when none of it is known. */
  recognize(audio: Buffer): string
}

export const INAUDIBLE = '(inaudible)'
const PHRASES_MAX = 2000

interface Phrase {
  text: string
  keys: number[]
  shapes: number[]
  /** Where its voiced frames stand. */
  places: number[]
}
/** Key of a frame → where it stands in which phrases. */
type Index = Map<number, Map<Phrase, number>>
/** Frames `from` to `to` of what was heard are a piece of the phrase, which begins and ends at these places of it. */
interface Hit {
  phrase: Phrase
  from: number
  to: number
  begins: number
  ends: number
  score: number
}
/** A piece of a phrase of so few frames may be missed. */
const PIECE_FRAMES = 5

export function createRecognizer(): Recognizer {
  const phrases = new Map<string, Phrase>()
  const index: Index = new Map()
  /** The same phrases by the shape of their frames. */
  const shapes: Index = new Map()

  function learn(text: string, audio: Buffer): void {
    const name = `${audio.length}:${text}`
    const known = phrases.get(name)
    if (known) {
      // In use: it goes to the end of the queue of phrases to forget.
      phrases.delete(name)
      phrases.set(name, known)
      return
    }
    const keys = voicedKeys(audio, 0)
    const shaped = voicedKeys(audio, 0, shapeKey)
    const phrase = { text, keys: [...keys.values()], shapes: [...shaped.values()], places: [...keys.keys()] }
    phrases.set(name, phrase)
    enter(index, phrase, keys)
    enter(shapes, phrase, shaped)
    if (phrases.size > PHRASES_MAX) forget(phrases.keys().next().value!)
  }

  function forget(name: string): void {
    const phrase = phrases.get(name)!
    phrases.delete(name)
    leave(index, phrase, phrase.keys)
    leave(shapes, phrase, phrase.shapes)
  }

  /** Frames vote for (phrase, place in it); runs that win enough votes are what was said. */
  function hits(keys: Map<number, number>, known = index): Hit[] {
    const votes = new Map<Phrase, Map<number, Hit>>()
    for (const [position, key] of keys) {
      for (const [phrase, place] of known.get(key) ?? []) {
        const runs = votes.get(phrase) ?? new Map<number, Hit>()
        votes.set(phrase, runs)
        const hit = runs.get(position - place) ?? { phrase, from: position, begins: place, score: 0 }
        runs.set(position - place, { ...hit, to: position, ends: place, score: hit.score + 1 })
      }
    }
    const all = [...votes.values()].flatMap((runs) => [...runs.values()])
    return all
      .filter((hit) => hit.score >= Math.min(PIECE_FRAMES, hit.phrase.keys.length * 0.6))
      .sort((a, b) => b.score - a.score)
  }

  function read(found: Hit[]): string {
    const chosen: Hit[] = []
    for (const hit of found) {
      if (chosen.every((other) => hit.from >= other.to || hit.to <= other.from)) chosen.push(hit)
    }
    chosen.sort((a, b) => a.from - b.from)
    const words = joined(chosen)
      .map(heard)
      .filter((text) => text !== '')
    return words.join(' ')
  }

  /** Pieces of one phrase that follow each other: the line ran dry in between. */
  function joined(pieces: Hit[]): Hit[] {
    const whole: Hit[] = []
    for (const piece of pieces) {
      const before = whole.at(-1)
      if (before && follows(before, piece)) whole[whole.length - 1] = { ...before, to: piece.to, ends: piece.ends }
      else whole.push(piece)
    }
    return whole
  }

  function follows(before: Hit, { phrase, begins }: Hit): boolean {
    if (before.phrase !== phrase || begins <= before.ends) return false
    return phrase.places.filter((place) => place > before.ends && place < begins).length < PIECE_FRAMES
  }

  /** The part of the phrase that was heard; a clipped first or last syllable does not lose the word. */
  function heard({ phrase, begins, ends }: Hit): string {
    const [first = 0, last = 0] = [phrase.places[0], phrase.places.at(-1)]
    const length = Math.max(1, last - first)
    const start = (begins - first) / length
    const end = (ends - first) / length
    if (start < 0.15 && end > 0.85) return phrase.text
    const words = phrase.text.split(' ')
    let at = 0
    return words
      .filter((word) => {
        const middle = (at + word.length / 2) / phrase.text.length
        at += word.length + 1
        return middle >= start && middle <= end
      })
      .join(' ')
  }

  function recognize(audio: Buffer): string {
    const aligned = voicedKeys(audio, 0)
    if (aligned.size === 0) return ''
    const found = hits(aligned)
    if (found.length > 0) return read(found)
    const offset = alignment(audio, index)
    if (offset > 0) {
      const shifted = voicedKeys(audio, offset)
      return read(hits(shifted)) || INAUDIBLE
    }
    const shaped = voicedKeys(audio, 0, shapeKey)
    return read(hits(shaped, shapes)) || INAUDIBLE
  }

  return { learn, recognize }
}

function enter(index: Index, phrase: Phrase, keys: Map<number, number>): void {
  for (const [position, key] of keys) {
    const spots = index.get(key) ?? new Map<Phrase, number>()
    index.set(key, spots.set(phrase, position))
  }
}

function leave(index: Index, phrase: Phrase, keys: number[]): void {
  for (const key of keys) {
    const spots = index.get(key)
    spots?.delete(phrase)
    if (spots?.size === 0) index.delete(key)
  }
}

/** Frame number → key of its audio, for the frames that carry voice. */
function voicedKeys(audio: Buffer, offset: number, keyOf = frameKey): Map<number, number> {
  const keys = new Map<number, number>()
  for (let at = offset; at + FRAME_BYTES <= audio.length; at += FRAME_BYTES) {
    if (loudness(audio, at, at + FRAME_BYTES) > VOICED_DB) keys.set((at - offset) / FRAME_BYTES, keyOf(audio, at))
  }
  return keys
}

/** Somebody may cut frames elsewhere than we did: look for the offset at which some loud frames are known. */
function alignment(audio: Buffer, index: Map<number, unknown>): number {
  const loud: number[] = []
  for (let at = 0; at + 2 * FRAME_BYTES <= audio.length && loud.length < 40; at += FRAME_BYTES) {
    if (loudness(audio, at, at + FRAME_BYTES) > VOICED_DB + 6) loud.push(at)
  }
  for (let offset = 1; offset < FRAME_BYTES; offset++) {
    const known = loud.filter((at) => index.has(frameKey(audio, at + offset))).length
    if (known >= Math.min(4, loud.length)) return loud.length > 0 ? offset : 0
  }
  return 0
}

/** Two FNV-1a hashes in one exact number; 53 bits make a false match of several frames in a row impossible in practice. */
function frameKey(audio: Buffer, at: number): number {
  let low = 0x811c9dc5
  let high = 0x1000193
  for (let i = at; i < at + FRAME_BYTES; i++) {
    low = Math.imul(low ^ audio[i]!, 0x01000193)
    high = Math.imul(high ^ audio[i]!, 0x85ebca6b)
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}

/** Six levels of a frame, in steps of 2.5 dB: what a low-pass and another rounding leave as it was, most of the time. */
function shapeKey(audio: Buffer, at: number): number {
  const bytes = Math.floor(FRAME_BYTES / SHAPE_LEVELS)
  let key = 0
  for (let level = 0; level < SHAPE_LEVELS; level++) {
    const start = at + level * bytes
    key = key * 48 + Math.round((100 + loudness(audio, start, start + bytes)) / 2.5)
  }
  return key
}

const SHAPE_LEVELS = 6
