import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml'
import { nearest } from '../../openapi/nearest.ts'
import { type FlowFault, positions } from './faults.ts'

export type Node = ParsedNode | null

/** Collects faults, and remembers where each value of the flow was written. */
export interface Reading {
  faults: FlowFault[]
  fault(at: Node | number, path: string, message: string, suggestion?: string): undefined
  /** Says that `name` (dotted, as in the parsed flow) was written at `at`, under `path` in the file. */
  place(name: string, at: Node | number, path: string): void
  /** Where `name`, or the nearest thing around it, was written; `depth` parts of it were found, none with an empty path. */
  placed(name: readonly PropertyKey[]): { offset: number; path: string; depth: number }
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
  const places = new Map<string, { offset: number; path: string }>()
  const offsetOf = (at: Node | number) => (typeof at === 'number' ? at : (at?.range[0] ?? 0))
  const faults: FlowFault[] = []
  return {
    faults,
    fault(at, path, message, suggestion) {
      faults.push({ ...position(offsetOf(at)), path, message, ...(suggestion === undefined ? {} : { suggestion }) })
      return undefined
    },
    place: (name, at, path) => void places.set(name, { offset: offsetOf(at), path }),
    placed(name) {
      for (let length = name.length; length > 0; length--) {
        const place = places.get(name.slice(0, length).join('.'))
        if (place) return { ...place, depth: length }
      }
      return { offset: 0, path: '', depth: 0 }
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
      const meant = nearest(key, Object.keys(fields))
      const known = Object.keys(fields).join(', ')
      reading.fault(
        keyNode,
        inner,
        `unknown key "${short(key)}"; ${meant ? `did you mean "${meant}"?` : `known: ${known}`}`,
        meant,
      )
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
    if (!isScalar(keyNode) || typeof keyNode.value !== 'string' || keyNode.value === '') {
      reading.fault(keyNode, path, 'a key must be a word')
      return []
    }
    const key = keyNode.value
    if (seen.has(key)) {
      reading.fault(keyNode, path ? `${path}.${key}` : key, `the key "${short(key)}" is given twice`)
      return []
    }
    seen.add(key)
    return [{ key, keyNode, value: (pair.value ?? null) as Node }]
  })
}

/** The items of a sequence, or the value itself when there is only one. */
export const items = (node: Node): Node[] => (isSeq(node) ? (node.items as Node[]) : [node])

/** True for an absent value, `key:` and `key: null`. */
export const isEmpty = (node: Node) => node === null || (isScalar(node) && node.value === null)

/** At most 40 characters of something a person wrote, for a message. */
export const short = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
