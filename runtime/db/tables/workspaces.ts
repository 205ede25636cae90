import { foreignKey, integer, json, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import type { Scope } from '../../../openapi/operation.ts'
import type { Flow } from '../../../openapi/schemas/flow-document.ts'
import type { HandoffQueue } from '../../../openapi/schemas/handoff.ts'
import type { WorkspaceDocument } from '../../../openapi/schemas/workspace.ts'
import { at, mode, workspaceId } from './columns.ts'

/** One tenant. Everything else carries its id. `document` holds the sections of `PUT /workspace` that have no table of their own. */
export const workspaces = pgTable('workspaces', {
  id: text('id').primaryKey(),
  document: jsonb('document').$type<WorkspaceDocument>().notNull(),
  createdAt: at('created_at').notNull(),
})

export const apiKeys = pgTable('api_keys', {
  id: text('id').primaryKey(),
  workspaceId: workspaceId().references(() => workspaces.id),
  mode: mode(),
  /** SHA-256 of the key, hex; the key itself is shown once and never kept. */
  hash: text('hash').notNull().unique(),
  hint: text('hint').notNull(),
  scopes: jsonb('scopes').$type<Scope[]>().notNull(),
  createdAt: at('created_at').notNull(),
  revokedAt: at('revoked_at'),
})

export const flows = pgTable(
  'flows',
  {
    workspaceId: workspaceId().references(() => workspaces.id),
    id: text('id').notNull(),
    version: integer('version').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.id] })],
)

/** Immutable: a call keeps the version it began with. */
export const flowVersions = pgTable(
  'flow_versions',
  {
    workspaceId: workspaceId(),
    flowId: text('flow_id').notNull(),
    version: integer('version').notNull(),
    hash: text('hash').notNull(),
    yaml: text('yaml').notNull(),
    definition: jsonb('definition').$type<Flow>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.workspaceId, t.flowId, t.version] }),
    unique().on(t.workspaceId, t.flowId, t.hash),
    foreignKey({ columns: [t.workspaceId, t.flowId], foreignColumns: [flows.workspaceId, flows.id] }),
  ],
)

export const numbers = pgTable(
  'numbers',
  {
    id: text('id').primaryKey(),
    workspaceId: workspaceId().references(() => workspaces.id),
    phone: text('phone').notNull(),
    label: text('label'),
    createdAt: at('created_at').notNull(),
  },
  (t) => [unique().on(t.workspaceId, t.phone)],
)

export const handoffQueues = pgTable(
  'handoff_queues',
  {
    id: text('id').primaryKey(),
    workspaceId: workspaceId(),
    name: text('name').notNull(),
    settings: jsonb('settings').$type<Omit<HandoffQueue, 'id' | 'name' | 'created_at' | 'updated_at'>>().notNull(),
    createdAt: at('created_at').notNull(),
    updatedAt: at('updated_at').notNull(),
  },
  (t) => [unique().on(t.workspaceId, t.name)],
)

/** Answers of executed requests, for 24 hours. */
export const idempotency = pgTable(
  'idempotency',
  {
    workspaceId: workspaceId(),
    mode: mode(),
    operation: text('operation').notNull(),
    key: text('key').notNull(),
    fingerprint: text('fingerprint').notNull(),
    status: integer('status'),
    body: json('body').$type<unknown>(),
    createdAt: at('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.mode, t.operation, t.key] })],
)
