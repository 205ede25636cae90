/** One thing wrong with a file. Line and column count from 1; `path` is dotted, as in `on.no_answer`. */
export interface FlowFault {
  line: number
  column: number
  path: string
  message: string
  /** What was probably meant, ready to be put in its place. */
  suggestion?: string
}

/** The message of a fault with what was probably meant. */
export const faultText = ({ message, suggestion }: Pick<FlowFault, 'message' | 'suggestion'>): string =>
  suggestion === undefined ? message : `${message}; did you mean "${suggestion}"?`

/** Columns of a source line that are shown. */
const WIDTH = 100

/**
 * A fault for a terminal, in three lines: what is wrong, the line of `text` it stands on, and a caret below the place. Of a long
 * line the part around the place is shown.
 */
export function renderFault(
  text: string,
  fault: Pick<FlowFault, 'line' | 'column' | 'message' | 'suggestion'>,
): string {
  const source = text.split('\n')[fault.line - 1] ?? ''
  const at = Math.min(fault.column - 1, source.length)
  const from = at < WIDTH - 20 ? 0 : at - WIDTH / 2
  const shown = [...(from > 0 ? '…' : ''), ...source.slice(from, from + WIDTH)].map(printable).join('')
  const before = [...(from > 0 ? '…' : ''), ...source.slice(from, at)].map(printable)
  const margin = `${fault.line} | `
  return [
    `${fault.line}:${fault.column} ${faultText(fault)}`,
    `${margin}${shown}${source.length > from + WIDTH ? '…' : ''}`,
    `${' '.repeat(margin.length - 2)}| ${' '.repeat(before.reduce((sum, c) => sum + columnsOf(c), 0))}^`,
  ].join('\n')
}

/** Tabs and control characters would move the caret, or the terminal. */
const printable = (character: string) => (/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(character) ? ' ' : character)

/** Columns of a terminal that a character takes (Unicode Standard Annex 11): two for wide ones, none for marks. */
function columnsOf(character: string): number {
  if (/^(?:\p{M}|\p{Cf})$/u.test(character)) return 0
  return /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]$/u.test(
    character,
  )
    ? 2
    : 1
}

/** Turns an offset in `text` into a line and column, both from 1. */
export function positions(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }
}
