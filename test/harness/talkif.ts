import { mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from 'vitest'
import { type Served, serve } from '../../cli/serve.ts'
import { type Client, createClient } from '../../openapi/client.ts'
import { type Scope, scopes } from '../../openapi/operation.ts'
import { sandboxPeople } from '../../openapi/sandbox-people.ts'
import type { Call } from '../../openapi/schemas/call.ts'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { createKey } from '../../runtime/access/keys.ts'
import { putWorkspace } from '../../runtime/access/workspace-document.ts'
import { createWorkspace } from '../../runtime/access/workspaces.ts'
import type { Clock } from '../../runtime/clock.ts'
import { readConfig } from '../../runtime/config.ts'
import { and, eq, inArray, notInArray } from '../../runtime/db/drizzle.ts'
import { calls, deliveries, events } from '../../runtime/db/schema.ts'
import { upsertFlow } from '../../runtime/flows/upsert.ts'
import { type Log, openLog } from '../../runtime/log.ts'
import type { Chaos } from '../../runtime/sandbox/server.ts'
import { speechDir } from './cache.ts'
import { freshDatabase } from './database.ts'
import { type Inbox, openInbox } from './inbox.ts'

/** The sandbox's people by character: `people.books`. */
export const people = Object.fromEntries(sandboxPeople.map((person) => [person.character, person.number])) as Record<
  (typeof sandboxPeople)[number]['character'],
  string
>

export const pricingYaml = readFileSync(new URL('../../flows/pricing-v3.yaml', import.meta.url), 'utf8')

/** A server's data folder: its recordings go with it, rendered speech stays. */
export function freshDataDir(): { path: string; drop(): Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), 'talkif-data-'))
  mkdirSync(speechDir, { recursive: true })
  symlinkSync(speechDir, join(path, 'speech'))
  return { path, drop: () => rm(path, { recursive: true, force: true }) }
}

export interface ServerOptions {
  chaos?: Chaos
  clock?: Clock
  environment?: Record<string, string>
  allowLoopbackWebhooks?: boolean
  log?: Log
}

/** Everything a test file needs, over real sockets: a whole server on a database of its own. */
export async function startServer({
  environment = {},
  allowLoopbackWebhooks = true,
  log = openLog(process.env.TALKIF_LOG_LEVEL ?? 'fatal'),
  ...options
}: ServerOptions = {}): Promise<Served & { drop(): Promise<void> }> {
  const database = await freshDatabase()
  const data = freshDataDir()
  const config = readConfig({ PORT: '0', DATABASE_URL: database.url, TALKIF_DATA_DIR: data.path, ...environment })
  const served = await serve({ ...config, allowLoopbackWebhooks }, { log, ...options })
  return {
    ...served,
    async drop() {
      await served.close()
      await database.drop()
      await data.drop()
    },
  }
}

/** One workspace with the page's flow, a receiver for its webhooks, and a key for it. */
export interface Workspace {
  served: Served
  url: string
  workspaceId: string
  key: string
  api: Client
  inbox: Inbox
  /** The secret of the inbox's endpoint. */
  webhookSecret: string
  /** Raw HTTP with this workspace's key. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  newKey(options?: { mode?: 'test' | 'live'; scopes?: Scope[] }): Promise<{ id: string; key: string }>
  configure(document: WorkspaceDocument): Promise<void>
  deploy(yaml: string): Promise<void>
  /** Waits until the call is terminal and its webhooks are delivered, and returns it with transcript and trace. */
  finished(callId: string): Promise<Call>
  /** Waits until every call of the workspace is terminal and every webhook is delivered or dead. */
  idle(): Promise<void>
}

