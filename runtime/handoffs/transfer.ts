import type { TransferLeg as Leg, TransferResult, TransferState } from '../db/schema.ts'

export type TransferEvent =
  | { type: 'asking'; leg: number; at: number }
  | { type: 'named'; leg: number; carrierId: string }
  | { type: 'refused'; leg: number }
  | { type: 'answered'; leg: number }
  /** A key; empty when they pressed none in time. */
  | { type: 'pressed'; leg: number; digit: string }
  | { type: 'gave_up'; leg: number }
  | { type: 'sent_away'; leg: number }
  | { type: 'ended'; leg: number; how: 'completed' | 'busy' | 'no_answer' | 'failed' | 'canceled' }
  | { type: 'moving' }
  /** `met`: whoever accepted was still there. Their end may be told before or after. */
  | { type: 'moved'; met: boolean }
  /** They could not be, or the transfer cannot go on: they stay with the agent. */
  | { type: 'not_moved' }
  /** The agent's line to the lead is down, or the lead wants to wait no longer. */
  | { type: 'lead_gone' }
  /** The lead's call is over at the carrier. */
  | { type: 'lead_ended' }

/** What is to be done in a state. Each can be tried again until the state says that it is done. */
export type TransferTask =
  | { do: 'ring'; leg: number }
  | { do: 'move_lead' }
  /** Hang up; `told`: they have picked up, and are told why first. */
  | { do: 'send_away'; leg: number; carrierId: string; told: boolean }
  | { do: 'end_lead' }

/** What somebody who pressed a key hears next. */
export type KeyReply = 'join' | 'declined' | 'too_late'

export const ACCEPT_KEY = '1'

export function beginTransfer(targets: number, order: TransferState['order']): TransferState {
  const leg: Leg = { status: 'waiting', askedAt: null, carrierId: null, result: null, leaving: false }
  const legs = Array.from({ length: targets }, () => ({ ...leg }))
  return settle({ order, legs, phase: 'ringing', winner: null, lead: 'talking', result: null })
}

/** Somebody at the other end who may still accept. */
const isHopeful = (leg: Leg) => leg.status !== 'waiting' && leg.status !== 'over' && leg.result === null

/** The next state; the same object when the event changes nothing: it came late, twice, or out of order. */
export function step(state: TransferState, event: TransferEvent): TransferState {
  const next = 'leg' in event ? legStep(state, event) : leadStep(state, event)
  return next === state ? state : settle(next)
}

type LegEvent = Extract<TransferEvent, { leg: number }>

function legStep(state: TransferState, event: LegEvent): TransferState {
  const leg = state.legs[event.leg]
  if (!leg || leg.status === 'over') return state
  const change = (some: Partial<Leg>) => ({ ...state, legs: state.legs.with(event.leg, { ...leg, ...some }) })
  const result = (own: Leg['result']) => ({ result: leg.result ?? own })
  switch (event.type) {
    case 'asking':
      return isDue(state, event.leg) ? change({ status: 'asked', askedAt: event.at }) : state
    case 'named':
      if (leg.carrierId !== null) return state
      return change({ carrierId: event.carrierId, status: leg.status === 'answered' ? 'answered' : 'ringing' })
    case 'refused':
      return leg.carrierId === null ? change({ status: 'over', ...result('failed') }) : state
    case 'answered':
      return leg.status === 'answered' ? state : change({ status: 'answered' })
    case 'pressed':
      return pressed(state, event.leg, event.digit, change)
    case 'gave_up':
      return isHopeful(leg) ? change({ result: 'no_answer' }) : state
    case 'sent_away':
      return leg.leaving ? state : change({ leaving: true })
    case 'ended':
      return change({ status: 'over', ...result(endedAs(state, leg, event.how)) })
  }
}

/**
 * Whoever picked up and hung up without a key has declined. Null for whoever was not needed any more: somebody else was faster, or the
 * lead did not wait.
 */
function endedAs(
  { phase }: TransferState,
  { status, leaving }: Leg,
  how: Extract<TransferEvent, { type: 'ended' }>['how'],
): Leg['result'] {
  if (how === 'failed') return 'failed'
  if (how === 'busy' || how === 'no_answer') return 'no_answer'
  if (leaving || phase !== 'ringing') return null
  return how === 'completed' && status === 'answered' ? 'declined' : 'no_answer'
}

function pressed(
  state: TransferState,
  at: number,
  digit: string,
  change: (some: Partial<Leg>) => TransferState,
): TransferState {
  const leg = state.legs[at]!
  if (state.winner === at || leg.leaving || leg.status === 'waiting') return state
  if (state.phase !== 'ringing' || leg.result !== null) return change({ status: 'answered', leaving: true })
  if (digit !== ACCEPT_KEY) {
    return change({ status: 'answered', leaving: true, result: digit === '' ? 'no_answer' : 'declined' })
  }
  return { ...change({ status: 'answered', result: 'accepted' }), phase: 'bridging', winner: at }
}

