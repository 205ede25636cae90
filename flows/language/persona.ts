import { isPerson } from '../../openapi/sandbox-people.ts'
import { Simulation } from '../../openapi/schemas/persona.ts'
import type { FlowFault } from './faults.ts'
import { inOrder } from './parse.ts'
import { unknown } from './reading.ts'
import { readDocument } from './workspace-file.ts'
import { MAX_TOKENS_OF_OTHERS } from './yaml.ts'

const KIND = { holds: 'a simulation', sections: 'people: and personas:', maxTokens: MAX_TOKENS_OF_OTHERS }

/**
 * The text of `simulations/<flow>.yaml` → the people to call and what is expected, or every fault with line and column. Never throws.
 * @param slots of the flow: answers are to these.
 */
export function parseSimulation(
  text: string,
  slots: readonly string[],
): { simulation: Simulation } | { faults: FlowFault[] } {
  const read = readDocument(text, Simulation, { kind: KIND, environment: {} })
  if ('document' in read) {
    const faults = [...namesNobody(read.document), ...ofParts(read.document, slots)].map(read.faultAt)
    return faults.length > 0 ? { faults: inOrder(faults) } : { simulation: read.document }
  }
  const { faults, draft, faultAt } = read
  if (!draft || !faultAt) return { faults }
  // What is wrong by its shape already is told once, and what holds it is not empty for that.
  const isTold = (path: string) => faults.some((fault) => fault.path === path || fault.path.startsWith(`${path}.`))
  const more = ofParts(draft, slots)
    .map(faultAt)
    .filter(({ path }) => !isTold(path))
  return { faults: inOrder([...faults, ...more]) }
}

interface Fault {
  pointer: string
  detail: string
}

/** Whom a file calls, as far as it can be read. */
interface Called {
  pointer: string
  /** Of a persona. */
  name?: unknown
  phone?: unknown
  answers?: Answers | undefined
  /** Where its expectation stands; undefined where it has none that can be read. */
  expects?: { pointer: string; what: Answers; answers: Answers | undefined } | undefined
}

type Answers = Record<string, unknown>

/** What is wrong with its parts, whatever else is with the file. */
function ofParts(file: object, slots: readonly string[]): Fault[] {
  const { people, personas } = file as Record<string, unknown>
  const own = (Array.isArray(personas) ? personas : []).map((it, at) =>
    personaOf(`/personas/${at}`, membersOf(it) ?? {}),
  )
  const all = [...Object.entries(membersOf(people) ?? {}).map(([name, it]) => personOf(`/people/${name}`, it)), ...own]
  return [...atOdds(own), ...all.flatMap(expectsNothing), ...all.flatMap((it) => unknownSlots(it, slots))]
}

const membersOf = (value: unknown): Answers | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Answers) : undefined

const personOf = (pointer: string, expect: unknown): Called => ({
  pointer,
  expects: expectation(pointer, expect ?? {}),
})

const personaOf = (pointer: string, { persona, lead, answers, expect }: Answers): Called => ({
  pointer,
  name: persona,
  phone: membersOf(lead)?.phone,
  answers: membersOf(answers),
  expects: expectation(`${pointer}/expect`, expect),
})

function expectation(pointer: string, expect: unknown): Called['expects'] {
  const what = membersOf(expect)
  return what && { pointer, what, answers: membersOf(what.answers) }
}

/** A file that was emptied by mistake would call everybody, and expect nothing of them. */
function namesNobody({ people = {}, personas = [] }: Simulation): Fault[] {
  const isSomebody = Object.keys(people).length > 0 || personas.length > 0
  const detail = 'It names nobody: give people: or personas:, or remove the file to call all people of the sandbox.'
  return isSomebody ? [] : [{ pointer: '', detail }]
}

/** Names and numbers that two personas have, or somebody of the sandbox. */
function atOdds(personas: Called[]): Fault[] {
  return personas.flatMap(({ pointer, name, phone }, at) => {
    const before = personas.slice(0, at)
    const hasName = typeof name === 'string' && before.some((other) => other.name === name)
    const hasPhone = typeof phone === 'string' && (isPerson(phone) || before.some((other) => other.phone === phone))
    return [
      ...(hasName ? [{ pointer: `${pointer}/persona`, detail: `"${name}" is given twice.` }] : []),
      ...(hasPhone ? [{ pointer: `${pointer}/lead/phone`, detail: `${phone} belongs to somebody else.` }] : []),
    ]
  })
}

/** What expects nothing is met whatever happens: a test that cannot fail. */
function expectsNothing({ expects }: Called): Fault[] {
  if (!expects || Object.keys(expects.what).length > 0) return []
  return [{ pointer: expects.pointer, detail: 'It must expect something, e.g. outcome: booked.' }]
}

function unknownSlots({ pointer, answers = {}, expects }: Called, slots: readonly string[]): Fault[] {
  const given: [string, Answers][] = [
    [`${pointer}/answers`, answers],
    [`${expects?.pointer}/answers`, expects?.answers ?? {}],
  ]
  return given.flatMap(([at, of]) =>
    Object.keys(of)
      .filter((slot) => !slots.includes(slot))
      .map((slot) => unknownSlot(`${at}/${slot}`, slot, slots)),
  )
}

function unknownSlot(pointer: string, slot: string, slots: readonly string[]): Fault {
  const { message, suggestion } = unknown(`the flow has no slot "${slot}"`, slot, slots)
  return { pointer, detail: suggestion === undefined ? message : `${message}; did you mean ${suggestion}?` }
}
