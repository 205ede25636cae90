import { sandboxPeople } from '../../openapi/sandbox-people.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Expectation, Persona, Simulation } from '../../openapi/schemas/persona.ts'
import type { Script } from '../../runtime/sandbox/server.ts'
import { type OwnAnswer, ownAnswers } from './usual-answers.ts'

/** One call to simulate. */
export interface Scenario {
  flowId: string
  name: string
  phone: string
  lead: Record<string, unknown>
  /** Of a persona; somebody of the sandbox has their own. */
  script?: Script
  /** What somebody of the sandbox says to the flow's own questions. */
  own?: OwnAnswer[]
  expect: Expectation
}

/** Numbers of the sandbox that nobody has: +1 202 555 0120 to 0189. */
const FIRST_FREE = 120
const FREE = 70

/** Hands out numbers that nobody else of the run has; when the range is used up, the next one. */
export function numberPlan(): () => string {
  let given = 0
  return () => {
    const [block, at] = [Math.floor(given / FREE), given++ % FREE]
    return `+1202555${String((FIRST_FREE + at + block * 1000) % 10_000).padStart(4, '0')}`
  }
}

/** Whom a flow calls: the personas of its file and the people of the sandbox that it names; where it has neither, all of these. */
export function scenariosOf(flow: Flow, simulation: Simulation, nextNumber: () => string): Scenario[] {
  const lead = leadOf(flow)
  const expected = simulation.people
  const language = lead.language ?? 'en'
  const own = ownAnswers(flow, language)
  const people = sandboxPeople.filter(({ character }) =>
    expected ? Object.hasOwn(expected, character) : !simulation.personas?.length,
  )
  return [
    ...people.map(({ name, number, character }) => ({
      flowId: flow.id,
      name: character,
      phone: number,
      lead: { ...lead, language, name },
      own,
      expect: expected?.[character] ?? {},
    })),
    ...(simulation.personas ?? []).map((persona): Scenario => {
      const phone = persona.lead?.phone ?? nextNumber()
      const own = { ...persona.lead, ...(persona.language ? { language: persona.language } : {}), phone }
      const script = scriptOf(persona, flow)
      return {
        flowId: flow.id,
        name: persona.persona,
        phone,
        lead: { ...lead, ...own },
        script,
        expect: persona.expect,
      }
    }),
  ]
}

/** A lead that the flow takes. */
function leadOf({ id, match }: Flow) {
  const [language] = match.language.includes('en') ? ['en'] : match.language
  return {
    flow_id: id,
    source: match.source[0] ?? 'simulation',
    consent: true,
    ...(match.intent[0] ? { intent: match.intent[0] } : {}),
    ...(match.campaign[0] ? { campaign: match.campaign[0] } : {}),
    ...(language ? { language } : {}),
  }
}

const VOICEMAIL = 'Hi, I cannot come to the phone right now, please leave a message after the beep.'

function scriptOf(persona: Persona, flow: Flow): Script {
  const { answers = {}, offer, turns, interrupts, silence, presses, hangs_up, answers_on_attempt, voicemail } = persona
  const own = ownAnswers(flow, persona.language ?? 'en', answers)
  const greeting = typeof voicemail === 'string' ? voicemail : VOICEMAIL
  return {
    pickUp: voicemail ? 'voicemail' : 'answers',
    ringMs: voicemail ? 12_000 : 4000,
    opening: voicemail ? greeting : 'Hello?',
    answers: { slot: offer ?? 'Yes, that works for me.', own },
    ...(answers_on_attempt === undefined ? {} : { missesFirst: answers_on_attempt - 1 }),
    ...(turns ? { turns } : {}),
    ...(interrupts
      ? { interruption: { after: interrupts.at === 'greeting' ? 0 : interrupts.at, words: interrupts.with } }
      : {}),
    ...(silence === undefined ? {} : { silentAfter: silence }),
    ...(presses === undefined ? {} : { presses }),
    ...(hangs_up === undefined ? {} : { hangsUpAfter: hangs_up }),
  }
}
