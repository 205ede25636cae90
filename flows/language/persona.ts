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
  if ('faults' in read) return read
  const { document, faultAt } = read
  const all = [namesNobody, atOdds, expectNothing].flatMap((find) => find(document))
  const faults = [...all, ...unknownSlots(document, slots)].map(faultAt)
  return faults.length > 0 ? { faults: inOrder(faults) } : { simulation: document }
}

interface Fault {
  pointer: string
  detail: string
}

/** A file that was emptied by mistake would call everybody, and expect nothing of them. */
function namesNobody({ people = {}, personas = [] }: Simulation): Fault[] {
  const isSomebody = Object.keys(people).length > 0 || personas.length > 0
  const detail = 'It names nobody: give people: or personas:, or remove the file to call all people of the sandbox.'
  return isSomebody ? [] : [{ pointer: '', detail }]
}

/** Names and numbers that two personas have, or somebody of the sandbox. */
function atOdds({ personas = [] }: Simulation): Fault[] {
  return personas.flatMap(({ persona, lead }, at) => {
    const before = personas.slice(0, at)
    const phone = lead?.phone
    const hasName = before.some((other) => other.persona === persona)
    const hasPhone = phone !== undefined && (isPerson(phone) || before.some((other) => other.lead?.phone === phone))
    return [
      ...(hasName ? [{ pointer: `/personas/${at}/persona`, detail: `"${persona}" is given twice.` }] : []),
      ...(hasPhone ? [{ pointer: `/personas/${at}/lead/phone`, detail: `${phone} belongs to somebody else.` }] : []),
    ]
  })
}

/** What expects nothing is met whatever happens: a test that cannot fail. */
function expectNothing({ people = {}, personas = [] }: Simulation): Fault[] {
  const given: [string, object | undefined][] = [
    ...Object.entries(people).map(([name, expect]): [string, object | undefined] => [`/people/${name}`, expect]),
    ...personas.map(({ expect }, at): [string, object] => [`/personas/${at}/expect`, expect]),
  ]
  return given.flatMap(([pointer, expect = {}]) =>
    Object.keys(expect).length > 0 ? [] : [{ pointer, detail: 'It must expect something, e.g. outcome: booked.' }],
  )
}

function unknownSlots({ people = {}, personas = [] }: Simulation, slots: readonly string[]): Fault[] {
  const given: [string, Record<string, string> | undefined][] = [
    ...personas.flatMap(({ answers, expect }, at): [string, Record<string, string> | undefined][] => [
      [`/personas/${at}/answers`, answers],
      [`/personas/${at}/expect/answers`, expect.answers],
    ]),
    ...Object.entries(people).map(([name, expect]): [string, Record<string, string> | undefined] => [
      `/people/${name}/answers`,
      expect?.answers,
    ]),
  ]
  return given.flatMap(([pointer, answers = {}]) =>
    Object.keys(answers)
      .filter((slot) => !slots.includes(slot))
      .map((slot) => unknownSlot(`${pointer}/${slot}`, slot, slots)),
  )
}

function unknownSlot(pointer: string, slot: string, slots: readonly string[]): Fault {
  const { message, suggestion } = unknown(`the flow has no slot "${slot}"`, slot, slots)
  return { pointer, detail: suggestion === undefined ? message : `${message}; did you mean ${suggestion}?` }
}
