import { isMap, isScalar, isSeq, type ParsedNode, type Scalar } from 'yaml'
import { MAX_FAULTS } from '../../openapi/faults.ts'
import { nearest } from '../../openapi/nearest.ts'
import { FlowAgent, FlowCall, FlowToolBounds } from '../../openapi/schemas/flow-document.ts'
import { writtenFields } from '../../openapi/schemas/flow-written.ts'
import { type FlowFault, positions } from './faults.ts'

export type Node = ParsedNode | null

/** Characters in one line of slots or actions. */
export const MAX_LINE = 2_000
/** Entries of a list that are read: the longest that a flow may have, twice. The schema tells the limit of each. */
export const MAX_ENTRIES = 100

/** Collects faults, and remembers where each value of the flow was written. */
export interface Reading {
  faults: FlowFault[]
  offset(at: Node | number): number
  position(at: Node | number): { line: number; column: number }
  /** The offset of a place inside a scalar: exact, but in text with escapes or quotes over several lines, else where it begins. */
  within(node: Node, offset: number): number
  fault(at: Node | number, path: string, message: string, suggestion?: string): undefined
  /** A fault about a word that is none of the known ones; what was meant is looked for as long as anybody would be told. */
  unknown(at: Node | number, path: string, message: string, word: string, known: readonly string[]): undefined
  /** The fault of a list that is not read further than to this entry. */
  tooMany(at: Node | number, path: string): undefined
  /** Says that `name` (dotted, as in the parsed flow) was written at `at`, under `path` in the file. */
  place(name: string, at: Node | number, path: string): void
  /** Where `name`, or the nearest thing around it, was written; `depth` parts of it were found, none with an empty path. */
  placed(name: readonly PropertyKey[]): { at: Node | number; path: string; depth: number }
}

/** Reads one value; undefined after a fault. `name` is its dotted place in the parsed flow, `path` the one in the file. */
export type Read<T> = (node: Node, path: string, name: string, reading: Reading) => T | undefined

/** A key of a section: what it is called in the parsed flow (when that differs), how it is read, and its value when absent. */
export interface Field<T> {
  as?: string
  read: Read<T>
  absent: T
}

export function startReading(text: string): Reading {
  const position = positions(text)
  const places = new Map<string, { at: Node | number; path: string }>()
  const offsetOf = (at: Node | number) => (typeof at === 'number' ? at : (at?.range[0] ?? 0))
  const faults: FlowFault[] = []
  const fault: Reading['fault'] = (at, path, message, suggestion) => {
    faults.push({ ...position(offsetOf(at)), path, message, ...(suggestion === undefined ? {} : { suggestion }) })
    return undefined
  }
  return {
    faults,
    offset: offsetOf,
    position: (at) => position(offsetOf(at)),
    within: (node, offset) => within(text, node, offset),
    fault,
    unknown(at, path, message, word, known) {
      const told = faults.length < MAX_FAULTS ? unknown(message, word, known) : { message }
      return fault(at, path, told.message, told.suggestion)
    },
    tooMany: (at, path) => fault(at, path, `"${path}" has more than ${MAX_ENTRIES} entries; remove what is too much`),
    place: (name, at, path) => void places.set(name, { at, path }),
    placed(name) {
      for (let length = name.length; length > 0; length--) {
        const place = places.get(name.slice(0, length).join('.'))
        if (place) return { ...place, depth: length }
      }
      return { at: 0, path: '', depth: 0 }
    },
  }
}

/** Reads a mapping whose keys are known; unknown and repeated keys are faults, an empty value counts as absent. */
export function section<F extends Record<string, Field<unknown>>>(
  node: Node,
  path: string,
  name: string,
  reading: Reading,
  fields: F,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(fields)) result[field.as ?? key] = field.absent
  for (const { key, keyNode, value } of entries(node, path, reading)) {
    const inner = path ? `${path}.${key}` : key
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (!field) {
      reading.unknown(keyNode, inner, `unknown key "${short(key)}"`, key, Object.keys(fields))
      continue
    }
    const as = field.as ?? key
    const innerName = name ? `${name}.${as}` : as
    reading.place(innerName, isEmpty(value) ? keyNode : value, inner)
    if (isEmpty(value)) continue
    const read = field.read(value, inner, innerName, reading)
    if (read !== undefined) result[as] = read
  }
  return result
}

/** A fault about a word that is none of the known ones, with the one that was probably meant or all of them. */
export function unknown(
  message: string,
  word: string,
  known: readonly string[],
): { message: string; suggestion?: string } {
  const meant = nearest(SYNONYMS.get(word) ?? word, known)
  return meant ? { message, suggestion: meant } : { message: `${message}; known: ${known.join(', ')}` }
}

/** What the parsed flow calls differently, or people do. */
const SYNONYMS = new Map([
  ...[FlowCall, FlowAgent, FlowToolBounds].flatMap(writtenFields).map(({ as, key }) => [as, key] as const),
  ['slots', 'qualify'],
  ['outcomes', 'on'],
])

/** The pairs of a mapping, each key once and a plain word; anything else is a fault. */
export function entries(node: Node, path: string, reading: Reading) {
  if (isEmpty(node)) return []
  if (!isMap(node)) {
    reading.fault(node, path, `${path ? `"${path}"` : 'a flow'} is a mapping of keys to values`)
    return []
  }
  const seen = new Set<string>()
  return node.items.flatMap((pair) => {
    const keyNode = pair.key as Node
    const key = wordOf(keyNode)
    if (!key) {
      reading.fault(keyNode, path, 'a key must be a word')
      return []
    }
    if (seen.has(key)) {
      reading.fault(keyNode, path ? `${path}.${key}` : key, `the key "${short(key)}" is given twice`)
      return []
    }
    seen.add(key)
    return [{ key, keyNode, value: (pair.value ?? null) as Node }]
  })
}

/** A key as it is written: numbers are words here. */
function wordOf(node: Node): string | undefined {
  if (!isScalar(node)) return undefined
  if (typeof node.value === 'number') return node.source
  return typeof node.value === 'string' ? node.value.replaceAll('\u00a0', ' ') : undefined
}

/** The items of a sequence, or the value itself when there is only one. */
export const items = (node: Node): Node[] => (isSeq(node) ? (node.items as Node[]) : [node])

function within(text: string, node: Node, offset: number): number {
  if (!isScalar(node)) return node?.range[0] ?? 0
  if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') return withinBlock(text, node, offset)
  const isPlain = node.type === 'PLAIN'
  const isOneLine = isPlain || node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE'
  const length = node.range[1] - node.range[0] - (isPlain ? 0 : 2)
  if (!isOneLine || String(node.value).length !== length) return node.range[0]
  return node.range[0] + offset + (isPlain ? 0 : 1)
}

/** Its lines are found in its value one after the other, however they were folded. */
function withinBlock(text: string, { range, value }: Scalar.Parsed, offset: number): number {
  const written = String(value)
  let read = 0
  let at = text.indexOf('\n', range[0]) + 1
  for (const line of text.slice(at, range[1]).split('\n')) {
    const content = line.trim()
    const found = content === '' ? -1 : written.indexOf(content, read)
    if (found > offset) return at
    if (found >= 0 && offset < found + content.length) return at + line.indexOf(content) + offset - found
    if (found >= 0) read = found + content.length
    at += line.length + 1
  }
  return range[0]
}

/** True for an absent value, `key:` and `key: null`. */
export const isEmpty = (node: Node) => node === null || (isScalar(node) && node.value === null)

/** At most 40 characters of something a person wrote, for a message. */
export const short = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
