import { stripVTControlCharacters, styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
/** Colours a text where its stream is a terminal that shows colours (or FORCE_COLOR says so), else leaves it. */
export type Paint = (style: Style, text: string) => string

/** The only way to the terminal for what a command has to say. */
export interface Output {
  isJson: boolean
  /** Whether a person looks at stdout, and nobody keeps it. */
  isTerminal: boolean
  paint: Paint
  /** The result of a command on stdout: as JSON, or as the lines that `print` makes of it. */
  show<T>(value: T, print: (value: T, paint: Paint) => string[]): void
  /** A line on the way to the result: on stdout for people, nothing beside JSON. */
  line(text: string): void
  /** What went wrong, or nearly, on stderr. */
  warn(text: string): void
}

interface Streams {
  out: NodeJS.WriteStream
  err: NodeJS.WriteStream
}

/** @param color false for `--no-color`; otherwise `styleText` asks the stream, NO_COLOR and FORCE_COLOR. */
export function openOutput(options: { json?: boolean; color?: boolean }, streams?: Streams): Output {
  const { out, err } = streams ?? { out: process.stdout, err: process.stderr }
  const isJson = options.json ?? false
  const paint = paintFor(out, options)
  const write = (text: string) => void out.write(`${text}\n`)
  return {
    isJson,
    isTerminal: out.isTTY ?? false,
    paint,
    show(value, print) {
      if (isJson) return write(JSON.stringify(value, null, 2))
      for (const line of print(clean(value), paint)) write(line)
    },
    line: (text) => (isJson ? undefined : write(text)),
    warn: (text) => void err.write(`${text}\n`),
  }
}

export const paintFor =
  (stream: NodeJS.WriteStream, { color = true }: { color?: boolean }): Paint =>
  (style, text) =>
    color ? styleText(style, text, { stream }) : text

/** Control characters but tab and newline, and the marks that turn the direction of a line (UAX #9, section 2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** The same without anything that moves the cursor: names and transcripts are words of strangers. */
export function clean<T>(value: T): T {
  if (typeof value === 'string') return stripVTControlCharacters(value).replace(unsafe, '') as T
  if (Array.isArray(value)) return value.map(clean) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key), clean(inner)])) as T
}

/** Columns as wide as their widest cell, under a heading; `empty` when there are no rows. */
export function table(paint: Paint, heading: string[], rows: (string | number | null)[][], empty: string): string[] {
  if (rows.length === 0) return [empty]
  const cells = rows.map((row) => row.map((cell) => String(cell ?? '–').replaceAll(/\s+/g, ' ')))
  const widths = heading.map((name, at) => Math.max(width(name), ...cells.map((row) => width(row[at] ?? ''))))
  const line = (row: string[]) =>
    row
      .map((cell, at) => cell + ' '.repeat(widths[at]! - width(cell)))
      .join('  ')
      .trimEnd()
  return [paint('dim', line(heading)), ...cells.map(line)]
}

/** Name and value, one a line; those without a value are left out. */
export function fields(paint: Paint, pairs: [name: string, value: string | number | null | undefined][]): string[] {
  const told = pairs.filter((pair): pair is [string, string | number] => pair[1] !== null && pair[1] !== undefined)
  const widest = Math.max(0, ...told.map(([name]) => name.length))
  return told.map(([name, value]) => `${paint('dim', name.padEnd(widest))}  ${value}`)
}

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u

/** Columns that a text takes: one a letter, two a wide one (UAX #11). */
const width = (text: string): number =>
  [...letters.segment(text)].reduce((sum, { segment }) => sum + (wide.test(segment) ? 2 : 1), 0)
