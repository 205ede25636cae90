/** Words that multiply the number before them, in the languages the platform has sentences for. */
const FACTORS: Readonly<Record<string, number>> = {
  ...of(1_000, 'k thousand bin tausend mil mille'),
  ...of(1_000_000, 'm mn mio million millions milyon millionen millón millones'),
}

function of(factor: number, words: string): Record<string, number> {
  return Object.fromEntries(words.split(' ').map((word) => [word, factor]))
}

/** Digits, grouped or not, with a sign only where nothing is joined to it ("500-1000" has two numbers, none of them negative). */
const NUMBER = /(?<![\d\p{L}])-?\d+(?:[.,'’\u00a0\u202f]\d+| \d{3}(?!\d))*/gu

/**
 * The one number in an answer, in digits: "500 euro" → 500, "1.500,50 €" → 1500.5, "2k" → 2000. Undefined when there is none, or more
 * than one.
 */
export function readNumber(text: string): string | undefined {
  const found = [...text.normalize('NFKC').matchAll(NUMBER)]
  const [only] = found
  if (!only || found.length > 1) return undefined
  const value = digits(only[0])
  const after = text.normalize('NFKC').slice(only.index + only[0].length)
  // "1e3", "80m2": what stands there may be a part of the number.
  if (/^\p{L}+\d/u.test(after)) return undefined
  const next = /^\s*(\p{L}+)/u.exec(after)?.[1]?.toLowerCase() ?? ''
  const factor = Object.hasOwn(FACTORS, next) ? FACTORS[next]! : 1
  return plainNumber(Number(value) * factor)
}

/** In digits, with six decimals at most; undefined for what nobody means. */
export function plainNumber(value: number): string | undefined {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) return undefined
  return value
    .toFixed(6)
    .replace(/\.?0+$/, '')
    .replace(/^-0$/, '0')
}

/**
 * Which mark is the decimal one: the last, when two kinds stand there ("1.500,50"); a single mark, unless three digits follow it
 * ("1.500" is grouped, as is "0.500" not).
 */
function digits(written: string): string {
  const marks = written.match(/[.,]/g) ?? []
  const last = marks.at(-1)
  const tail = last ? written.length - written.lastIndexOf(last) - 1 : 0
  const isGroup = tail === 3 && !/^-?0[.,]/.test(written)
  const decimal = last !== undefined && (new Set(marks).size > 1 || (marks.length === 1 && !isGroup)) ? last : undefined
  const whole = decimal === undefined ? written : written.slice(0, written.lastIndexOf(decimal))
  const plain = whole.replace(/[^\d-]/g, '')
  return decimal === undefined ? plain : `${plain}.${written.slice(written.lastIndexOf(decimal) + 1)}`
}