function leadStep(state: TransferState, event: Exclude<TransferEvent, LegEvent>): TransferState {
  const { phase, lead } = state
  switch (event.type) {
    case 'moving':
      return canMove(state) ? { ...state, lead: 'moving' } : state
    case 'moved':
      return lead === 'moving' && phase === 'bridging' ? bridged(state, event.met) : state
    case 'not_moved':
      if (phase === 'over' || (lead !== 'moving' && lead !== 'talking')) return state
      return { ...state, lead: 'talking', phase: 'over', result: 'failed' }
    case 'lead_gone':
      // The agent's line ends with the move.
      if (lead === 'gone' || lead === 'moved') return state
      // On the way nobody knows where they are: they must not wait in an empty room.
      return {
        ...state,
        lead: lead === 'moving' ? 'moved' : 'gone',
        phase: 'over',
        result: state.result ?? 'abandoned',
      }
    case 'lead_ended':
      return lead === 'gone' ? state : { ...state, lead: 'gone', phase: 'over', result: state.result ?? 'abandoned' }
  }
}

/** The lead is in the room. Who finds nobody there was not handed over; who has talked was, also when it is over by now. */
function bridged(state: TransferState, met: boolean): TransferState {
  if (met) return { ...state, lead: 'moved', phase: 'bridged', result: 'accepted' }
  return { ...lose(state), lead: 'moved', phase: 'over', result: 'failed' }
}

/** Whoever accepted is gone before the lead came. */
const lose = (state: TransferState): TransferState => {
  const winner = state.winner!
  return { ...state, legs: state.legs.with(winner, { ...state.legs[winner]!, result: 'failed' }) }
}

const canMove = ({ phase, lead, winner, legs }: TransferState): boolean =>
  phase === 'bridging' && lead === 'talking' && winner !== null && legs[winner]!.status !== 'over'

const isDue = ({ phase, order, legs }: TransferState, at: number): boolean =>
  phase === 'ringing' &&
  legs[at]!.status === 'waiting' &&
  (order === 'all_at_once' || (legs.slice(0, at).every(({ status }) => status !== 'waiting') && !legs.some(isHopeful)))

/** What follows from a state by itself. */
function settle(state: TransferState): TransferState {
  const { phase, winner, legs, lead } = state
  const winnerIsGone = winner !== null && legs[winner]!.status === 'over'
  // They hung up before the lead was on the way: whoever waits for their turn is rung.
  if (phase === 'bridging' && winnerIsGone && lead === 'talking') {
    return settle({ ...lose(state), phase: 'ringing', winner: null })
  }
  if (phase === 'bridged' && winnerIsGone) return { ...state, phase: 'over' }
  if (phase !== 'ringing' || legs.some((leg) => leg.status === 'waiting' || isHopeful(leg))) return state
  return { ...state, phase: 'over', result: resultOf(legs) }
}

function resultOf(legs: Leg[]): TransferResult {
  const results = legs.flatMap(({ result }) => result ?? [])
  if (results.includes('declined')) return 'declined'
  return results.length > 0 && results.every((result) => result === 'failed') ? 'failed' : 'nobody'
}

/** What is still to be done. */
export function tasksOf(state: TransferState): TransferTask[] {
  const { legs, phase, lead, winner } = state
  const ring = legs.flatMap((_, leg): TransferTask[] => (isDue(state, leg) ? [{ do: 'ring', leg }] : []))
  const away = legs.flatMap(({ status, carrierId, leaving, result }, leg): TransferTask[] => {
    if (carrierId === null || leaving || status === 'over') return []
    const stays = phase !== 'over' && (leg === winner || (phase === 'ringing' && result === null))
    // Whoever has talked to the lead needs no word.
    const told = status === 'answered' && (leg !== winner || state.result !== 'accepted')
    return stays ? [] : [{ do: 'send_away', leg, carrierId, told }]
  })
  return [
    ...away,
    ...ring,
    ...(canMove(state) ? [{ do: 'move_lead' } as const] : []),
    ...(phase === 'over' && lead === 'moved' ? [{ do: 'end_lead' } as const] : []),
  ]
}

/** What somebody hears after a key, in the state that it led to. */
export function replyTo({ legs, phase, winner }: TransferState, at: number): KeyReply {
  if (winner === at && (phase === 'bridging' || phase === 'bridged')) return 'join'
  const result = legs[at]?.result
  return result === 'declined' || result === 'no_answer' ? 'declined' : 'too_late'
}

/** Nothing is left to be done or to be heard of. */
export const isFinished = (state: TransferState): boolean =>
  state.phase === 'over' && tasksOf(state).length === 0 && state.legs.every(isDown)

const isDown = ({ status }: Leg): boolean => status === 'waiting' || status === 'over'
