import { isMap, isScalar, isSeq } from 'yaml'
import { inWords, isText } from '../../openapi/faults.ts'
import { nearest } from '../../openapi/nearest.ts'
import { Language } from '../../openapi/schemas/common.ts'
import type { z } from '../../openapi/zod.ts'
import { entries, isEmpty, items, MAX_ENTRIES, type Node, type Read, type Reading, short } from './reading.ts'

/** A line or block of text; a number counts as the way it is written, a no-break space as a space. */
export const text: Read<string> = (node, path, _name, reading) => {
  if (isScalar(node) && typeof node.value === 'string') {
    if (!isText(node.value)) return reading.fault(node, path, `"${path}" holds U+0000 or half of a surrogate pair`)
    return node.value.replaceAll('\u00a0', ' ').trim()
  }
  if (isScalar(node) && typeof node.value === 'number') return node.source
  const isField = isMap(node) && node.flow && node.items.every(({ value }) => isEmpty((value ?? null) as Node))
  const help = isField ? '; text that begins with { must stand in quotes' : ''
  return reading.fault(node, path, `"${path}" must be text${help}`)
}

/** One text or a list of them; repeats are dropped. */
export const texts: Read<string[]> = (node, path, name, reading) => {
  const excess = items(node)[MAX_ENTRIES]
  if (excess) return reading.tooMany(excess, path)
  const read = items(node).map((item, i) => {
    reading.place(`${name}.${i}`, item, path)
    return text(item, path, name, reading)
  })
  return read.includes(undefined) ? undefined : [...new Set(read as string[])]
}

/** Language tags in their canonical spelling (RFC 5646 section 2.1.1), by ECMA-402. */
export const languages: Read<string[]> = (node, path, name, reading) => {
  const excess = items(node)[MAX_ENTRIES]
  if (excess) return reading.tooMany(excess, path)
  const tags = items(node).map((item) => {
    const tag = text(item, path, name, reading)
    if (tag === undefined) return undefined
    const canonical = canonicalLanguage(tag)
    if (canonical && languageNames.of(canonical.split('-')[0]!)) return canonical
    const meant = languageNamed(tag)
    const help = meant ? '' : '; write one such as tr, en or pt-BR'
    const what = canonical ? 'is no language we know' : 'is not a language tag'
    return reading.fault(item, path, `"${short(tag)}" ${what}${help}`, meant)
  })
  return tags.includes(undefined) ? undefined : [...new Set(tags as string[])]
}

const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' })

/** The tag of a language that was written by its English name. */
export function languageNamed(word: string): string | undefined {
  // Shorter ones are codes.
  if (word.length < 4) return undefined
  tagsByName ??= new Map(twoLetters().flatMap((tag) => (languageNames.of(tag) ? [[languageNames.of(tag)!, tag]] : [])))
  return tagsByName.get(nearest(word, [...tagsByName.keys()]) ?? '')
}

let tagsByName: Map<string, string> | undefined

/** Every code of two letters that is its own canonical spelling. */
function twoLetters(): string[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyz']
  const codes = letters.flatMap((first) => letters.map((second) => first + second))
  return codes.filter((code) => canonicalLanguage(code) === code)
}

/** The canonical spelling of a BCP 47 tag as a lead may have it, or undefined when it is none. */
export function canonicalLanguage(tag: string): string | undefined {
  const hyphenated = tag.replaceAll('_', '-')
  if (!Language.safeParse(hyphenated).success) return undefined
  try {
    return Intl.getCanonicalLocales(hyphenated)[0]
  } catch {
    return undefined
  }
}

/** One of a few words. */
export const oneOf =
  <T extends string>(words: readonly T[]): Read<T> =>
  (node, path, name, reading) => {
    const found = words.find((word) => isScalar(node) && word === node.value)
    if (found) return found
    const written = text(node, path, name, reading)
    if (written === undefined) return undefined
    return reading.unknown(node, path, `"${path}" cannot be "${short(written)}"`, written, words)
  }

/** A mapping of names to texts; an empty value is left out. */
export const record: Read<Record<string, string>> = (node, path, name, reading) => {
  const pairs = entries(node, path, reading).flatMap(({ key, keyNode, value }) => {
    const inner = `${path}.${key}`
    if (key === '__proto__') {
      reading.fault(keyNode, inner, 'a key cannot be __proto__')
      return []
    }
    reading.place(`${name}.${key}`, value, inner)
    const read = isEmpty(value) ? undefined : text(value, inner, name, reading)
    return read === undefined ? [] : [[key, read] as const]
  })
  return Object.fromEntries(pairs)
}

/** Any JSON value. A key that is a number counts as the way it is written; what JSON cannot hold is a fault. */
export const json: Read<unknown> = (node, path, name, reading) => {
  if (isEmpty(node)) return null
  if (isSeq(node)) return (node.items as Node[]).map((item) => json(item, path, name, reading))
  if (isMap(node)) return jsonObject(node, path, name, reading)
  if (isScalar(node) && typeof node.value === 'string') {
    if (!isText(node.value)) return reading.fault(node, path, `"${path}" holds U+0000 or half of a surrogate pair`)
    return node.value.replaceAll('\u00a0', ' ')
  }
  if (isScalar(node) && typeof node.value === 'boolean') return node.value
  // JSON has one zero.
  if (isScalar(node) && Number.isFinite(node.value)) return (node.value as number) + 0
  return reading.fault(node, path, `"${path}" is not a value of JSON`)
}

