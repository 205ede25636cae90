import { disqualifies } from '../../flows/language/answers.ts'
import { spokenQuestions } from '../../flows/language/prompt.ts'
import type { Flow, FlowSlot } from '../../openapi/schemas/flow-document.ts'

const NUMBERS = [30, 2, 100, 1_000, 12_000, 100_000, 0, -1]
const DATE = '2030-07-01'

/** What somebody says to the question of a slot. */
export interface OwnAnswer {
  question: string
  words: string
}

/**
 * What people say to the questions of a flow: what is given for a slot, else for a slot of a certain form an answer that has it, and
 * that rules nobody out where there is one. @param language in which they are asked.
 */
export function ownAnswers(flow: Flow, language: string, given: Readonly<Record<string, string>> = {}): OwnAnswer[] {
  const questions = spokenQuestions(flow, language)
  return flow.qualify.flatMap((slot) => {
    const words = given[slot.name] ?? usualAnswer(slot)
    return words === undefined ? [] : [{ question: questions[slot.name] ?? slot.name, words }]
  })
}

/** Undefined for a text: the usual small talk does. */
function usualAnswer(slot: FlowSlot): string | undefined {
  const values = valuesOf(slot)
  const value = values.find((it) => !disqualifies(slot, it)) ?? values[0]
  return value && `${value}.`
}

/** As `readAnswer` keeps them, likeliest first. */
function valuesOf({ type, options, disqualify_if }: FlowSlot): string[] {
  switch (type) {
    case 'choice':
      return options
    case 'yes_no':
      return ['yes', 'no']
    case 'date':
      return [DATE]
    case 'number': {
      const limits = disqualify_if.map((rule) => Number(/-?\d+(?:\.\d+)?/.exec(rule)?.[0]))
      return [...NUMBERS, ...limits.flatMap((limit) => [limit, limit + 1, limit - 1])].map(String)
    }
    default:
      return []
  }
}
