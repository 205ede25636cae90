import { findings, lookUps } from './look-ups.ts'
import { answerTo, closing, heardIntent, hint, isGreeting, isNo, isQuestion, isYes, questionFor } from './words.ts'

/**
 * The agent's mind: a deterministic stand-in for a model. It is driven only by what a model would see (instructions, tools
 * and the items of the conversation) and is a pure function of them. It speaks English.
 */
export interface Context {
  instructions: string
  /** `response.create`'s own instructions, which replace the session's for one response. */
  override: string | undefined
  tools: { name: string; description?: string; parameters: unknown }[]
  /** False for `tool_choice: "none"`. */
  mayCall: boolean
  items: MindItem[]
}

export type MindItem =
  | { kind: 'heard'; text: string }
  /** `cut`: truncated, so that `text` is only what was heard. */
  | { kind: 'said'; text: string; cut: boolean }
  | { kind: 'called'; name: string; callId: string; args: Record<string, unknown> }
  | { kind: 'output'; callId: string; output: Record<string, unknown> }
  /** A note of the platform. */
  | { kind: 'told'; news: Record<string, unknown> }

export type Step = { say: string } | { call: string; args: Record<string, unknown> }

interface Slot {
  slot_id: string
  spoken: string
}

/** What to say and which functions to call next; at least one step. */
export function think(context: Context): Step[] {
  const steps = hint(context.override) ?? next(context)
  const possible = steps.filter((step) => 'say' in step || can(context, step.call))
  return possible.length > 0 ? possible : [{ say: 'Okay.' }]
}

const can = ({ tools, mayCall }: Context, name: string) => mayCall && tools.some((tool) => tool.name === name)

function next(context: Context): Step[] {
  const last = context.items.at(-1)
  switch (last?.kind) {
    case 'heard':
      return reply(context, last.text)
    case 'output':
      return afterTool(context, last)
    case 'told':
      return afterNews(context, last.news)
    case 'said':
      return last.cut ? goOn(context, '') : nudge(context)
    default:
      return goOn(context, context.items.length === 0 ? 'Hello.' : '')
  }
}

/** The caller has spoken. */
function reply(context: Context, text: string): Step[] {
  const special = intent(context, text)
  if (special) return special
  if (lastSaid(context).includes(ASKS_MESSAGE) && can(context, 'take_message')) {
    return [{ call: 'take_message', args: { message: answer(text) } }]
  }
  const slot = openSlots(context)[0]
  const looked = context.mayCall ? lookUps(context, text) : []
  if (slot) {
    const asked = wasAsked(context, questionFor(slot, context.instructions))
    const answers = asked && !isGreeting(text) && (!isQuestion(text) || wasHeard(context, text))
    if (answers && can(context, 'save_answer'))
      return [{ call: 'save_answer', args: { slot, value: answer(text) } }, ...looked]
    return looked.length > 0 ? looked : goOn(context, answerTo(text, asked))
  }
  if (looked.length > 0) return looked
  if (lastSaid(context).includes(OFFERS_TRANSFER) && isYes(text)) {
    return attempt(context, 'transfer_to_human', { reason: 'would like to talk to a colleague' }) ?? goOn(context, '')
  }
  const offer = currentOffer(context)
  if (!offer) return goOn(context, isQuestion(text) ? answerTo(text, true) : '')
  if (isYes(text)) return [{ call: 'book_slot', args: { slot_id: offer.slot_id } }]
  if (isQuestion(text) || isGreeting(text)) return [{ say: `${answerTo(text, true)} ${offering(offer)}` }]
  const another = isNo(text) === 'this_one' ? nextOffer(context) : undefined
  if (another) return [{ say: offering(another) }]
  return [...closing('No problem. Somebody will be in touch with you.')]
}

