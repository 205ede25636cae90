import { smallLetters } from '../../flows/language/answer-yes-no.ts'
import { SENTENCES } from '../../flows/language/sentences.ts'
import type { Call } from '../../openapi/schemas/call.ts'
import type { Expectation } from '../../openapi/schemas/persona.ts'

export interface SentMessage {
  channel: string
  direction: string
  template: string | null
  body: string | null
  status: string
}

/** Something that was expected, and what came instead. */
export interface Unmet {
  what: string
  expected: string
  came: string
}

const fillers = new Set(Object.values(SENTENCES).map(({ phrases }) => phrases.filler))
/** A line that bridges a wait: how often it is said tells of the machine, and nothing of the flow. */
const isFiller = (text: string) => fillers.has(text)

/** What of the expectation the call did not meet. A call that never ended meets none. */
export function unmet(expect: Expectation, call: Call, messages: SentMessage[]): Unmet[] {
  const said = (call.transcript ?? []).flatMap(({ role, text }) => (role === 'agent' && !isFiller(text) ? [text] : []))
  const all = said.join(' ')
  const { first_dial_ms: dialMs } = call.metrics
  const limitMs = (expect.first_dial_within_seconds ?? 0) * 1000
  return [
    ...same('outcome', expect.outcome, call.outcome),
    ...same('reason', expect.reason, call.reason),
    ...same('booked', expect.booked, call.booking !== null),
    ...same('attempts', expect.attempts, call.attempts.length),
    ...Object.entries(expect.answers ?? {}).flatMap(([slot, words]) =>
      holds(call.answers[slot] ?? '', words) ? [] : [differs(`answer ${slot}`, words, call.answers[slot] ?? null)],
    ),
    ...listOf(expect.said)
      .filter((words) => !holds(all, words))
      .map((words) => differs('said', words, all || null)),
    ...listOf(expect.not_said)
      .filter((words) => holds(all, words))
      .map((words) => differs('not_said', `nothing with "${words}"`, said.find((it) => holds(it, words)) ?? all)),
    ...(expect.messages === undefined ? [] : messageFaults(listOf(expect.messages), messages)),
    ...(expect.max_turns !== undefined && said.length > expect.max_turns
      ? [differs('max_turns', expect.max_turns, said.length)]
      : []),
    ...(limitMs > 0 && (dialMs === null || dialMs > limitMs)
      ? [differs('first dial within', `${limitMs} ms`, dialMs === null ? 'no dial' : `${dialMs} ms`)]
      : []),
  ]
}

const listOf = (texts: string | string[] = []): string[] => [texts].flat()

const differs = (what: string, expected: unknown, came: unknown): Unmet => ({
  what,
  expected: String(expected),
  came: came === null ? 'nothing' : String(came),
})

const same = <T>(what: string, expected: T | undefined, came: T | null): Unmet[] =>
  expected === undefined || expected === came ? [] : [differs(what, expected, came)]

const holds = (text: string, words: string) => smallLetters(text).includes(smallLetters(words))

/** What the carrier took. Neither what was skipped or failed, nor what quiet hours hold back: it did not leave with the call. */
const SENT = new Set(['accepted', 'sent', 'delivered', 'read', 'undelivered'])

/** Each expected message once, and no other. */
function messageFaults(expected: string[], messages: SentMessage[]): Unmet[] {
  const ours = messages.filter(({ direction }) => direction === 'out')
  const left = ours.filter(({ status }) => SENT.has(status))
  const nameOf = ({ channel, template, body }: SentMessage) => `${channel} ${template ?? body}`
  const sent = left.map(nameOf).join(', ') || 'none'
  const unsent = ours.filter(({ status }) => !SENT.has(status)).map((it) => `${nameOf(it)} (${it.status})`)
  const came = unsent.length > 0 ? `${sent}; not sent: ${unsent.join(', ')}` : sent
  const missing = expected.filter((words) => {
    const at = left.findIndex(({ template, body }) => template === words || holds(body ?? '', words))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  const isMet = missing.length === 0 && left.length === 0
  return isMet ? [] : [differs('messages', expected.join(', ') || 'none', came)]
}
