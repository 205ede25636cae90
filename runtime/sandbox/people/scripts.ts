import {
  type SandboxColleague,
  type SandboxPerson,
  sandboxColleagues,
  sandboxPeople,
} from '../../../openapi/sandbox-people.ts'
import { hasQuestion, lastQuestion } from '../questions.ts'
import { type OwnAnswer, ownAnswer } from './own-answer.ts'

/** What a person does, in their own words. Plain JSON. */
export interface Script {
  pickUp: 'answers' | 'busy' | 'voicemail' | 'fails'
  /** So many calls of a conversation ring out before. */
  missesFirst?: number
  /** How long the phone rings before it is picked up, in milliseconds of life. */
  ringMs: number
  /** The first words; a voicemail's greeting. */
  opening: string
  /** A robot picks up, asks who is calling, and asks for patience; without `comes`, nobody follows. */
  screens?: { asks: string; holds: string; comes: boolean }
  /** Said instead of the usual answer when the agent first speaks to the point. */
  insists?: { at: 'greeting' | 'question'; words: string }
  /** Said over the agent, once, in the middle of a sentence after so many own answers. */
  interruption?: Interruption
  /** What happens to the line in the middle of their words, once, after so many own answers: it is gone, or mute until the agent is heard. */
  line?: { after: number; fault: 'gone' | 'mute' }
  /** Hangs up in the middle of the agent's sentence after so many own answers. */
  hangsUpAfter?: number
  /** Says nothing more after so many own answers. */
  silentAfter?: number
  /** Pressed once, when the agent has spoken first. */
  presses?: string
  /** Rung as a colleague who could take over: hangs up in the middle of the brief. */
  declines?: boolean
  /** Said in turn, whatever was asked. */
  turns?: string[]
  answers: Answers
}

interface Interruption {
  after: number
  words: string
  /** How far into the agent's turn, in milliseconds of its voice. */
  atMs?: number
  /** It is only a sound; they go on listening. */
  listens?: boolean
  /** Said after a breath that is longer than the pause between two turns. */
  goesOn?: string
}

export interface Answers {
  /** To a time that is offered. */
  slot: string
  /** To what shares most of its words with `question`. */
  own?: OwnAnswer[]
}

const GREETED = 'Yes, I have a moment.'
const TAKES_IT = 'Yes, that works for me.'

const usual: Script = { pickUp: 'answers', ringMs: 4000, opening: 'Hello?', answers: { slot: TAKES_IT } }

const scripts: Record<SandboxPerson['character'], Script> = {
  books: usual,
  qualifies: { ...usual, answers: { slot: 'No thank you, I would rather not book anything today.' } },
  busy: { ...usual, pickUp: 'busy' },
  second_try: { ...usual, missesFirst: 1 },
  voicemail: {
    ...usual,
    pickUp: 'voicemail',
    ringMs: 12_000,
    opening: 'Hi, this is Vera, I cannot come to the phone right now, please leave a message after the beep.',
  },
  not_a_fit: {
    ...usual,
    insists: { at: 'question', words: 'Thanks, but I am not interested, this is not what I am looking for.' },
  },
  wrong_number: { ...usual, insists: { at: 'greeting', words: 'I think you have the wrong number.' } },
  stop_calling: { ...usual, insists: { at: 'greeting', words: 'Please stop calling me and take me off your list.' } },
  interrupts: {
    ...usual,
    interruption: { after: 1, words: 'Sorry to interrupt, but how long is this going to take?' },
  },
  falls_silent: { ...usual, silentAfter: 0 },
  asks_for_human: { ...usual, insists: { at: 'question', words: 'Can I talk to a real person please?' } },
  hangs_up: { ...usual, hangsUpAfter: 2 },
  carrier_fails: { ...usual, pickUp: 'fails' },
  screened: {
    ...usual,
    screens: {
      asks: 'Hi, this is the assistant of Cleo. Please state your name and your reason for calling.',
      holds: 'Thank you. Please stay on the line.',
      comes: true,
    },
    opening: 'Hello, this is Cleo.',
  },
  long_voicemail: {
    ...usual,
    pickUp: 'voicemail',
    opening:
      'Hello, and thank you for calling. This is the telephone of Lloyd, who is out of the office this week. ' +
      'If it is about an order, please write to his team. If it is about a bill, please write to his bank. ' +
      'For everything else there is this machine, so tell it your name, your number and what it is about, after the beep.',
  },
}

const colleagues: Record<SandboxColleague['character'], Script> = {
  accepts: usual,
  declines: { ...usual, declines: true },
  never_answers: { ...usual, ringMs: Number.POSITIVE_INFINITY },
  answers_late: { ...usual, ringMs: 15_000 },
  mailbox: {
    ...usual,
    pickUp: 'voicemail',
    opening: 'You have reached the voicemail of Max, please leave a message after the beep.',
  },
}

/** Everybody of the user's own, by their number, E.164. */
export type Cast = Map<string, Script>

