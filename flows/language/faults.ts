/** One thing wrong with a flow file. Line and column count from 1; `path` is dotted, as in `on.no_answer`. */
export interface FlowFault {
  line: number
  column: number
  path: string
  message: string
  /** What was probably meant, ready to be put in its place. */
  suggestion?: string
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
