import { bigint, boolean, jsonb, pgTable, primaryKey, text } from '../drizzle.ts'
import { at } from './columns.ts'

export const spans = pgTable(
  'spans',
  {
    traceId: text('trace_id').notNull(),
    spanId: text('span_id').notNull(),
    parentSpanId: text('parent_span_id'),
    name: text('name').notNull(),
    startedAt: at('started_at').notNull(),
    endedAt: at('ended_at').notNull(),
    status: text('status').notNull(),
    attributes: jsonb('attributes').$type<Record<string, string | number | boolean>>().notNull(),
    /** As its process counted: of spans of one process that ended in the same millisecond, which came first. */
    position: bigint('position', { mode: 'number' }).notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.traceId, t.spanId] })],
)

/** When an account of the carrier takes its next call: it refuses or queues what comes faster than it allows. */
export const dialTurns = pgTable('dial_turns', {
  account: text('account').primaryKey(),
  nextAt: at('next_at').notNull(),
  /** When the next call of a list that has no turn yet shall have one. */
  listNextAt: at('list_next_at').notNull().default(new Date(0)),
})

/** Processes that carry media, and how to reach each. A row whose heartbeat is old belongs to a dead process. */
export const mediaNodes = pgTable('media_nodes', {
  id: text('id').primaryKey(),
  url: text('url').notNull(),
  heartbeatAt: at('heartbeat_at').notNull(),
  /** It ends: it still carries conversations, and takes no new one. */
  draining: boolean('draining').notNull().default(false),
})

/** Random values of this deployment that every process shares, such as the key that signs artifact links. */
export const deploymentSecrets = pgTable('deployment_secrets', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
})
