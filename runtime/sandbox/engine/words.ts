import { endsInQuestion, firstQuestion } from '../questions.ts'
import type { Step } from './mind.ts'

/** The English the agent's mind understands and speaks. */

type Intent = 'inaudible' | 'stop_calling' | 'wrong_number' | 'voicemail' | 'not_a_fit' | 'human' | 'screening' | 'hold'

const intents: [Intent, RegExp][] = [
  ['inaudible', /^\(inaudible\)$/],
  ['stop_calling', /stop calling|off your list|(do not|don't|never) call|remove me|unsubscribe/i],
  ['wrong_number', /wrong number|(nobody|no one) (here )?(by|with|of) that name/i],
  ['voicemail', /^\(beep\)|leave (me |us )?(a|your) message|after the (beep|tone)|have reached the voicemail/i],
  ['screening', /(state|say|record) your name/i],
  ['hold', /stay on the line|please hold|hold the line/i],
  ['human', /(real|actual) person|human( being)?\b|(speak|talk) (to|with) (someone|somebody|a person)/i],
  [
    'not_a_fit',
    /not interested|not what (i am|i'm|we are|we're) looking|no longer (need|interested)|not a (good )?fit/i,
  ],
]

export function heardIntent(text: string): Intent | undefined {
  return intents.find(([, pattern]) => pattern.test(text))?.[0]
}

export const isQuestion = (text: string) => endsInQuestion(text) && !/^(hello|hi)\?$/i.test(text)

export const isGreeting = (text: string) => /^(hello|hi|hey|speaking)( there)?[.?!]?$/i.test(text.trim())

export const isYes = (text: string) =>
  /\b(yes|yeah|yep|sure|perfect|great|sounds good|works|no problem|no worries|why not|okay|ok|fine)\b/i.test(text) &&
  isNo(text) === undefined

/** `this_one`: another time may do; `none`: no time will. */
export function isNo(text: string): 'this_one' | 'none' | undefined {
  const words = text.replace(/\b(no (problem|worries)|why not)\b/gi, '')
  if (/not (book|anything|today|right now)|rather not|no time|none/i.test(words)) return 'none'
  return /\b(no|nope|not|cannot|can't|doesn't)\b/i.test(words) ? 'this_one' : undefined
}

/** A short answer to what the caller asked or did, to say before going on. */
export function answerTo(text: string, asked: boolean): string {
  if (/how long/i.test(text)) return 'It will only take a minute.'
  if (/robot|\bai\b|machine|computer/i.test(text)) return 'Yes, I am an AI assistant.'
  if (/who|what (is this|company)/i.test(text)) return 'This is an AI assistant, calling about the request you sent us.'
  if (isQuestion(text)) return 'A colleague can tell you more about that.'
  return asked || isGreeting(text) ? '' : 'Great.'
}

const known: Record<string, string> = {
  need: 'What are you looking for?',
  timing: 'When would you like to start?',
  budget: 'What is your budget?',
  location: 'Where are you based?',
}

/** The question for one slot: as the instructions list it (`- need: "What do you need?"`), else made from its name. */
export function questionFor(slot: string, instructions: string): string {
  for (const line of instructions.split('\n')) {
    const bullet = line.replace(/^[\s\-*•\d.)`"'“]+/, '')
    if (!bullet.startsWith(slot) || /[a-z0-9_]/.test(bullet[slot.length] ?? '')) continue
    const rest = bullet.slice(slot.length)
    const question = /["“]([^"”]+)["”]/.exec(rest)?.[1] ?? firstQuestion(rest)
    if (question) return question.trim()
  }
  return known[slot] ?? `Could you tell me your ${slot.replaceAll('_', ' ')}?`
}

/** Last words: a reason to stop, thanks, goodbye, and the end of the call. */
export function closing(reason: string): Step[] {
  return [{ say: `${reason} Thank you for your time. Goodbye.` }, { call: 'end_call', args: {} }]
}

const hints: [RegExp, string][] = [
  [/still there|silen/i, 'Are you still there?'],
  [
    /apolog|sorry|technical|went wrong/i,
    'I am sorry, something went wrong on our side. We will call you back. Goodbye.',
  ],
  [/goodbye|farewell|end the call|wrap up/i, 'Thank you for your time. Goodbye.'],
  [/one moment|filler|hold on/i, 'One moment, please.'],
]

/** What `response.create`'s own instructions ask for; undefined when they leave the words to the mind. */
export function hint(override: string | undefined): Step[] | undefined {
  // To go on is what it does anyway; the rest of that note tells how not to.
  if (!override || /\bgo on from where\b/i.test(override)) return undefined
  const exact = /\bsay exactly\b[^"“]*(["“][\s\S]*["”])/i.exec(override)?.[1]
  if (exact !== undefined) return [{ say: unquote(exact) }]
  const said = hints.find(([pattern]) => pattern.test(override))?.[1]
  return said === undefined ? undefined : [{ say: said }]
}

function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted.slice(1, -1)
  }
}