export async function openWorkspace(served: Served, respond?: Parameters<typeof openInbox>[0]): Promise<Workspace> {
  const { runtime, url } = served
  const inbox = await openInbox(respond)
  const workspaceId = await createWorkspace(runtime, {
    name: 'Test',
    business: { name: 'Helena Education' },
    time_zone: 'Europe/Istanbul',
    calendars: [{ name: 'mehmet', owner: 'mehmet@helena.example', time_zone: 'Europe/Istanbul' }],
    sandbox: { pace: 30, waits: 900 },
  })
  const caller = { workspaceId, mode: 'test' as const }
  const configure = (document: WorkspaceDocument) =>
    runtime.db.transaction((tx) => putWorkspace(tx, runtime, caller, document))
  const view = await configure({ webhooks: [{ url: inbox.url, events: ['*'] }] })
  const newKey: Workspace['newKey'] = ({ mode = 'test', scopes: some = [...scopes] } = {}) =>
    createKey(runtime, { workspaceId, mode, scopes: some })
  const { key } = await newKey()
  const api = createClient({ url, key })
  const request: Workspace['fetch'] = (path, init = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } })
  const deploy = async (yaml: string) => {
    await runtime.db.transaction((tx) => upsertFlow(tx, runtime, caller, { yaml }))
  }
  await deploy(pricingYaml)
  return {
    served,
    url,
    workspaceId,
    key,
    api,
    inbox,
    webhookSecret: view.webhooks[0]!.secret!,
    fetch: request,
    post: (path, body, headers = {}) =>
      request(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    newKey,
    configure: async (document) => void (await configure(document)),
    deploy,
    async finished(id) {
      await api.getCall({ id, wait: 60 })
      await settled(served, workspaceId, id)
      return api.getCall({ id, include: ['transcript', 'trace'] })
    },
    idle: () => settled(served, workspaceId),
  }
}

/** What was said, where a conversation went another way than a test expected. */
async function tellCalls({ api, served, workspaceId }: Workspace): Promise<void> {
  const some = await served.runtime.db
    .select({ id: calls.id })
    .from(calls)
    .where(eq(calls.workspaceId, workspaceId))
    .limit(5)
  for (const { id } of some) {
    const { transcript = [], ...call } = await api.getCall({ id, include: ['transcript'] })
    const said = transcript.map(
      ({ at_ms, role, interrupted, text }) => `${at_ms} ${role}${interrupted ? ' …' : ':'} ${text}`,
    )
    const { status, outcome, reason, handoff, attempts } = call
    console.log([JSON.stringify({ id, status, outcome, reason, handoff, attempts }), ...said].join('\n  '))
  }
}

/** Looks until nothing is open any more; the database is the only one who knows, whichever process works. */
async function settled({ runtime }: Served, workspaceId: string, callId?: string): Promise<void> {
  for (;;) {
    const [open] = await runtime.db
      .select({ id: calls.id })
      .from(calls)
      .where(
        and(
          eq(calls.workspaceId, workspaceId),
          notInArray(calls.status, ['completed', 'cancelled']),
          ...(callId ? [eq(calls.id, callId)] : []),
        ),
      )
      .limit(1)
    const [pending] = await runtime.db
      .select({ id: deliveries.id })
      .from(deliveries)
      .innerJoin(events, eq(events.id, deliveries.eventId))
      .where(
        and(
          eq(events.workspaceId, workspaceId),
          inArray(deliveries.status, ['pending']),
          ...(callId ? [eq(events.callId, callId)] : []),
        ),
      )
      .limit(1)
    if (!open && !pending) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await runtime.telemetry.flush()
}

/**
 * `test` with a server of the file's own kind (`served`), and a workspace for each test (`talkif`), made ready by `prepare`.
 * Not by `test.override`: files share modules, so that it would change the `test` of every file that follows.
 */
export const testWith = (options: ServerOptions, prepare = async (_: Workspace) => {}) =>
  base
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the pattern to learn what a fixture needs
    .extend('served', { scope: 'file' }, async ({}, { onCleanup }) => {
      const served = await startServer(options)
      onCleanup(() => served.drop())
      return served as Served
    })
    .extend('talkif', async ({ served, onTestFailed }, { onCleanup }) => {
      const workspace = await openWorkspace(served)
      onTestFailed(() => tellCalls(workspace))
      onCleanup(() => workspace.inbox.close())
      await prepare(workspace)
      return workspace
    })

/** `test` with a server for the file (`served`) and a workspace for each test (`talkif`). */
export const test = testWith({})
