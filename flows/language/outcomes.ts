import { isMap, isScalar, isSeq } from 'yaml'
import { type FlowAction, OUTCOMES } from '../../openapi/schemas/flow-document.ts'
import { type Argument, type Call, readCalls } from './action-syntax.ts'
import { ACTION_TYPES, readActions } from './actions.ts'
import { text } from './fields.ts'
import { entries, isEmpty, items, MAX_ENTRIES, MAX_LINE, type Node, type Read, type Reading } from './reading.ts'

/** One line of actions such as `retry(15m, max=3) whatsapp`, or a list of lines and of mappings such as `retry: {delay: 15m}`. */
export const actions: Read<FlowAction[]> = (node, path, name, reading) => {
  const outcome = OUTCOMES.find((known) => name === `on.${known}`)!
  if (isSeq(node) && node.flow && items(node).some((it) => isScalar(it) && /^[^)]*\([^)]*$/.test(String(it.value))))
    return reading.fault(node, path, 'a comma in [ ] parts an action in two; give each action a line of its own')
  const calls: Call[] = []
  for (const item of items(node)) {
    calls.push(...(isMap(item) ? longCalls(item, path, name, reading) : shortCalls(item, path, name, reading)))
    const excess = calls[MAX_ENTRIES]
    if (excess) return reading.tooMany(excess.at, path)
  }
  const read = readActions(calls, outcome)
  for (const fault of read.faults) reading.fault(fault.at, path, fault.message, fault.suggestion)
  for (const [i, action] of read.actions.entries()) {
    reading.place(`${name}.${i}`, action.at, path)
    for (const { field, path: inner, at } of action.places)
      reading.place(`${name}.${i}.${field}`, at, `${path}.${inner}`)
  }
  return read.actions.map(({ action }) => action)
}

function shortCalls(item: Node, path: string, name: string, reading: Reading): Call[] {
  const written = text(item, path, name, reading)
  if (written === undefined) return []
  if (written.length > MAX_LINE) {
    reading.fault(item, path, `"${path}" is longer than ${MAX_LINE} characters`)
    return []
  }
  const { calls, fault } = readCalls(written)
  if (fault) reading.fault(reading.within(item, fault.at), path, fault.message, fault.suggestion)
  const moved = (argument: Argument): Argument => ({
    ...argument,
    nameAt: reading.within(item, argument.nameAt),
    at: reading.within(item, argument.at),
  })
  return calls.map((call) => ({ ...call, at: reading.within(item, call.at), arguments: call.arguments.map(moved) }))
}

/** `retry: {delay: 15m}`, `log: out_of_scope` (its first argument) or `whatsapp:`; one a mapping, so that their order is plain. */
function longCalls(item: Node, path: string, name: string, reading: Reading): Call[] {
  const [first, second] = entries(item, path, reading)
  if (second) {
    reading.fault(second.keyNode, path, 'each action is an entry of its own: begin it with "- "')
    return []
  }
  if (!first) {
    if (isMap(item) && item.items.length === 0) reading.fault(item, path, 'an action is missing here')
    return []
  }
  const { key, keyNode, value } = first
  const at = reading.offset(keyNode)
  return [{ name: key, at, isLong: true, arguments: longArguments(key, value, path, name, reading) }]
}

function longArguments(type: string, value: Node, path: string, name: string, reading: Reading): Argument[] {
  if (isEmpty(value)) return []
  if (!isMap(value)) {
    const written = text(value, path, name, reading)
    return written === undefined ? [] : [argument(undefined, value, value, written, reading)]
  }
  if (!ACTION_TYPES.some((known) => known === type)) return []
  return entries(value, path, reading).flatMap(({ key, keyNode, value: inner }) => {
    if (isEmpty(inner)) return []
    if (key === 'with' && (type === 'sms' || type === 'whatsapp'))
      return entries(inner, `${path}.${type}.with`, reading).flatMap((pair) => {
        const at = `${path}.${type}.with.${pair.key}`
        const written = isEmpty(pair.value) ? '' : text(pair.value, at, name, reading)
        if (written === undefined) return []
        return [{ ...argument(pair.key, pair.keyNode, pair.value ?? pair.keyNode, written, reading), isVariable: true }]
      })
    const written = text(inner, `${path}.${type}.${key}`, name, reading)
    return written === undefined ? [] : [argument(key, keyNode, inner, written, reading)]
  })
}

const argument = (name: string | undefined, nameNode: Node, node: Node, value: string, reading: Reading): Argument => ({
  ...(name === undefined ? {} : { name }),
  nameAt: reading.offset(nameNode),
  value,
  at: reading.offset(node),
})
