import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { eq } from 'drizzle-orm'
import { scopes } from '../openapi/operation.ts'
import { authenticate, createKey } from '../runtime/access/keys.ts'
import { putWorkspace, readWorkspace } from '../runtime/access/workspace-document.ts'
import { createWorkspace } from '../runtime/access/workspaces.ts'
import { devFile } from '../runtime/config.ts'
import { deploymentSecrets } from '../runtime/db/schema.ts'
import { upsertFlow } from '../runtime/flows/upsert.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { rotateSecret } from '../runtime/webhooks/dead-letters.ts'

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
  const webhook_secret = await subscribeInbox(runtime, caller, `${url}${INBOX_PATH}`, known?.webhook_secret)
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

async function deployFlows(runtime: Runtime, workspaceId: string): Promise<void> {
  const folder = new URL('../flows/', import.meta.url)
  for (const name of readdirSync(folder).filter((it) => it.endsWith('.yaml'))) {
    const yaml = readFileSync(new URL(name, folder), 'utf8')
    await runtime.db.transaction((tx) => upsertFlow(tx, runtime, { workspaceId, mode: 'test' }, { yaml }))
  }
}

/** Keeps the user's own endpoints, and ours at today's address. @returns the secret of ours. */
async function subscribeInbox(
  runtime: Runtime,
  caller: { workspaceId: string; mode: 'test' },
  url: string,
  knownSecret: string | undefined,
): Promise<string> {
  return runtime.db.transaction(async (tx) => {
    const before = await readWorkspace(tx, caller)
    const others = before.webhooks.filter((hook) => !hook.url.endsWith(INBOX_PATH) && !hook.disabled)
    const webhooks = [...others.map(({ url: other, events }) => ({ url: other, events })), { url, events: ['*'] }]
    const after = await putWorkspace(tx, runtime, caller, { webhooks })
    const inbox = after.webhooks.find((hook) => hook.url === url)!
    if (inbox.secret) return inbox.secret
    return knownSecret ?? rotateSecret(tx, runtime, caller, inbox.id)
  })
}
