import { isSpoken, plain } from './plain.ts'

/** Cuts a text that is still being written into plain pieces that are spoken one after the other. A pure machine. */
export interface Sentences {
  /** Whole pieces, as soon as they are known to be. */
  push(delta: string): string[]
  /** What is left. */
  end(): string[]
}

/** A first sentence longer than this begins to be spoken at a comma. */
const longFirst = 60
const shortestClause = 20
/** Shorter ones are spoken together with what follows. */
const shortest = 8
/** A sentence without an end is cut at a space. */
const longest = 300

/** The end of a sentence: before a space, or in a script that has none. */
const ends = /[.!?…؟]["'”’»)\]*_`~]*(?=\s)|[。！？]["”’」』）]*/g
const clauses = /[,;:،、—–](?=\s|\S)/g
/** What ends with a full stop and no sentence: letters (a.m., U.S.), a number in a list, a title. */
const noEnd = /(^|[\s("“])((?:\p{L}\.)*\p{L}|\d{1,2}|Dr|Mr|Mrs|Ms|Prof|St|No|Nr|vs|etc|bzw|ca|Sr|Sra|Mme|Sn)\.$/u

export function createSentences(): Sentences {
  let rest = ''
  let isFirst = true
  let startsLine = true

  function take(length: number): string[] {
    const piece = plain(rest.slice(0, length), startsLine)
    startsLine = /\n[ \t]*$/.test(rest.slice(0, length))
    rest = rest.slice(length)
    if (!isSpoken(piece)) return []
    isFirst = false
    return [piece]
  }

  function sentence(): number {
    for (const { 0: mark, index } of rest.matchAll(ends)) {
      const length = index + mark.length
      const piece = plain(rest.slice(0, length), startsLine)
      if (piece.length >= shortest && !noEnd.test(piece)) return length
    }
    return 0
  }

  /** Where the next piece ends; 0 when that is not known yet. */
  function cut(): number {
    const whole = sentence()
    if (isFirst && (whole || rest.length) > longFirst) {
      const clause = [...rest.slice(0, whole || rest.length).matchAll(clauses)].find(
        ({ index }) => index >= shortestClause && /\s/.test(rest[index + 1] ?? ''),
      )
      if (clause) return clause.index + 1
    }
    if (whole) return whole
    if (rest.length <= longest) return 0
    const space = rest.lastIndexOf(' ', longest)
    return space > 0 ? space : longest
  }

  return {
    push(delta) {
      rest += delta
      const pieces: string[] = []
      for (let length = cut(); length > 0; length = cut()) pieces.push(...take(length))
      return pieces
    },
    end() {
      const pieces = []
      while (rest.trim() !== '') pieces.push(...take(cut() || rest.length))
      rest = ''
      return pieces
    },
  }
}