/** What a caller may say at any time, whatever was asked. */
function intent(context: Context, text: string): Step[] | undefined {
  switch (heardIntent(text)) {
    case 'inaudible':
      return [{ say: 'Sorry, could you repeat that?' }]
    case 'stop_calling':
      return attempt(context, 'stop_calling', {}) ?? closing('I understand. I am sorry to have disturbed you.')
    case 'wrong_number':
      return attempt(context, 'wrong_number', {}) ?? closing('I am sorry to have bothered you.')
    case 'voicemail':
      return attempt(context, 'voicemail', {}) ?? closing('We will try again later.')
    case 'not_a_fit':
      return notAFit(context, answer(text)) ?? closing('Thank you for telling me.')
    case 'human':
      return (
        attempt(context, 'transfer_to_human', { reason: 'asked for a person' }) ??
        goOn(context, 'I am sorry, I cannot connect you right now, but I will pass that on.')
      )
    case 'screening':
    case 'hold':
      if (can(context, 'call_screening')) return [{ call: 'call_screening', args: {} }]
      return [{ say: 'This is an AI assistant, calling about the request you sent us.' }]
    default:
      return undefined
  }
}

const notAFit = (context: Context, detail: string) =>
  attempt(context, 'not_a_fit', { reason: 'not_interested', detail })

/** Calls it, unless it cannot be called or was called before. */
function attempt(context: Context, call: string, args: Record<string, unknown>): Step[] | undefined {
  const before = context.items.some((item) => item.kind === 'called' && item.name === call)
  return can(context, call) && !before ? [{ call, args }] : undefined
}

/** A function has returned. */
function afterTool(context: Context, { callId, output }: Extract<MindItem, { kind: 'output' }>): Step[] {
  const at = context.items.findIndex((item) => item.kind === 'called' && item.callId === callId)
  const call = context.items[at] as Extract<MindItem, { kind: 'called' }> | undefined
  const meanwhile = context.items.findLast((item, i) => i > at && item.kind === 'heard')
  const special = meanwhile?.kind === 'heard' && intent(context, meanwhile.text)
  if (special && call?.name === 'save_answer') return special
  const failed = 'error' in output
  switch (call?.name) {
    case 'save_answer': {
      const again = askedAgain(context, call.args.slot, output.error)
      if (again) return [{ say: again }]
      if (output.offer === 'transfer' && can(context, 'transfer_to_human')) return [{ say: OFFERS_TRANSFER }]
      if (output.disqualified) return closing('Then this is not the right offer for you, I am afraid.')
      return goOn(context, failed ? 'I am sorry, I could not note that down.' : 'Thank you.')
    }
    case 'check_slots':
      return goOn(context, failed ? 'I am sorry, I cannot see the calendar right now.' : '')
    case 'book_slot': {
      if (!failed) return closing(`You are booked for ${String(output.spoken ?? currentOffer(context)?.spoken)}.`)
      const another = nextOffer(context)
      const sorry = 'I am sorry, that time could not be booked.'
      return another ? [{ say: `${sorry} ${offering(another)}` }] : closing(`${sorry} Somebody will be in touch.`)
    }
    case 'take_message':
      return closing('I will pass that on. Somebody will call you back.')
    case 'transfer_to_human':
      if (output.ringing) return [{ say: TRYING }]
      if (!failed && output.transferred !== false) return [{ say: 'I am connecting you now. One moment, please.' }]
      return afterNews(context, { transferred: false })
    case 'stop_calling':
      return closing('I understand. I have taken you off our list, and you will not hear from us again.')
    case 'wrong_number':
      return closing('I am sorry to have bothered you. We will not call this number again.')
    case 'not_a_fit':
      return closing('Thank you for telling me. I will not take more of your time.')
    case 'voicemail':
      return [{ call: 'end_call', args: {} }]
    case 'end_call':
      return saidGoodbye(context) ? [{ say: 'Take care.' }] : [{ say: 'Thank you for your time. Goodbye.' }]
    default:
      return goOn(context, failed ? 'I am sorry, that did not work.' : findings(output))
  }
}

const TRYING = 'Let me see who is free. One moment, please.'
const OFFERS_TRANSFER = 'Thank you. Shall I connect you to a colleague now?'
const NOBODY_FREE = 'I am sorry, nobody is free right now.'
const ASKS_MESSAGE = 'What may I pass on to my colleagues?'

/** What came of something that went on beside the conversation. */
function afterNews(context: Context, news: Record<string, unknown>): Step[] {
  if (news.ringing) return [{ say: 'I am still trying. One moment, please.' }]
  if (news.transferred !== false) return goOn(context, '')
  if (can(context, 'take_message')) return [{ say: `${NOBODY_FREE} ${ASKS_MESSAGE}` }]
  return goOn(context, `${NOBODY_FREE} Somebody will call you back.`)
}

