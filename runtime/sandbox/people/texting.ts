import { type SandboxPerson, sandboxPeople } from '../../../openapi/sandbox-people.ts'

/** What a person does with a text. */
export interface Texting {
  /** Why it does not arrive: Twilio's code, 30003 for a phone that cannot be reached. */
  fails?: string
  /** What they answer. */
  answers?: string
}

const habits: Partial<Record<SandboxPerson['character'], Texting>> = {
  not_a_fit: { answers: 'STOP' },
  asks_for_human: { answers: 'Can a real person call me back, please?' },
  carrier_fails: { fails: '30003' },
}

/** Everybody else reads what they get, and says nothing. @param number E.164 */
export function textingOf(number: string): Texting {
  const person = sandboxPeople.find((it) => it.number === number)
  return (person && habits[person.character]) ?? {}
}
