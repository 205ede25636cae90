import { index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import type { HandoffQueue } from '../../../openapi/schemas/handoff.ts'
import type { TransferState } from '../../handoffs/transfer.ts'
import { calls } from './calls.ts'
import { at, mode, workspaceId } from './columns.ts'

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
