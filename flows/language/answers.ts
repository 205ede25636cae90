import type { FlowSlot } from '../../openapi/schemas/flow-document.ts'
import { COMPARISON } from '../../openapi/schemas/flow-slot.ts'
import { readDate } from './answer-dates.ts'
import { plainNumber, readNumber } from './answer-numbers.ts'
import { readYesNo, smallLetters, wordsOf } from './answer-yes-no.ts'

/** An answer as it is kept, or, for the model, why it has to ask again. */
export type Answer = { value: string } | { again: string }

const MAX_LENGTH = 200

/**
 * What was said to a slot, in the form of its type: an option as the flow writes it, a number in digits, `yes` or `no`, a date as
 * YYYY-MM-DD, or the text itself, cut at 200 characters.
 * @param said what the model gave: a text, a number or a boolean.
 */
export function readAnswer({ name, type, options, question }: FlowSlot, said: unknown): Answer {
  const text = plainText(said)
  if (text === '') return { again: 'The answer is empty: ask again.' }
  const value = {
    text: () => text,
    choice: () => readChoice(text, options),
    // In a number of JSON the point is the decimal one, also with three digits behind it.
    number: () => (typeof said === 'number' ? plainNumber(said) : readNumber(text)),
    yes_no: () => readYesNo(text, `${name} ${question ?? ''}`),
    date: () => readDate(text),
  }[type]()
  return value === undefined ? { again: `${name} must be ${formOf(type, options)}. Ask again.` } : { value }
}

/** What an answer to a slot of this type looks like, in words for the model; '' for a text. */
export function formOf(type: FlowSlot['type'], options: readonly string[]): string {
  switch (type) {
    case 'choice':
      return `one of: ${options.join(' | ')}`
    case 'number':
      return 'one number, in digits'
    case 'yes_no':
      return 'yes or no'
    case 'date':
      return 'a date, as YYYY-MM-DD'
    default:
      return ''
  }
}

/** Whether an answer, as `readAnswer` gave it, ends the call as `not_fit`. */
export function disqualifies({ type, disqualify_if }: FlowSlot, value: string): boolean {
  return disqualify_if.some((rule) => (type === 'number' ? holds(rule, Number(value)) : rule === value))
}

function holds(rule: string, value: number): boolean {
  const [, sign, limit] = COMPARISON.exec(rule) ?? []
  switch (sign) {
    case '<':
      return value < Number(limit)
    case '<=':
      return value <= Number(limit)
    case '>':
      return value > Number(limit)
    case '>=':
      return value >= Number(limit)
    default:
      return false
  }
}

function plainText(said: unknown): string {
  if (typeof said === 'boolean') return said ? 'yes' : 'no'
  if (typeof said === 'number') return String(said)
  return typeof said === 'string' ? said.trim().slice(0, MAX_LENGTH) : ''
}

/**
 * The option itself: letter for letter, else in any letters, else by its words, which leave signs out ("> 5", "C#"), else the one whose
 * words stand in the answer. Where several are meant alike it is none of them.
 */
function readChoice(text: string, options: readonly string[]): string | undefined {
  const said = wordsOf(text)
  const ways: ((option: string) => boolean)[] = [
    (option) => option.trim() === text,
    (option) => smallLetters(option.trim()) === smallLetters(text),
    (option) => wordsOf(option) === said,
    (option) => wordsOf(option) !== '' && ` ${said} `.includes(` ${wordsOf(option)} `),
  ]
  const possible = options.filter((option) => comparesAlike(option, text))
  const found = ways.map((isMeant) => possible.filter(isMeant)).find((some) => some.length > 0) ?? []
  // Who says "Pro Max" says "Pro" with it.
  const within = (one: string, other: string) => one !== other && ` ${wordsOf(other)} `.includes(` ${wordsOf(one)} `)
  const meant = found.filter((option) => !found.some((other) => within(option, other)))
  return meant.length === 1 ? meant[0] : undefined
}

const comparison = (text: string): string => text.replace(/[^<>≤≥]/g, '')

/** What is said to be more is no option for less; a number without a sign may mean either. */
const comparesAlike = (option: string, text: string): boolean =>
  comparison(text) === '' || comparison(option) === comparison(text)