/** Every number that is not in the list, nor in the cast, behaves like the first. */
export function scriptOf(number: string, cast?: Cast): Script {
  const own = cast?.get(number)
  if (own) return own
  return scripts[sandboxPeople.find((person) => person.number === number)?.character ?? 'books']
}

/** Somebody who is rung to take over from the agent; whoever is none of the list accepts, once they pick up. */
export function colleagueOf(address: string, cast?: Cast): Script {
  const known = sandboxColleagues.find(({ number }) => number === address)
  return known ? colleagues[known.character] : scriptOf(address, cast)
}

const replies: [RegExp, string][] = [
  [/looking for|interested in|(what|how).*(need|help you)/i, 'I want to ask about pricing for the master programs.'],
  [/budget|spend|afford/i, 'About twelve thousand dollars.'],
  [/when|how soon|timing|time ?line/i, 'I would like to start in the fall.'],
  [/where|location|based|city/i, 'We are in Boston.'],
  [/still there/i, 'Yes, I am still here.'],
  [/moment|minute|good time|talk now|speak now/i, GREETED],
]

/** What the agent says that an answer has to be, and the one that is given then. */
const forms: [RegExp, (form: RegExpMatchArray, text: string) => string][] = [
  [/must be one of: (.+?)(?:, or |\. )/i, ([, option]) => `${option}.`],
  [
    /must be one number/i,
    (_, text) => (/budget|spend|afford|pay|price|salary|income|cost/i.test(text) ? '12000.' : '30.'),
  ],
  [/must be yes or no/i, () => 'Yes.'],
  [/must be a date/i, (_, text) => (/birth|born/i.test(text) ? 'May 4, 1990.' : 'July 1, 2030.')],
]

function inForm(text: string): string | undefined {
  for (const [pattern, words] of forms) {
    const form = pattern.exec(text)
    if (form) return words(form, text)
  }
  return undefined
}

const GENERIC = 'That would be fine.'
const GO_AHEAD = 'Yes, go ahead.'
const ACKNOWLEDGES = 'Okay.'
const OFFER = /work for you|suit you|would you like to (book|take)|shall i book/i
/** The last that was said; what comes after it is answered again. */
const WAITS = /(one moment|connecting you|hold on|bear with me)[^.!?]*[.!?]*$/i
const HANDS_OVER = /connect you to a colleague/i
const PASSES_ON = /what (may|should|can) i pass on/i
const YES_PLEASE = 'Yes, please, that works.'
const MESSAGE = 'Please tell them that I need an answer this week.'

export const GOODBYE = /goodbye|take care|bye bye/i
export const ANYBODY_THERE = 'Hello?'

export interface HeardTurn {
  text: string
  /** Turns of the agent that this person has answered before. */
  answered: number
  insisted: boolean
  /** What this person has said so far. */
  said: readonly string[]
  /** Nothing has been said for some seconds since. */
  waited: boolean
}

/** What the person answers; null = listens on. */
export function reply(script: Script, turn: HeardTurn): string | null {
  const { text } = turn
  if (WAITS.test(text) || GOODBYE.test(text)) return null
  const next = script.turns?.[turn.answered]
  if (next !== undefined) return next
  if (HANDS_OVER.test(text)) return YES_PLEASE
  if (PASSES_ON.test(text)) return MESSAGE
  const { insists } = script
  const own = ownAnswer(script.answers.own ?? [], text, turn.said)
  const question = own !== undefined || hasQuestion(text) || text === '(inaudible)'
  if (insists && !turn.insisted && (insists.at === 'greeting' || (turn.answered > 0 && question))) return insists.words
  if (/repeat that|say that again/i.test(text)) return turn.said.at(-1) ?? ''
  if (OFFER.test(text)) return script.answers.slot
  if (own !== undefined) return own
  const formed = inForm(text)
  if (formed !== undefined) return formed
  if (question) return replies.find(([pattern]) => pattern.test(lastQuestion(text)))?.[1] ?? GENERIC
  if (turn.answered === 0) return GO_AHEAD
  return turn.waited ? ACKNOWLEDGES : null
}

/** Everything the person may say, so that it can be rendered before they need it. */
export function phrasesOf(script: Script): string[] {
  const { opening, insists, interruption, answers, screens, turns = [] } = script
  const over = [interruption?.words, interruption?.goesOn]
  const own = [opening, screens?.asks, screens?.holds, insists?.words, ...over, answers.slot, ...turns]
  if (script.pickUp === 'voicemail') return [opening]
  const usualWords = [
    GREETED,
    YES_PLEASE,
    MESSAGE,
    ...replies.map(([, words]) => words),
    GENERIC,
    GO_AHEAD,
    ACKNOWLEDGES,
  ]
  const toSlots = answers.own?.map(({ words }) => words) ?? []
  return [...own.filter((words) => words !== undefined), ...toSlots, ...usualWords]
}

/** All phrases of all people. */
export function allPhrases(): string[] {
  return [...new Set(Object.values(scripts).flatMap(phrasesOf))]
}
