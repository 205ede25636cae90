import { SPOKEN_REQUESTS } from './opt-out-phrases.ts'
import { markTimes } from './opt-out-times.ts'

/** Whole messages that mean stop. Source: guardrails of the project; 47 CFR 64.1200(a)(10) for the English ones. */
const STOP_WORDS: ReadonlySet<string> = new Set([
  ...['stop', 'stopall', 'unsubscribe', 'cancel', 'end', 'quit', 'revoke', 'optout', 'opt out'],
  ...['arret', 'dur', 'iptal', 'stopp'],
])

const MAX_LENGTH = 4_000

/** The key that ends calls for good, pressed alone. */
export const isStopKey = (digit: string): boolean => digit === '9'

/** Whether an SMS or WhatsApp message is an opt-out: a stop word and nothing else, or a request in a sentence. */
export function isStopMessage(text: string): boolean {
  const folded = fold(text)
  return STOP_WORDS.has(folded) || asksToStop(text)
}

/**
 * Whether something said in a call asks never to be called again, in English, Turkish, German, Spanish or French.
 * Conservative: "don't stop", "call me back later" and "not again before five" are not. Runs in linear time; of a very long
 * text the last 4,000 characters count.
 */
export function asksToStop(text: string): boolean {
  const folded = fold(text)
  return SPOKEN_REQUESTS.some((request) => request.test(folded))
}

/**
 * Ends of sentences after which another begins: "I don't." is an answer, and so is a Spanish "no". All others are no more than a
 * breath to whoever writes down what was said ("Please stop. Calling me.").
 */
const ANSWER_ENDS = /(?<=\b(?:i|we) (?:do not|don.?t))[.?!]|(?<=\bno)[.?!](?=[ ¡]+vuelva)/g

/**
 * Lower case without accents, punctuation or what cannot be seen, one space between words, and times marked. Every Turkish i (I, ı, İ)
 * becomes i, because the case of a message says nothing about its language.
 */
function fold(text: string): string {
  const plain = text
    .slice(-MAX_LENGTH)
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .toLowerCase()
    .replaceAll('ı', 'i')
    .replaceAll('ß', 'ss')
    .replaceAll('œ', 'oe')
    .replace(ANSWER_ENDS, ' so ')
  return markTimes(plain)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}
