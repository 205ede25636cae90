import { isMap } from 'yaml'
import { inWords, MAX_FAULTS } from '../../openapi/faults.ts'
import {
  type Flow,
  FlowAgent,
  FlowCall,
  FlowDocument,
  FlowMatch,
  OUTCOMES,
} from '../../openapi/schemas/flow-document.ts'
import type { FlowFault } from './faults.ts'
import { text } from './fields.ts'
import { fieldsOf } from './forms.ts'
import { type Draft, judge } from './judge.ts'
import { actions } from './outcomes.ts'
import { type Field, isEmpty, type Reading, section, startReading } from './reading.ts'
import { slots } from './slots.ts'
import { tools } from './tools.ts'
import { readYaml } from './yaml.ts'

/** A mapping of known keys, as a field. */
const mapping = (fields: Record<string, Field<unknown>>): Field<unknown> => ({
  read: (node, path, name, reading) => section(node, path, name, reading, fields),
  absent: Object.fromEntries(Object.entries(fields).map(([key, { as = key, absent }]) => [as, absent])),
})

const FLOW: Record<string, Field<unknown>> = {
  id: { read: text, absent: undefined },
  match: mapping(fieldsOf(FlowMatch)),
  call: mapping(fieldsOf(FlowCall)),
  agent: mapping(fieldsOf(FlowAgent)),
  qualify: { read: slots, absent: [] },
  tools: { read: tools, absent: [] },
  on: mapping(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, { read: actions, absent: [] }]))),
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
    const start = typeof place.at === 'number' ? place.at : reading.within(place.at, at)
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
