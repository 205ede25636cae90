import { escaped } from './json-pointer.ts'

/**
 * The JSON pointer of the first name that an object of `text` holds twice, however it is escaped; undefined when there is none.
 * JSON.parse keeps the last of them and says nothing, and RFC 8259 (section 4) leaves open what that means.
 * @param value what JSON.parse made of the text: as many names as in the text are the usual case, told by counting.
 */
export function repeatedName(text: string, value: unknown): string | undefined {
  return namesIn(text) === membersOf(value) ? undefined : firstRepeated(text)
}

function namesIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at = endOfString(text, at)
    if (isName(text, at)) count++
  }
  return count
}

/** Without recursion, because nobody has looked yet how deep it is. */
function membersOf(value: unknown): number {
  let count = 0
  const left = [value]
  while (left.length > 0) {
    const it = left.pop()
    if (typeof it !== 'object' || it === null) continue
    const inner: unknown[] = Array.isArray(it) ? it : Object.values(it)
    if (!Array.isArray(it)) count += inner.length
    for (const one of inner) if (typeof one === 'object') left.push(one)
  }
  return count
}

interface Level {
  /** Of an object; an array has none. */
  names?: Set<string>
  /** Where in it the reader is. */
  step: string | number
}

function firstRepeated(text: string): string | undefined {
  const levels: Level[] = []
  for (let at = 0; at < text.length; at++) {
    const level = levels.at(-1)
    const character = text[at]
    if (character === '{') levels.push({ names: new Set(), step: '' })
    else if (character === '[') levels.push({ step: 0 })
    else if (character === '}' || character === ']') levels.pop()
    else if (character === ',' && typeof level?.step === 'number') level.step++
    else if (character === '"') {
      const end = endOfString(text, at)
      if (level?.names && isName(text, end)) {
        const name = JSON.parse(text.slice(at, end)) as string
        level.step = name
        if (level.names.has(name)) return levels.map(({ step }) => `/${escaped(String(step))}`).join('')
        level.names.add(name)
      }
      at = end - 1
    }
  }
  return undefined
}

const [QUOTE, BACKSLASH, COLON, SPACE] = [0x22, 0x5c, 0x3a, 0x20]

/** The place after the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at++
  }
  return text.length
}

/** Whether the string that ends before `at` is the name of a member. JSON's white space is the space and what is below it. */
function isName(text: string, at: number): boolean {
  while (text.charCodeAt(at) <= SPACE) at++
  return text.charCodeAt(at) === COLON
}
