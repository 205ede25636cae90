import type { FlowAction } from '../../openapi/schemas/flow-document.ts'
import { BACKOFFS, RETRY_DEFAULTS } from './defaults.ts'

/** Characters of a line of actions; what is longer has lines, or a mapping, of its own. */
const MAX_WIDTH = 100

/** Seconds as `45s`, `15m` or `2h`. */
export function duration(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}

/** Actions in the short form where it reads well: one line, else a list of lines and mappings. */
export function printActions(actions: readonly FlowAction[]): string | (string | object)[] {
  const forms = actions.map((action) => shortForm(action) ?? longForm(action))
  const line = forms.join(' ')
  return forms.every((form) => typeof form === 'string') && line.length <= MAX_WIDTH ? line : forms
}

function shortForm(action: FlowAction): string | undefined {
  const written = call(action)
  return written.length <= MAX_WIDTH && !/\p{Cc}/u.test(written) ? written : undefined
}

function call(it: FlowAction): string {
  if (it.type === 'book') return `book(calendar.${it.calendar})`
  if (it.type === 'retry') {
    const backoff = it.backoff === RETRY_DEFAULTS.backoff ? '' : `, backoff=${backoffName(it.backoff)}`
    return `retry(${duration(it.delay_seconds)}, max=${it.max}${backoff})`
  }
  if (it.type === 'log') return `log(${quoted(it.reason)})`
  if (it.type === 'handoff') return `handoff(${it.queue})`
  if (it.type === 'webhook') return `webhook(${it.name})`
  if (it.template === null) return it.type
  const variables = Object.entries(it.with).map(([name, value]) => `, ${name}=${quoted(value)}`)
  return `${it.type}(${quoted(it.template)}${variables.join('')})`
}

function longForm({ type, ...values }: FlowAction): object {
  const given = Object.entries(values).filter(([, value]) => value !== null && Object.keys(value).length !== 0)
  return { [type]: Object.fromEntries(given) }
}

const backoffName = (factor: number) => (factor === BACKOFFS.fixed ? 'fixed' : String(factor))

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
