import type { HandoffQueue } from '../../../openapi/schemas/handoff.ts'
import { index, integer, jsonb, pgTable, text } from '../drizzle.ts'
import { calls } from './calls.ts'
import { at, mode, workspaceId } from './columns.ts'

/** One colleague who is rung, or will be. */
export interface TransferLeg {
  /** Waiting for its turn, asked of the carrier, known to it, picked up, and over there. */
  status: 'waiting' | 'asked' | 'ringing' | 'answered' | 'over'
  /** When the carrier was asked, epoch milliseconds. */
  askedAt: number | null
  /** The carrier's name for it. */
  carrierId: string | null
  /** What it came to for this transfer; known before the carrier tells that the line is down. */
  result: 'accepted' | 'declined' | 'no_answer' | 'failed' | null
  /** They have been told that they are not needed (any more): their line ends by itself. */
  leaving: boolean
}

export type TransferResult = 'accepted' | 'declined' | 'nobody' | 'failed' | 'abandoned'

/** Plain JSON: it is kept in the database, and whichever process hears of something takes the next step. */
export interface TransferState {
  order: 'in_turn' | 'all_at_once'
  legs: TransferLeg[]
  /** `bridging`: somebody accepted, and the lead is still to be moved to them. */
  phase: 'ringing' | 'bridging' | 'bridged' | 'over'
  /** The leg that accepted first. */
  winner: number | null
  /** Where the lead is: with the agent, on the way, in the room of the winner, or gone. */
  lead: 'talking' | 'moving' | 'moved' | 'gone'
  /** Null until it is decided. */
  result: TransferResult | null
}

/** One warm transfer. Committed before the first colleague is rung, and each ring before the carrier is asked for it. */
export const transfers = pgTable(
  'transfers',
  {
    id: text('id').primaryKey(),
    callId: text('call_id')
      .notNull()
      .references(() => calls.id),
    attemptId: text('attempt_id').notNull(),
    workspaceId: workspaceId(),
    mode: mode(),
    queue: text('queue').notNull(),
    /** As the queue had them when it began; a leg of `state` for each. */
    targets: jsonb('targets').$type<HandoffQueue['targets']>().notNull(),
    ringSeconds: integer('ring_seconds').notNull(),
    state: jsonb('state').$type<TransferState>().notNull(),
    /** Where both talk. Nobody can guess it. */
    room: text('room').notNull(),
    fromPhone: text('from_phone').notNull(),
    /** The carrier's name for the lead's call. */
    leadCarrierId: text('lead_carrier_id').notNull(),
    /** BCP 47. */
    language: text('language').notNull(),
    spanId: text('span_id').notNull(),
    startedAt: at('started_at').notNull(),
    /** Everybody who was rung has hung up. */
    endedAt: at('ended_at'),
  },
  (t) => [index('transfers_of_attempt').on(t.attemptId), index('transfers_open').on(t.endedAt, t.startedAt)],
)
