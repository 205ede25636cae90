/** The option closest to `word`, when it is close enough to be a slip: at most two edits, one for short words; of two letters only swapped ones. */
export function nearest(word: string, options: readonly string[]): string | undefined {
  const wanted = plain(word.slice(0, 64))
  const allowed = wanted.length < 5 ? 1 : 2
  const isTiny = wanted.length < 3
  let best: string | undefined
  let bestEdits = allowed + 1
  for (const option of options) {
    const known = plain(option)
    // Each letter more or less is an edit.
    if (Math.abs(known.length - wanted.length) > allowed) continue
    const edits = distance(wanted, known)
    if (edits < bestEdits && !(isTiny && edits > 0 && [...wanted].some((letter) => !option.includes(letter)))) {
      best = option
      bestEdits = edits
    }
  }
  return best
}

/** Capitals and the kind of dash are no slips. */
const plain = (word: string) => word.toLowerCase().replaceAll('-', '_')

/** Edits between two words, a swap of neighbours counting as one (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, before[j - 2]! + 1)
      row.push(edits)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
