import { SPOKEN_REQUESTS } from './opt-out-phrases.ts'
import { WRITTEN_REQUESTS } from './opt-out-texts.ts'
import { markTimes } from './opt-out-times.ts'

/** Words that mean stop. Source: guardrails of the project; 47 CFR 64.1200(a)(10) for the English ones. */
const STOP_WORDS: ReadonlySet<string> = new Set([
  ...['stop', 'stopall', 'unsubscribe', 'end', 'quit', 'revoke', 'optout'],
  ...['arret', 'arrete', 'arreter', 'arretez', 'dur', 'durun', 'stopp', 'baja'],
])

/** These only by themselves: "please cancel" may be said of an appointment. */
const STOP_WORDS_ALONE: ReadonlySet<string> = new Set(['cancel', 'iptal'])

/** What may stand around a stop word without making another wish of it. */
const AROUND_STOP: ReadonlySet<string> = new Set([
  ...['please', 'pls', 'plz', 'thanks', 'thank', 'you', 'thx', 'all', 'it', 'this', 'now', 'just', 'immediately'],
  ...['no', 'yes', 'ok', 'okay', 'hi', 'hello', 'and', 'me', 'sms', 'texts', 'messages', 'calls'],
  ...['lutfen', 'artik', 'hemen', 'tesekkurler', 'bitte', 'danke', 'sofort', 'jetzt'],
  ...['por', 'favor', 'gracias', 'ya', 's', 'il', 'vous', 'plait', 'svp', 'merci'],
])

const MAX_LENGTH = 4_000

/** The key that ends calls for good, pressed alone. */
export const isStopKey = (digit: string): boolean => digit === '9'

/**
 * Whether an SMS or WhatsApp message is an opt-out: a stop word with no more than politeness around it, or a request in a sentence,
 * also one for no more texts. Generous where what is said is not: whoever is in doubt about a message stops writing.
 */
export function isStopMessage(text: string): boolean {
  const folded = fold(text)
  return isStopWord(folded) || WRITTEN_REQUESTS.some((request) => request.test(folded)) || asksToStop(text)
}

function isStopWord(folded: string): boolean {
  const words = folded.replaceAll('opt out', 'optout').split(' ')
  if (words.every((word) => STOP_WORDS_ALONE.has(word))) return true
  return words.some((word) => STOP_WORDS.has(word)) && words.every((it) => STOP_WORDS.has(it) || AROUND_STOP.has(it))
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
