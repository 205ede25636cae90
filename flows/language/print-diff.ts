import type { FlowDiff, Words } from './diff.ts'

/** Gives a piece of text its colour; the terminal's business. */
export type Paint = (text: string, as: 'added' | 'removed' | 'path') => string

/** Without colours, changed words stand in the brackets of `git diff --word-diff`. */
export const plainPaint: Paint = (text, as) => {
  if (as === 'added') return `{+${text}+}`
  return as === 'removed' ? `[-${text}-]` : text
}

/** Characters of unchanged text that are shown beside a change. */
const CONTEXT = 60

/**
 * A diff for a terminal: a line for each setting, `call.within: 60s → 90s`, and for each text its path and below it the changed words
 * among those round them. Empty when nothing changed.
 */
export function printDiff(diff: FlowDiff, paint: Paint = plainPaint): string {
  const lines = [
    ...diff.settings.map(
      ({ path, before, after }) =>
        `${paint(path, 'path')}: ${setting(before, 'removed', paint)} → ${setting(after, 'added', paint)}`,
    ),
    ...diff.texts.flatMap(({ path, words }) => [
      `${paint(path, 'path')}:`,
      ...words
        .map((it, i) => piece(it, i > 0, i < words.length - 1, paint))
        .join('')
        .split('\n')
        .map((line) => `  ${line}`),
    ]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** Settings are short and whole: brackets would only be in the way. */
function setting(value: unknown, as: 'added' | 'removed', paint: Paint): string {
  const written = visible(typeof value === 'string' ? value : JSON.stringify(value))
  return paint === plainPaint ? written : paint(written, as)
}

function piece({ text, added, removed }: Words, hasBefore: boolean, hasAfter: boolean, paint: Paint): string {
  const as = added ? 'added' : removed ? 'removed' : undefined
  // A colour or bracket that spans lines is lost on terminals that page them.
  if (as) return visible(text).replace(/[^\n]+/g, (line) => paint(line, as))
  return visible(shortened(text, hasBefore, hasAfter))
}

/** Unchanged text with its middle left out, or its outer part. */
function shortened(text: string, hasBefore: boolean, hasAfter: boolean): string {
  const characters = [...text]
  const head = hasBefore ? characters.slice(0, CONTEXT).join('') : ''
  const tail = hasAfter ? characters.slice(-CONTEXT).join('') : ''
  return characters.length <= head.length + tail.length + 1 ? text : `${head}…${tail}`
}

/** A flow is text of others: it must not steer the terminal. */
const visible = (text: string) => text.replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '')
