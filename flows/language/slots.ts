import { isMap, isSeq } from 'yaml'
import { FlowSlot } from '../../openapi/schemas/flow-document.ts'
import { COMPARISON, SlotName } from '../../openapi/schemas/flow-slot.ts'
import { SLOT_DEFAULTS } from './defaults.ts'
import { text } from './fields.ts'
import { fieldsOf } from './forms.ts'
import {
  entries,
  isEmpty,
  items,
  MAX_ENTRIES,
  MAX_LINE,
  type Node,
  type Read,
  type Reading,
  section,
} from './reading.ts'

const known = fieldsOf(FlowSlot)
/** Without a type, options make it a choice. */
const FIELDS = { ...known, type: { ...known.type!, absent: undefined } }

/** `- need - timing`, `- budget: "What budget …?"`, `- budget: {question: …, type: number}`, or a plain list of names. */
export const slots: Read<FlowSlot[]> = (node, path, name, reading) => {
  const found: { slot: FlowSlot; at: Node | number }[] = []
  for (const item of items(node)) {
    if (isMap(item)) {
      for (const { key, keyNode, value } of entries(item, path, reading)) {
        const slot = long(key, value, `${path}.${key}`, `${name}.${found.length}`, reading)
        found.push({ slot, at: keyNode })
      }
    } else if (isSeq(item)) reading.fault(item, path, 'a list stands inside the list of slots')
    else found.push(...short(item, path, name, reading))
    const excess = found[MAX_ENTRIES]
    if (excess) return reading.tooMany(excess.at, path)
  }
  const seen = new Set<string>()
  for (const [i, { slot, at }] of found.entries()) {
    reading.place(`${name}.${i}`, at, `${path}.${slot.name}`)
    if (seen.has(slot.name)) reading.fault(at, `${path}.${slot.name}`, `the slot "${slot.name}" is given twice`)
    seen.add(slot.name)
    // What else a name may be at fault for, the schema tells.
    const meant = slot.name.toLowerCase().replace(/\s+/g, '_')
    const issue = SlotName.safeParse(slot.name).error?.issues[0]
    if (issue && SlotName.safeParse(meant).success)
      reading.fault(at, `${path}.${slot.name}`, `name of "${path}.${slot.name}" ${issue.message}`, meant)
  }
  return found.map(({ slot }) => slot)
}

/** Names parted by ` - `. */
function short(item: Node, path: string, name: string, reading: Reading) {
  const written = text(item, path, name, reading) ?? ''
  if (written.length > MAX_LINE) {
    reading.fault(item, path, `"${path}" is longer than ${MAX_LINE} characters`)
    return []
  }
  return [...written.matchAll(/(?<=^|\s-\s)\s*(\S(?:.*?\S)??)\s*(?=\s-\s|$)/g)].map((word) => ({
    slot: { name: word[1]!, ...SLOT_DEFAULTS },
    at: reading.within(item, word.index + word[0].indexOf(word[1]!)),
  }))
}

function long(key: string, value: Node, path: string, name: string, reading: Reading): FlowSlot {
  if (isEmpty(value)) return { name: key, ...SLOT_DEFAULTS }
  if (!isMap(value)) {
    reading.place(`${name}.question`, value, path)
    return { name: key, ...SLOT_DEFAULTS, question: text(value, path, name, reading) ?? null }
  }
  const read = section(value, path, name, reading, FIELDS) as Omit<FlowSlot, 'name' | 'type'> & Partial<FlowSlot>
  // Of a type that nobody knows, nothing can be said against the rest.
  if (reading.faults.some((fault) => fault.path === `${path}.type`))
    return { name: key, ...read, type: SLOT_DEFAULTS.type, options: [], disqualify_if: [] }
  const type = read.type ?? (read.options.length > 0 ? 'choice' : SLOT_DEFAULTS.type)
  return { name: key, ...read, type, disqualify_if: read.disqualify_if.map((value) => spelled(value, type)) }
}

/** Comparisons and yes or no in their one spelling. */
function spelled(value: string, type: FlowSlot['type']): string {
  if (type === 'yes_no') return value.toLowerCase()
  return type === 'number' ? value.replace(COMPARISON, '$1 $2') : value
}
