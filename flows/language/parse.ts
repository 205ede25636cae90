import { isMap } from 'yaml'
import { inWords, MAX_FAULTS } from '../../openapi/faults.ts'
import { ENGINES, type Flow, FlowDocument, OUTCOMES } from '../../openapi/schemas/flow-document.ts'
import { DEFAULTS } from './defaults.ts'
import type { FlowFault } from './faults.ts'
import { duration, flag, languages, milliseconds, oneOf, quietHours, text, texts, whole } from './fields.ts'
import { type Draft, judge } from './judge.ts'
import { actions } from './outcomes.ts'
import { type Field, isEmpty, type Read, type Reading, section, startReading, within } from './reading.ts'
import { slots } from './slots.ts'
import { tools } from './tools.ts'
import { readYaml } from './yaml.ts'

/** How the keys of a section are read; `as` is their name in the parsed flow where it differs. */
type Readers = Record<string, { as?: string; read: Read<unknown> }>

const MATCH: Readers = {
  source: { read: texts },
  campaign: { read: texts },
  intent: { read: texts },
  language: { read: languages },
}

const CALL: Readers = {
  within: { as: 'within_seconds', read: duration() },
  voice: { read: text },
  engine: { read: oneOf(ENGINES) },
  quiet_hours: { read: quietHours },
  max_duration: { as: 'max_duration_seconds', read: duration(1, 'm') },
  idle: { as: 'idle_seconds', read: duration() },
  record: { read: flag },
  retention: { as: 'retention_days', read: duration(86_400, 'd') },
  amd: { as: 'detect_machine', read: flag },
  voicemail_message: { read: text },
}

const AGENT: Readers = {
  name: { read: text },
  business: { read: text },
  greeting: { read: text },
  greeting_interruptible: { read: flag },
  interrupt_after: { as: 'interrupt_after_ms', read: milliseconds },
  interrupt_words: { read: whole },
  manner: { read: text },
  knowledge: { read: text },
  prompt: { read: text },
}

const ON: Readers = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, { read: actions }]))

/** A mapping with these keys, as a field; what is not there has its default. */
function sectionOf(readers: Readers, defaults: Record<string, unknown>): Field<unknown> {
  const fields: Record<string, Field<unknown>> = {}
  for (const [key, reader] of Object.entries(readers))
    fields[key] = { ...reader, absent: defaults[reader.as ?? key] ?? (defaults === NO_ACTIONS ? [] : null) }
  return { read: (node, path, name, reading) => section(node, path, name, reading, fields), absent: defaults }
}

const NO_ACTIONS = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, []]))

const FLOW: Record<string, Field<unknown>> = {
  id: { read: text, absent: undefined },
  match: sectionOf(MATCH, DEFAULTS.match),
  call: sectionOf(CALL, DEFAULTS.call),
  agent: sectionOf(AGENT, DEFAULTS.agent),
  qualify: { read: slots, absent: [] },
  tools: { read: tools, absent: [] },
  on: sectionOf(ON, NO_ACTIONS),
}

export type ParsedFlow = {
  flow: Flow
  /** A fault about a part of the flow, such as `['call', 'voice']`, where it is written. */
  faultAt(part: readonly PropertyKey[], message: string, suggestion?: string): FlowFault
}

/**
 * The YAML of a flow → the flow, normalised, or every fault that was found in it, in the order of the file. No-break
 * spaces count as spaces, because the printed examples are indented with them. Never throws.
 */
export function parseFlow(written: string): ParsedFlow | { faults: FlowFault[] } {
  const yaml = written.replaceAll('\u00a0', ' ')
  const reading = startReading(yaml)
  const read = readYaml(yaml)
  if ('faults' in read) {
    for (const fault of read.faults) reading.fault(fault.offset, '', fault.message)
    return { faults: reading.faults }
  }
  const draft = section(read.root, '', '', reading, FLOW)
  if (isEmpty(read.root) || (isMap(read.root) && !read.root.has('id'))) reading.fault(0, 'id', 'a flow needs an id')
  const flow = FlowDocument.safeParse(draft, { error: inWords })
  if (!flow.success) shapeFaults(flow.error.issues, reading)
  const told = new Set(reading.faults.map((fault) => fault.path))
  for (const { part, message, suggestion, at = 0 } of judge(draft as Draft)) {
    const place = reading.placed(part)
    if (told.has(place.path)) continue
    const start = typeof place.at === 'number' ? place.at : within(place.at, at)
    reading.fault(start, place.path, message, suggestion)
  }
  if (flow.success && reading.faults.length === 0) return { flow: flow.data, faultAt: faultAt(reading) }
  return { faults: inOrder(reading.faults) }
}

/** What the schema says. Where reading already failed, it only repeats that. */
function shapeFaults(issues: { path: PropertyKey[]; message: string }[], reading: Reading): void {
  const told = new Set(reading.faults.map((fault) => fault.path))
  const tellsOfInside = (path: string) => [...told].some((it) => it.startsWith(`${path}.`))
  for (const issue of issues.slice(0, MAX_FAULTS)) {
    const { at, path, depth } = reading.placed(issue.path)
    const inner = issue.path.slice(depth).filter((part) => typeof part === 'string')
    const isTold = told.has(path) || (inner.length > 0 && tellsOfInside(path))
    if (isTold || path === '') continue
    reading.fault(at, path, `${inner.length > 0 ? `${inner.join('.')} of ` : ''}"${path}" ${issue.message}`)
  }
}

const faultAt =
  (reading: Reading): ParsedFlow['faultAt'] =>
  (part, message, suggestion) => {
    const { at, path } = reading.placed(part)
    return { ...reading.position(at), path, message, ...(suggestion === undefined ? {} : { suggestion }) }
  }

/** The first of them, in the order of the file. */
export const inOrder = (faults: FlowFault[]): FlowFault[] =>
  faults.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_FAULTS)
