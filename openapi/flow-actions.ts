import { type FlowAction, OUTCOMES, type Outcome } from './schemas/flow-document.ts'

type Type = FlowAction['type']

/** Which outcomes an action may follow. After `wrong_number` nobody is called or written to again. */
export const MAY_FOLLOW: Record<Type, readonly Outcome[]> = {
  book: ['qualified'],
  retry: ['no_answer'],
  handoff: ['qualified', 'booked'],
  whatsapp: ['qualified', 'booked', 'no_answer', 'not_fit'],
  sms: ['qualified', 'booked', 'no_answer', 'not_fit'],
  log: OUTCOMES,
  webhook: OUTCOMES,
}

/** Patterns here are of the subset that every regular expression engine reads: no look-around, no flags. */
export const DURATION = '[0-9]{1,7} ?[smhd]'
const WORD = '[A-Za-z0-9_][A-Za-z0-9_.:-]*'
const QUOTED = '"([^"\\\\]|\\\\.)*"'
export const MAX = '(0{0,3}[1-9]|0{0,2}10)'
export const BACKOFF = '(exponential|fixed|0?[1-9](\\.[0-9]{1,2})?|10(\\.0{1,2})?)'
/** Name of a variable of a template. */
export const VARIABLE = '[A-Za-z0-9][A-Za-z0-9_-]{0,63}'
export const REFERENCE = '[A-Za-z0-9][A-Za-z0-9_.-]*'

const quotable = (pattern: string) => `(${pattern}|"${pattern}")`
const named = (name: string, value: string) => `${name}\\s*=\\s*${value}`
/** The first argument, which needs no name. */
const first = (name: string, value: string) => `\\(\\s*(${name}\\s*=\\s*)?${value}\\s*\\)`

const delay = `([0-9]{1,7}[smhd]|"\\s*${DURATION}\\s*")`
const others = `(${named('max', quotable(MAX))}|${named('backoff', quotable(BACKOFF))})`
const variables = `(\\s*,\\s*${named(VARIABLE, `(${WORD}|${QUOTED})`)})*`
const message = `(\\(\\s*((template\\s*=\\s*)?${quotable(REFERENCE)}${variables}\\s*)?\\))`

/** What stands in parentheses after an action that needs it. */
const PARENTHESES: Record<Type, string> = {
  book: first('calendar', quotable(`calendar\\.${REFERENCE}`)),
  retry: `\\(\\s*(${delay}|(${others}\\s*,\\s*)*${named('delay', delay)})(\\s*,\\s*${others})*\\s*\\)`,
  log: first('reason', `(${WORD}|${QUOTED})`),
  whatsapp: message,
  sms: message,
  handoff: first('queue', quotable(REFERENCE)),
  webhook: first('name', quotable(REFERENCE)),
}

const EXAMPLES: Record<Type, string> = {
  book: 'book(calendar.mehmet)',
  retry: 'retry(15m, max=3)',
  log: 'log("out_of_scope")',
  whatsapp: 'whatsapp("we_missed_you")',
  sms: 'sms("we_missed_you", car="{metadata.car}")',
  handoff: 'handoff(sales)',
  webhook: 'webhook(crm)',
}

/** A line of the actions that may follow an outcome, as a pattern, and one example of each. */
export function actionLines(outcome: Outcome): { pattern: string; examples: string[] } {
  const types = (Object.keys(MAY_FOLLOW) as Type[]).filter((type) => MAY_FOLLOW[type].includes(outcome))
  const called = types.map((type) => `${type}\\s*${PARENTHESES[type]}`).join('|')
  // A message without a template needs no parentheses, but then a space before the next action.
  const bare = types.filter((type) => type === 'sms' || type === 'whatsapp').join('|')
  const one = bare ? `((${called})\\s*|(${bare})(\\s+|$))` : `((${called})\\s*)`
  return { pattern: `^\\s*${one}*$`, examples: types.map((type) => EXAMPLES[type]) }
}
