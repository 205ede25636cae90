import type { Scope } from '../../../openapi/operation.ts'
import type { Flow } from '../../../openapi/schemas/flow-document.ts'
import type { HandoffQueue } from '../../../openapi/schemas/handoff.ts'
import type { WorkspaceDocument } from '../../../openapi/schemas/workspace.ts'
import { foreignKey, integer, json, jsonb, pgTable, primaryKey, text, unique } from '../drizzle.ts'
import { at, mode, workspaceId } from './columns.ts'

/** One tenant. Everything else carries its id. `document` holds the sections of `PUT /workspace` that have no table of their own. */
export const workspaces = pgTable('workspaces', {
  id: text('id').primaryKey(),
  /** `json` keeps the order of languages: the first is the one for everybody else. */
  document: json('document').$type<WorkspaceDocument>().notNull(),
  createdAt: at('created_at').notNull(),
})

/** What is written and never shown: `CRM_TOKEN` for tools of flows, `calendars.mehmet.password` for calendars. */
export const workspaceSecrets = pgTable(
  'workspace_secrets',
  {
    workspaceId: workspaceId().references(() => workspaces.id),
    name: text('name').notNull(),
    value: text('value').notNull(),
    updatedAt: at('updated_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.name] })],
)

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
    /** The one that new leads get. */
    version: integer('version').notNull(),
    createdAt: at('created_at').notNull(),
    /** When it last became another version; null for the first one. */
    updatedAt: at('updated_at'),
    /** Since when no new lead gets it; its versions stay for the calls that have them. */
    retiredAt: at('retired_at'),
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
    /** JSON as it was written: the order of headers and of a schema is the author's. */
    definition: json('definition').$type<Flow>().notNull(),
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
