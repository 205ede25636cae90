import { isMap, isScalar, isSeq } from 'yaml'
import {
  type Flow,
  type FlowAction,
  FlowDocument,
  type FlowSlot,
  OUTCOMES,
} from '../../openapi/schemas/flow-document.ts'
import { parseActions } from './actions.ts'
import type { FlowFault } from './faults.ts'
import { duration, flag, languages, quietHours, text, texts } from './fields.ts'
import { greetingFault } from './greeting.ts'
import { entries, isEmpty, items, type Node, type Read, section, startReading } from './reading.ts'
import { readYaml } from './yaml.ts'

/** Characters in one line of slots or actions. */
const MAX_LINE = 2_000

const MATCH = {
  source: { read: texts, absent: [] },
  campaign: { read: texts, absent: [] },
  intent: { read: texts, absent: [] },
  language: { read: languages, absent: [] },
}

const CALL = {
  within: { as: 'within_seconds', read: duration(), absent: 60 },
  voice: { read: text, absent: null },
  quiet_hours: { read: quietHours, absent: null },
  max_duration: { as: 'max_duration_seconds', read: duration(), absent: 600 },
  idle: { as: 'idle_seconds', read: duration(), absent: 8 },
  record: { read: flag, absent: false },
  retention: { as: 'retention_days', read: duration(86_400), absent: null },
  detect_machine: { read: flag, absent: true },
  voicemail_message: { read: text, absent: null },
}

const AGENT = {
  business: { read: text, absent: null },
  greeting: { read: text, absent: null },
  greeting_interruptible: { read: flag, absent: true },
  manner: { read: text, absent: null },
  knowledge: { read: text, absent: null },
  prompt: { read: text, absent: null },
}

/** A mapping with these keys, as a field; absent, it has the value of an empty one. */
const sectionOf = (fields: Parameters<typeof section>[4]) => ({
  read: ((node, path, name, reading) => section(node, path, name, reading, fields)) satisfies Read<unknown>,
  absent: Object.fromEntries(Object.entries(fields).map(([key, field]) => [field.as ?? key, field.absent])),
})

/**
 * The YAML of a flow → the flow, normalised, or every fault that was found in it, in the order of the file. No-break
 * spaces count as spaces, because the printed examples are indented with them. Never throws.
 */
export function parseFlow(written: string): { flow: Flow } | { faults: FlowFault[] } {
  const yaml = written.replaceAll('\u00a0', ' ')
  const reading = startReading(yaml)
  const read = readYaml(yaml)
  if ('faults' in read) {
    for (const fault of read.faults) reading.fault(fault.offset, '', fault.message)
    return { faults: reading.faults }
  }
  const draft = section(read.root, '', '', reading, {
    id: { read: text, absent: undefined },
    match: sectionOf(MATCH),
    call: sectionOf(CALL),
    agent: sectionOf(AGENT),
    qualify: { read: slots, absent: [] },
    on: sectionOf(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, { read: actions, absent: [] }]))),
  })
  if (isEmpty(read.root) || (isMap(read.root) && !read.root.has('id'))) reading.fault(0, 'id', 'a flow needs an id')
  const flow = FlowDocument.safeParse(draft)
  if (flow.success && reading.faults.length === 0) {
    const fault = greetingFault(flow.data)
    if (!fault) return { flow: flow.data }
    const { offset, path } = reading.placed(['agent', 'greeting'])
    reading.fault(offset, path, fault)
  }
  if (!flow.success) {
    // Where reading already failed, the schema only repeats it.
    const told = new Set(reading.faults.map((fault) => fault.path))
    for (const issue of flow.error.issues) {
      const { offset, path, depth } = reading.placed(issue.path)
      const inner = issue.path.slice(depth).filter((part) => typeof part === 'string')
      if (!told.has(path) && path !== '')
        reading.fault(offset, path, `"${path}": ${[...inner, issue.message].join(' ')}`)
    }
  }
  return { faults: reading.faults.sort((a, b) => a.line - b.line || a.column - b.column).slice(0, 100) }
}

/** `- need - timing`, `- budget: "What budget …?"`, or a plain list of names. */
const slots: Read<FlowSlot[]> = (node, path, name, reading) => {
  const found: { slot: FlowSlot; at: Node | number }[] = []
  for (const item of items(node)) {
    if (isMap(item)) {
      for (const { key, keyNode, value } of entries(item, path, reading)) {
        const question = isEmpty(value) ? null : text(value, `${path}.${key}`, name, reading)
        if (question !== undefined) found.push({ slot: { name: key, question }, at: keyNode })
      }
    } else if (isSeq(item)) reading.fault(item, path, 'a list inside the list of slots')
    else {
      const written = text(item, path, name, reading) ?? ''
      if (written.length > MAX_LINE) return reading.fault(item, path, `"${path}" is longer than ${MAX_LINE} characters`)
      for (const word of written.matchAll(/(?<=^|\s-\s)\s*(\S(?:.*?\S)?)\s*(?=\s-\s|$)/g))
        found.push({
          slot: { name: word[1]!, question: null },
          at: within(item, word.index + word[0].indexOf(word[1]!)),
        })
    }
  }
  const seen = new Set<string>()
  for (const [i, { slot, at }] of found.entries()) {
    reading.place(`${name}.${i}`, at, `${path}.${slot.name}`)
    if (seen.has(slot.name)) reading.fault(at, `${path}.${slot.name}`, `the slot "${slot.name}" is given twice`)
    seen.add(slot.name)
  }
  return found.map(({ slot }) => slot)
}

/** One line of actions, or a list of them. */
const actions: Read<FlowAction[]> = (node, path, name, reading) => {
  const outcome = OUTCOMES.find((known) => name === `on.${known}`)!
  const all: FlowAction[] = []
  if (
    isSeq(node) &&
    node.flow &&
    items(node).some((item) => isScalar(item) && /^[^)]*\([^)]*$/.test(String(item.value)))
  )
    return reading.fault(node, path, 'a comma in [ ] parts an action in two; give each action a line of its own')
  for (const item of items(node)) {
    const written = text(item, path, name, reading)
    if (written === undefined) continue
    if (written.length > MAX_LINE) return reading.fault(item, path, `"${path}" is longer than ${MAX_LINE} characters`)
    const read = parseActions(written, outcome)
    for (const action of read.actions) {
      reading.place(`${name}.${all.length}`, item, path)
      all.push(action)
    }
    for (const fault of read.faults) reading.fault(within(item, fault.at), path, fault.message, fault.suggestion)
  }
  return all
}

/** The offset of a place inside a scalar. Exact when it was written on one line without escapes, else where it begins. */
function within(node: Node, offset: number): number {
  if (!isScalar(node)) return node?.range[0] ?? 0
  const isPlain = node.type === 'PLAIN'
  const isOneLine = isPlain || node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE'
  const length = node.range[1] - node.range[0] - (isPlain ? 0 : 2)
  if (!isOneLine || String(node.value).length !== length) return node.range[0]
  return node.range[0] + offset + (isPlain ? 0 : 1)
}
