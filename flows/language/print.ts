import { Document, Scalar, visit } from 'yaml'
import { type Flow, FlowSlot } from '../../openapi/schemas/flow-document.ts'
import { IMPLIED, type Keys, keysOf, toolKeys } from './flow-keys.ts'
import { keysOfSection } from './forms.ts'

/**
 * A flow as YAML that `parseFlow` reads back to the same flow. What is meant anyway is left out, so that the text, and with it the
 * hash of a version, stays the same when the language grows.
 */
export function printFlow(flow: Flow): string {
  const keys = keysOf(flow)
  const tree: Keys = { id: flow.id }
  for (const section of ['match', 'call', 'agent'] as const) tree[section] = besides(keys[section], IMPLIED[section])
  tree.qualify = printSlots(flow.qualify)
  tree.tools = Object.fromEntries(flow.tools.map((tool) => [tool.name, besides(toolKeys(tool), IMPLIED.tool)]))
  tree.on = besides(keys.on, IMPLIED.on)
  const filled = Object.entries(tree).filter(([, value]) => Object.keys(value as object).length > 0)
  return write(Object.fromEntries(filled))
}

/** Lists of plain values stand on one line, in brackets. */
const INLINE = new Set(['source', 'campaign', 'intent', 'language', 'options', 'disqualify_if', 'allow'])

function write(tree: Keys): string {
  const document = new Document(tree, { aliasDuplicateObjects: false })
  visit(document, {
    Seq(_, list, path) {
      const pair = path.at(-1)
      // Inside a sample or a schema the same names mean nothing.
      if (path.length <= 8 && pair && 'key' in pair && pair.key instanceof Scalar && INLINE.has(String(pair.key.value)))
        list.flow = true
    },
    Scalar(_, scalar) {
      // Escaped, because a file is to be read by people and their editors.
      if (typeof scalar.value === 'string' && /[^\P{Cc}\n]|[\ufeff\u2028\u2029]/u.test(scalar.value))
        scalar.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

function besides(keys: Keys, implied: Keys): Keys {
  const same = (key: string) => JSON.stringify(keys[key]) === JSON.stringify(implied[key])
  return Object.fromEntries(Object.entries(keys).filter(([key]) => !same(key)))
}

/** Slots that are only names share a line, as on `- need - timing - budget`. */
function printSlots(slots: readonly FlowSlot[]): (string | Keys)[] {
  const printed: (string | Keys)[] = []
  for (const slot of slots) {
    const said = besides(keysOfSection(FlowSlot, slot), IMPLIED.slot)
    const last = printed.at(-1)
    const isOnlyQuestion = Object.keys(said).join() === 'question'
    if (Object.keys(said).length > 0) printed.push({ [slot.name]: isOnlyQuestion ? slot.question : said })
    else if (typeof last === 'string') printed[printed.length - 1] = `${last} - ${slot.name}`
    else printed.push(slot.name)
  }
  return printed
}
