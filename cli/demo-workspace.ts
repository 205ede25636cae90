import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { and, eq, like } from 'drizzle-orm'
import { parseFlow } from '../flows/language/parse.ts'
import { scopes } from '../openapi/operation.ts'
import { authenticate, createKey } from '../runtime/access/keys.ts'
import { createWorkspace } from '../runtime/access/workspaces.ts'
import { devFile } from '../runtime/config.ts'
import { deploymentSecrets, endpoints, flows } from '../runtime/db/schema.ts'
import { upsertFlow } from '../runtime/flows/upsert.ts'
import { newId } from '../runtime/ids.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { newWebhookSecret } from '../runtime/webhooks/sign.ts'

/** What `dev.json` says, for scripts. The key stands there alone: if the file is lost, the next start mints another. */
export interface DevFile {
  url: string
  test_key: string
  webhook_secret: string
}

/** The path on our own server where the demo workspace's webhooks arrive. */
export const INBOX_PATH = '/dev/inbox'
/** How much faster than life the demo's calls run. */
export const demoSandbox = { pace: 6, waits: 60 }

/** The product page's customer: a workspace with its calendar and its flow. Made once, found again by every later start. */
export async function demoWorkspace(runtime: Runtime, url: string): Promise<DevFile> {
  const workspaceId = await findOrCreate(runtime)
  const caller = { workspaceId, mode: 'test' as const }
  await deployFlows(runtime, workspaceId)
  const known = readDevFile(runtime)
  const holder = known && (await authenticate(runtime, known.test_key).catch(() => undefined))
  const keyIsGood = known && holder?.workspaceId === workspaceId
  const test_key = keyIsGood ? known.test_key : (await createKey(runtime, { ...caller, scopes: [...scopes] })).key
  const webhook_secret = await subscribeInbox(runtime, workspaceId, `${url}${INBOX_PATH}`)
  const file: DevFile = { url, test_key, webhook_secret }
  mkdirSync(runtime.config.dataDir, { recursive: true })
  writeFileSync(devFile(runtime.config), `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  return file
}

function readDevFile({ config }: Runtime): DevFile | undefined {
  try {
    return JSON.parse(readFileSync(devFile(config), 'utf8')) as DevFile
  } catch {
    return undefined
  }
}

async function findOrCreate(runtime: Runtime): Promise<string> {
  const name = 'demoWorkspace'
  const [row] = await runtime.db.select().from(deploymentSecrets).where(eq(deploymentSecrets.name, name))
  if (row) return row.value
  const id = await createWorkspace(runtime, {
    name: 'Demo',
    business: { name: 'Helena Education' },
    time_zone: 'Europe/Istanbul',
    region: 'eu',
    calendars: [{ name: 'mehmet', owner: 'mehmet@helena.example', time_zone: 'Europe/Istanbul' }],
    sandbox: demoSandbox,
  })
  await runtime.db.insert(deploymentSecrets).values({ name, value: id })
  return id
}

/** Only those that are not there yet: what the user made of one since stays. */
async function deployFlows(runtime: Runtime, workspaceId: string): Promise<void> {
  const folder = new URL('../flows/', import.meta.url)
  const there = await runtime.db.select({ id: flows.id }).from(flows).where(eq(flows.workspaceId, workspaceId))
  const known = new Set(there.map(({ id }) => id))
  for (const name of readdirSync(folder).filter((it) => it.endsWith('.yaml'))) {
    const yaml = readFileSync(new URL(name, folder), 'utf8')
    const parsed = parseFlow(yaml)
    if ('flow' in parsed && known.has(parsed.flow.id)) continue
    await runtime.db.transaction((tx) => upsertFlow(tx, runtime, { workspaceId, mode: 'test' }, { yaml }))
  }
}

/** Our own endpoint at today's address; the user's own are left alone. @returns its secret. */
async function subscribeInbox({ db, clock }: Runtime, workspaceId: string, url: string): Promise<string> {
  const ours = and(eq(endpoints.workspaceId, workspaceId), like(endpoints.url, `http://127.0.0.1:%${INBOX_PATH}`))
  const [known] = await db
    .update(endpoints)
    .set({ url, disabledAt: null, disabledReason: null, failingSince: null })
    .where(ours)
    .returning({ secret: endpoints.secret })
  if (known) return known.secret
  const secret = newWebhookSecret()
  const createdAt = new Date(clock.now())
  await db.insert(endpoints).values({ id: newId('whe'), workspaceId, url, events: ['*'], secret, createdAt })
  return secret
}
