import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { renderFault } from '../flows/language/faults.ts'
import { parseFlow } from '../flows/language/parse.ts'
import { parseWorkspace } from '../flows/language/workspace-file.ts'
import { scopes } from '../openapi/operation.ts'
import type { WorkspaceDocument } from '../openapi/schemas/workspace.ts'
import { authenticate, createKey } from '../runtime/access/keys.ts'
import { putWorkspace } from '../runtime/access/workspace-document.ts'
import { readWorkspace } from '../runtime/access/workspace-view.ts'
import { createWorkspace, workspaceSettings } from '../runtime/access/workspaces.ts'
import { devFile } from '../runtime/config.ts'
import { and, eq, like, ne } from '../runtime/db/drizzle.ts'
import { deploymentSecrets, endpoints, flows, workspaces } from '../runtime/db/schema.ts'
import { upsertFlow } from '../runtime/flows/upsert.ts'
import { newId } from '../runtime/ids.ts'
import { packageRoot } from '../runtime/package-root.ts'
import { ProblemError } from '../runtime/problem.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { REMOVED } from '../runtime/webhooks/endpoints.ts'
import { newWebhookSecret } from '../runtime/webhooks/sign.ts'
import { INBOX_PATH } from './inbox.ts'

/** What `dev.json` says, for scripts. The key stands there alone: if the file is lost, the next start mints another. */
export interface DevFile {
  url: string
  test_key: string
  webhook_secret: string
}

export interface Demo {
  file: DevFile
  /** How much faster than life its calls run. */
  sandbox: { pace: number; waits: number }
}

/** The product page's customer: a workspace with its calendar and its flow. Made once, found again by every later start. */
export async function demoWorkspace(runtime: Runtime, url: string): Promise<Demo> {
  const workspaceId = await findOrCreate(runtime, url)
  const caller = { workspaceId, mode: 'test' as const }
  const known = readDevFile(runtime)
  const holder = known && (await authenticate(runtime, known.test_key).catch(() => undefined))
  const keyIsGood = known && holder?.workspaceId === workspaceId
  const test_key = keyIsGood ? known.test_key : (await createKey(runtime, { ...caller, scopes: [...scopes] })).key
  const webhook_secret = await subscribeInbox(runtime, workspaceId, `${url}${INBOX_PATH}`)
  await deployFlows(runtime, workspaceId)
  const file: DevFile = { url, test_key, webhook_secret }
  mkdirSync(runtime.config.dataDir, { recursive: true })
  writeFileSync(devFile(runtime.config), `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  const { sandbox } = await workspaceSettings(runtime.db, workspaceId)
  return { file, sandbox }
}

function readDevFile({ config }: Runtime): DevFile | undefined {
  try {
    return JSON.parse(readFileSync(devFile(config), 'utf8')) as DevFile
  } catch {
    return undefined
  }
}

const folder = new URL('flows/', packageRoot)
const WORKSPACE_FILE = 'talkif.yaml'

/** What the demo workspace is made from, its webhooks coming to this server. The shell's environment is nothing it depends on. */
function demoDocument(url: string): WorkspaceDocument {
  const text = readFileSync(new URL(WORKSPACE_FILE, folder), 'utf8')
  const read = parseWorkspace(text, { CRM_URL: `${url}${INBOX_PATH}` })
  if ('document' in read) return read.document
  throw new Error(read.faults.map((fault) => renderFault(text, fault)).join('\n'))
}

async function findOrCreate(runtime: Runtime, url: string): Promise<string> {
  const name = 'demoWorkspace'
  const [row] = await runtime.db.select().from(deploymentSecrets).where(eq(deploymentSecrets.name, name))
  if (row) {
    await addSections(runtime, row.value, url)
    return row.value
  }
  const id = await createWorkspace(runtime, {})
  const caller = { workspaceId: id, mode: 'test' as const }
  await runtime.db.transaction((tx) => putWorkspace(tx, runtime, caller, demoDocument(url)))
  await runtime.db.insert(deploymentSecrets).values({ name, value: id })
  return id
}

/** A workspace of an earlier version gets the sections that did not exist then; what the user made of the others stays. */
async function addSections(runtime: Runtime, workspaceId: string, url: string): Promise<void> {
  const [row] = await runtime.db.select().from(workspaces).where(eq(workspaces.id, workspaceId))
  if (!row || row.document.voices) return
  const { voices, templates, handoffs, retention, secrets } = demoDocument(url)
  const caller = { workspaceId, mode: 'test' as const }
  const there = await runtime.db.transaction((tx) => readWorkspace(tx, caller))
  const missing = { voices, templates, retention, secrets, ...(there.handoffs.length ? {} : { handoffs }) }
  await runtime.db.transaction((tx) => putWorkspace(tx, runtime, caller, missing))
  await runtime.db.update(endpoints).set({ name: 'crm' }).where(inbox(workspaceId))
}

/** Only those that are not there yet: what the user made of one since stays. */
async function deployFlows(runtime: Runtime, workspaceId: string): Promise<void> {
  const there = await runtime.db.select({ id: flows.id }).from(flows).where(eq(flows.workspaceId, workspaceId))
  const known = new Set(there.map(({ id }) => id))
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== WORKSPACE_FILE)
  for (const name of files) {
    const yaml = readFileSync(new URL(name, folder), 'utf8')
    const parsed = parseFlow(yaml)
    if ('flow' in parsed && known.has(parsed.flow.id)) continue
    const caller = { workspaceId, mode: 'test' as const }
    await runtime.db
      .transaction((tx) => upsertFlow(tx, runtime, caller, { yaml }))
      .catch((error) => {
        // The user's own workspace may lack what a new flow of ours names, or have a flow for the same leads.
        if (!(error instanceof ProblemError)) throw error
        runtime.log.warn({ file: name, why: error.message }, 'a flow of the demo does not fit into the workspace')
      })
  }
}

/** SQL: our own endpoint, whatever the port was. */
const inbox = (workspaceId: string) =>
  and(eq(endpoints.workspaceId, workspaceId), like(endpoints.url, `http://127.0.0.1:%${INBOX_PATH}`))

/**
 * Our own endpoint at today's address; those of earlier ports (`talkif deploy` may have brought one back) are taken out, and the
 * user's own are left alone.
 * @returns its secret.
 */
async function subscribeInbox({ db, clock }: Runtime, workspaceId: string, url: string): Promise<string> {
  const now = new Date(clock.now())
  return db.transaction(async (tx) => {
    const all = await tx.select().from(endpoints).where(inbox(workspaceId)).orderBy(endpoints.createdAt)
    const ours = all.find((it) => it.url === url) ?? all.findLast((it) => !it.disabledAt) ?? all.at(-1)
    if (!ours) {
      const secret = newWebhookSecret()
      await tx.insert(endpoints).values({ id: newId('whe'), workspaceId, url, events: ['*'], secret, createdAt: now })
      return secret
    }
    const name = ours.name ?? all.find((it) => it.name)?.name ?? null
    await tx
      .update(endpoints)
      .set({ name: null, disabledAt: now, disabledReason: REMOVED })
      .where(and(inbox(workspaceId), ne(endpoints.id, ours.id)))
    await tx
      .update(endpoints)
      .set({ name, url, disabledAt: null, disabledReason: null, failingSince: null })
      .where(eq(endpoints.id, ours.id))
    return ours.secret
  })
}