/** The next question, or the calendar, or the end. `before` is said first. */
function goOn(context: Context, before: string): Step[] {
  const slot = openSlots(context)[0]
  if (slot) return [{ say: `${before} ${questionFor(slot, context.instructions)}`.trim() }]
  const offer = currentOffer(context) ?? nextOffer(context)
  if (offer && !outputs(context, 'book_slot').some((output) => 'booked' in output)) {
    return [{ say: `${before} ${offering(offer)}`.trim() }]
  }
  if (can(context, 'check_slots') && outputs(context, 'check_slots').length === 0) {
    return [{ call: 'check_slots', args: {} }]
  }
  return closing(`${before} That is all I need. Somebody will be in touch with you soon.`.trim())
}

function nudge(context: Context): Step[] {
  const asked = context.items.filter((item) => item.kind === 'said' && item.text.includes('still there')).length
  if (saidGoodbye(context)) return [{ say: 'Take care.' }]
  return asked === 0 ? [{ say: 'Are you still there?' }] : closing('I will let you go then.')
}

/** How `save_answer` says which form an answer must have. */
const AGAIN = / must be (.+)\. Ask again\.$/

/** The question with the form that its answer must have, when the one that was given had another. */
function askedAgain(context: Context, slot: unknown, error: unknown): string | undefined {
  const form = AGAIN.exec(String(error))?.[1]
  if (!form || !openSlots(context).includes(String(slot))) return undefined
  return `I am sorry, it must be ${form.replaceAll(' | ', ', or ')}. ${questionFor(String(slot), context.instructions)}`
}

/** Slots still to be asked: those nobody has tried to save, or only once and in vain. */
function openSlots({ tools, items }: Context): string[] {
  const save = tools.find((tool) => tool.name === 'save_answer')?.parameters as
    | { properties?: { slot?: { enum?: string[] } } }
    | undefined
  const isAsked = (slot: string) => {
    const tries = items.flatMap((it) =>
      it.kind === 'called' && it.name === 'save_answer' && it.args.slot === slot ? [it.callId] : [],
    )
    const isAgain = items.some(
      (it) => it.kind === 'output' && it.callId === tries[0] && AGAIN.test(String(it.output.error)),
    )
    return tries.length > (isAgain ? 1 : 0)
  }
  return (save?.properties?.slot?.enum ?? []).filter((slot) => !isAsked(slot))
}

/** Who says the same words again means them. */
const wasHeard = ({ items }: Context, text: string) =>
  items.filter((item) => item.kind === 'heard' && item.text === text).length > 1

/** Half of the question is enough to answer it. */
function wasAsked({ items }: Context, question: string): boolean {
  const start = question.slice(0, Math.ceil(question.length / 2))
  return items.some((item) => item.kind === 'said' && item.text.includes(start))
}

const offering = (slot: Slot) => `I can offer ${slot.spoken}. Does that work for you?`

function offered({ items }: Context, slot: Slot): boolean {
  return items.some((item) => item.kind === 'said' && item.text.includes(offering(slot)))
}

const slotsOf = (context: Context) => (outputs(context, 'check_slots').at(-1)?.slots as Slot[] | undefined) ?? []

/** The last slot that was offered and not tried in vain. */
function currentOffer(context: Context): Slot | undefined {
  return slotsOf(context).findLast((slot) => offered(context, slot) && !tried(context, slot))
}

function nextOffer(context: Context): Slot | undefined {
  return slotsOf(context).find((slot) => !offered(context, slot) && !tried(context, slot))
}

function tried({ items }: Context, slot: Slot): boolean {
  return items.some((item) => item.kind === 'called' && item.name === 'book_slot' && item.args.slot_id === slot.slot_id)
}

function outputs({ items }: Context, name: string): Record<string, unknown>[] {
  const ids = items.flatMap((item) => (item.kind === 'called' && item.name === name ? [item.callId] : []))
  return items.flatMap((item) => (item.kind === 'output' && ids.includes(item.callId) ? [item.output] : []))
}

function lastSaid({ items }: Context): string {
  const last = items.findLast((item) => item.kind === 'said')
  return last?.kind === 'said' ? last.text : ''
}

const saidGoodbye = ({ items }: Context) => items.some((item) => item.kind === 'said' && /goodbye/i.test(item.text))

const answer = (text: string) => text.replace(/[.\s]+$/, '')