function jsonObject(node: Node, path: string, name: string, reading: Reading): Record<string, unknown> {
  const pairs = entries(node, path, reading).flatMap(({ key, keyNode, value }) => {
    if (key !== '__proto__') return [[key, json(value, path, name, reading)] as const]
    reading.fault(keyNode, path, 'a key cannot be __proto__')
    return []
  })
  return Object.fromEntries(pairs)
}

export const flag: Read<boolean> = (node, path, _name, reading) => {
  if (isScalar(node) && typeof node.value === 'boolean') return node.value
  const word = isScalar(node) ? String(node.value).toLowerCase() : ''
  const said = ['yes', 'on', '1'].includes(word) ? 'true' : ['no', 'off', '0'].includes(word) ? 'false' : undefined
  const meant = said ?? nearest(word, ['true', 'false'])
  return reading.fault(node, path, `"${path}" must be true or false`, meant)
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
export type Unit = 's' | 'm' | 'h' | 'd'

/**
 * `60s`, `15m`, `2h` or `1d` in seconds; otherwise what is wrong, and what was probably meant.
 * @param unit in which people mean a number that has none.
 */
export function readDuration(
  written: string,
  unit: Unit = 's',
): { seconds: number } | { message: string; suggestion?: string } {
  const [, digits, given = ''] = /^([0-9]{1,7}) ?([a-z]{0,10})$/i.exec(written.trim()) ?? []
  if (!digits) return { message: `"${short(written)}" is not a duration; write one such as 60s, 15m or 2h` }
  const seconds = UNIT_SECONDS[given]
  if (seconds) return { seconds: Number(digits) * seconds }
  if (!given) return { message: `the duration ${digits} needs a unit: s, m, h or d`, suggestion: `${digits}${unit}` }
  const meant = ['s', 'm', 'h', 'd'].find((known) => given.toLowerCase().startsWith(known))
  return {
    message: `"${short(written)}" is not a duration; write one such as 60s, 15m or 2h`,
    ...(meant ? { suggestion: `${digits}${meant}` } : {}),
  }
}

/** What a text with a unit comes to, or what is wrong with it. */
type Measure = (written: string, path: string) => { value: number } | { message: string; suggestion?: string }

/** A number that is written with its unit. What was probably meant is suggested only where `schema` takes it. */
const measured =
  (measure: Measure, schema: z.ZodType): Read<number> =>
  (node, path, name, reading) => {
    const written = text(node, path, name, reading)
    if (written === undefined) return undefined
    const read = measure(written, path)
    if ('value' in read) return read.value
    const { message, suggestion } = read
    const meant = suggestion === undefined ? read : measure(suggestion, path)
    const [issue] = ('value' in meant && schema.safeParse(meant.value, { error: inWords }).error?.issues) || []
    return issue
      ? reading.fault(node, path, `${message}; it ${issue.message}`)
      : reading.fault(node, path, message, suggestion)
  }

/** A duration in `per`-second units: 1 for seconds, 86,400 for days. @param unit of a number that has none. */
export const duration = (schema: z.ZodType, per = 1, unit: Unit = 's'): Read<number> =>
  measured((written, path) => {
    const read = readDuration(written, unit)
    if ('message' in read) return read
    if (read.seconds % per !== 0) return { message: `"${path}" must be a number of whole days, such as 30d` }
    return { value: read.seconds / per }
  }, schema)

/** `300ms`, or a duration in seconds. */
export const milliseconds = (schema: z.ZodType): Read<number> =>
  measured((written) => {
    const [, digits] = /^(\d{1,6}) ?ms$/.exec(written) ?? []
    if (digits) return { value: Number(digits) }
    const read = readDuration(written)
    if ('seconds' in read) return { value: read.seconds * 1_000 }
    const message = `"${short(written)}" is not a duration; write one such as 300ms or 1s`
    return /^\d+$/.test(written) ? { message, suggestion: `${written}ms` } : { message }
  }, schema)

export const whole: Read<number> = (node, path, name, reading) => {
  const written = text(node, path, name, reading)
  if (written === undefined) return undefined
  if (/^\d{1,6}$/.test(written)) return Number(written)
  return reading.fault(node, path, `"${path}" must be a whole number`)
}

/** `22:00-09:00`: from when until when nobody is called. */
export const quietHours: Read<{ from: string; to: string }> = (node, path, name, reading) => {
  const written = text(node, path, name, reading)
  if (written === undefined) return undefined
  const match = /^([0-9]{1,2}):([0-9]{2}) ?[-–] ?([0-9]{1,2}):([0-9]{2})$/.exec(written)
  const [fromHour, fromMinute, toHour, toMinute] = (match ?? []).slice(1).map(Number)
  // There is no hour 24: midnight begins the next day.
  if (match && written.includes('24:00')) {
    const suggestion = written.replaceAll('24:00', '00:00')
    return reading.fault(node, path, `"${short(written)}" are not quiet hours; midnight is 00:00`, suggestion)
  }
  if (!match || fromHour! > 23 || toHour! > 23 || fromMinute! > 59 || toMinute! > 59)
    return reading.fault(node, path, `"${short(written)}" are not quiet hours; write them as 22:00-09:00`)
  const time = (hour: number, minute: number) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
  return { from: time(fromHour!, fromMinute!), to: time(toHour!, toMinute!) }
}
