import type { NotFitReason, Outcome } from '../../openapi/schemas/call.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Findings } from '../db/schema.ts'

/** What is known when a conversation is over. */
export interface ConversationFacts {
  findings: Findings
  answers: Record<string, string>
  slots: Flow['qualify']
  booked: boolean
  /** Who or what ended it; null when the process that carried it died. */
  endedBy: string | null
  answeredBy: string | null
}

export type Decision =
  | { kind: 'outcome'; outcome: 'not_fit'; reason: NotFitReason }
  | { kind: 'outcome'; outcome: Exclude<Outcome, 'not_fit'>; reason: string | null }
  /** Nobody was reached: `no_answer`, after the flow's retries. */
  | { kind: 'missed'; reason: string }

/** The required slots that have no answer yet, in the order in which they are asked. */
export const missingAnswers = ({ slots, answers }: Pick<ConversationFacts, 'answers' | 'slots'>): string[] =>
  slots.filter(({ name, required }) => required && !answers[name]).map(({ name }) => name)

const asks = ({ slots }: Pick<ConversationFacts, 'slots'>) => slots.some((slot) => slot.required)

/** Whether every required slot was answered. A flow without required slots qualifies whoever talks to the end. */
export function isQualified({ findings, slots, answers }: Pick<ConversationFacts, 'answers' | 'slots' | 'findings'>) {
  if (findings.notFit) return false
  return asks({ slots }) ? missingAnswers({ slots, answers }).length === 0 : findings.finished === true
}

const reasonOf = ({ result }: NonNullable<Findings['handoff']>) =>
  result === 'accepted' ? 'transferred' : 'handoff_requested'

/** Decides an answered attempt from what the tools recorded, never from prose. The first line that holds decides. */
export function decide(facts: ConversationFacts): Decision {
  const { findings, booked, endedBy, answeredBy } = facts
  if (findings.optedOut) return { kind: 'outcome', outcome: 'not_fit', reason: 'opted_out' }
  if (booked) return { kind: 'outcome', outcome: 'booked', reason: null }
  // Whoever has booked, talks to a colleague, or was on the way to one and is promised a call back, has changed their mind.
  const isHandedOver = findings.handoff?.result === 'accepted' || endedBy === 'transferred'
  if (findings.wrongNumber && !isHandedOver) return { kind: 'outcome', outcome: 'wrong_number', reason: 'said_so' }
  if (findings.notFit && !isHandedOver) return { kind: 'outcome', outcome: 'not_fit', reason: findings.notFit.reason }
  if (findings.handoff) return { kind: 'outcome', outcome: 'qualified', reason: reasonOf(findings.handoff) }
  const isMachine = answeredBy?.startsWith('machine') || answeredBy === 'fax'
  const nobodyTalked = findings.voicemail || findings.screened || isMachine
  // Without questions whoever talks to the end qualifies: no machine does.
  if (isQualified(facts) && (asks(facts) || !nobodyTalked))
    return { kind: 'outcome', outcome: 'qualified', reason: null }
  if (findings.voicemail) return { kind: 'missed', reason: 'voicemail' }
  // Before the carrier's verdict: a robot that asks for our name sounds like a machine.
  if (findings.screened) return { kind: 'missed', reason: 'call_screening' }
  if (isMachine) return { kind: 'missed', reason: 'voicemail' }
  switch (endedBy) {
    case 'lead':
      return { kind: 'outcome', outcome: 'not_fit', reason: 'hung_up' }
    // They were rung and picked up: ringing them again is not ours to decide.
    case 'silence':
      return { kind: 'outcome', outcome: 'no_answer', reason: 'silence' }
    case 'agent':
      return { kind: 'outcome', outcome: 'not_fit', reason: 'incomplete' }
    case 'max_duration':
      return { kind: 'outcome', outcome: 'not_fit', reason: 'max_duration' }
    default:
      return { kind: 'missed', reason: endedBy ?? 'media_lost' }
  }
}
