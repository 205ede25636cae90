import { FRAME_BYTES, loudness, VOICED_DB } from './mulaw.ts'

/**
 * Recognition that is honest about what it is. Audio stays μ-law from end to end and nothing on the way re-encodes it, so
 * whatever this process rendered can be found again frame by frame. Any other voice is `(inaudible)`.
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
  first: number
  last: number
}
interface Hit {
  phrase: Phrase
  from: number
  to: number
  score: number
}

export function createRecognizer(): Recognizer {
  const phrases = new Map<string, Phrase>()
  const index = new Map<number, Map<Phrase, number>>()

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
    const positions = [...keys.keys()]
    const phrase = { text, keys: [...keys.values()], first: positions[0] ?? 0, last: positions.at(-1) ?? 0 }
    phrases.set(name, phrase)
    for (const [position, key] of keys) {
      const spots = index.get(key) ?? new Map<Phrase, number>()
      index.set(key, spots.set(phrase, position))
    }
    if (phrases.size > PHRASES_MAX) forget(phrases.keys().next().value!)
  }

  function forget(name: string): void {
    const phrase = phrases.get(name)!
    phrases.delete(name)
    for (const key of phrase.keys) {
      const spots = index.get(key)
      spots?.delete(phrase)
      if (spots?.size === 0) index.delete(key)
    }
  }

  /** Frames vote for (phrase, place in it); runs that win enough votes are what was said. */
  function hits(keys: Map<number, number>): Hit[] {
    const votes = new Map<Phrase, Map<number, Hit>>()
    for (const [position, key] of keys) {
      for (const [phrase, place] of index.get(key) ?? []) {
        const runs = votes.get(phrase) ?? new Map<number, Hit>()
        votes.set(phrase, runs)
        const hit = runs.get(position - place) ?? { phrase, from: position, to: position, score: 0 }
        runs.set(position - place, { ...hit, to: position, score: hit.score + 1 })
      }
    }
    const all = [...votes.values()].flatMap((runs) => [...runs.values()])
    return all.filter((hit) => hit.score >= Math.min(5, hit.phrase.keys.length * 0.6)).sort((a, b) => b.score - a.score)
  }

  function read(found: Hit[], keys: Map<number, number>): string {
    const chosen: Hit[] = []
    for (const hit of found) {
      if (chosen.every((other) => hit.from >= other.to || hit.to <= other.from)) chosen.push(hit)
    }
    chosen.sort((a, b) => a.from - b.from)
    const words = chosen.map((hit) => heard(hit, keys)).filter((text) => text !== '')
    return words.join(' ')
  }

  /** The part of the phrase that was heard; a clipped first or last syllable does not lose the word. */
  function heard(hit: Hit, keys: Map<number, number>): string {
    const { phrase } = hit
    const shift = [...(index.get(keys.get(hit.from)!) ?? [])].find(([other]) => other === phrase)?.[1] ?? 0
    const length = Math.max(1, phrase.last - phrase.first)
    const start = (shift - phrase.first) / length
    const end = start + (hit.to - hit.from) / length
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
    if (found.length > 0) return read(found, aligned)
    const offset = alignment(audio, index)
    if (offset === 0) return INAUDIBLE
    const shifted = voicedKeys(audio, offset)
    return read(hits(shifted), shifted) || INAUDIBLE
  }

  return { learn, recognize }
}

/** Frame number → key of its audio, for the frames that carry voice. */
function voicedKeys(audio: Buffer, offset: number): Map<number, number> {
  const keys = new Map<number, number>()
  for (let at = offset; at + FRAME_BYTES <= audio.length; at += FRAME_BYTES) {
    if (loudness(audio, at, at + FRAME_BYTES) > VOICED_DB) keys.set((at - offset) / FRAME_BYTES, frameKey(audio, at))
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
