import type { EventName } from '../../../openapi/events.ts'
import { index, integer, json, jsonb, pgTable, text, unique } from '../drizzle.ts'
import { at, mode, workspaceId } from './columns.ts'
import { workspaces } from './workspaces.ts'

export const events = pgTable(
  'events',
  {
    id: text('id').primaryKey(),
    workspaceId: workspaceId(),
    mode: mode(),
    callId: text('call_id').notNull(),
    type: text('type').$type<EventName>().notNull(),
    /** `json`, not `jsonb`: the members keep the order in which the contract prints them. */
    payload: json('payload').$type<Record<string, unknown>>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (t) => [index('events_of_call').on(t.callId)],
)

export const endpoints = pgTable(
  'endpoints',
  {
    id: text('id').primaryKey(),
    workspaceId: workspaceId().references(() => workspaces.id),
    /** What flows call it; unique among those of the workspace that are not removed. */
    name: text('name'),
    url: text('url').notNull(),
    events: jsonb('events').$type<string[]>().notNull(),
    secret: text('secret').notNull(),
    /** Signs too until it expires, while a secret is rotated. */
    oldSecret: text('old_secret'),
    oldSecretExpiresAt: at('old_secret_expires_at'),
    failingSince: at('failing_since'),
    /** Since when its answers take long, whatever they are. */
    slowSince: at('slow_since'),
    disabledAt: at('disabled_at'),
    disabledReason: text('disabled_reason'),
    createdAt: at('created_at').notNull(),
  },
  (t) => [unique().on(t.workspaceId, t.url)],
)

export const deliveries = pgTable(
  'deliveries',
  {
    id: text('id').primaryKey(),
    eventId: text('event_id')
      .notNull()
      .references(() => events.id),
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => endpoints.id),
    status: text('status').$type<'pending' | 'delivered' | 'dead'>().notNull(),
    tries: integer('tries').notNull().default(0),
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    nextTryAt: at('next_try_at'),
    deliveredAt: at('delivered_at'),
  },
  (t) => [unique().on(t.eventId, t.endpointId)],
)
