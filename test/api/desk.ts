import { join } from 'node:path'
import { test as base } from 'vitest'
import { type Served, serve } from '../../cli/serve.ts'
import { readConfig } from '../../runtime/config.ts'
import { sql } from '../../runtime/db/drizzle.ts'
import { openLog } from '../../runtime/log.ts'
import { freshDatabase } from '../harness/database.ts'
import { freePort } from '../harness/ports.ts'
import { openWorkspace, type Workspace } from '../harness/talkif.ts'
import { type Door, door } from './checked.ts'

/**
 * A server that takes requests and does no work: what it was told stays as it is, so that a test can look at it. It has a carrier
 * account of its own making for live keys, which nothing ever uses.
 */
async function startDesk(): Promise<Served & { drop(): Promise<void> }> {
  const [database, port] = await Promise.all([freshDatabase(), freePort()])
  const config = readConfig({
    PORT: String(port),
    DATABASE_URL: database.url,
    TALKIF_DATA_DIR: join(import.meta.dirname, '../../node_modules/.cache/talkif-test'),
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: 'never used',
    TWILIO_API_BASE_URL: 'http://127.0.0.1:9',
    OPENAI_API_KEY: 'never used',
    OPENAI_BASE_URL: 'http://127.0.0.1:9',
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  })
  const served = await serve(
    { ...config, allowLoopbackWebhooks: true },
    { log: openLog('silent'), roles: { api: true, worker: false, media: false } },
  )
  return {
    ...served,
    async drop() {
      await served.close()
      await database.drop()
    },
  }
}

export interface Desk extends Omit<Workspace, 'fetch' | 'post'>, Door {
  /** The same server with another key, or with none. */
  with(key: string | undefined): Door
}

async function openDesk(served: Served): Promise<Desk> {
  const workspace = await openWorkspace(served)
  return {
    ...workspace,
    ...door(served.url, workspace.key),
    with: (key) => door(served.url, key),
  }
}

/** How many rows each table has, jobs included; what runs by itself (the sweep) left out. */
export async function rows({ runtime }: Pick<Served, 'runtime'>): Promise<Record<string, number>> {
  await runtime.telemetry.flush()
  const tables = await runtime.db.execute<{ name: string }>(
    sql`select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  )
  const counts = tables.map(
    ({ name }) => sql`select ${name}::text as name, count(*)::int as n from ${sql.identifier(name)}`,
  )
  const jobs = sql`select 'jobs' as name, count(*)::int as n from pgboss.job where name in ('dial', 'deliver', 'deliver_failing', 'settle', 'reconcile')`
  const found = await runtime.db.execute<{ name: string; n: number }>(sql.join([...counts, jobs], sql` union all `))
  return Object.fromEntries(found.map(({ name, n }) => [name, n]))
}

/** `test` with a server that does no work for the file (`served`), and for each test a workspace on it and another one. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the pattern to learn what a fixture needs
  .extend('served', { scope: 'file' }, async ({}, { onCleanup }) => {
    const served = await startDesk()
    onCleanup(() => served.drop())
    return served as Served
  })
  .extend('desk', async ({ served }, { onCleanup }) => {
    const desk = await openDesk(served)
    onCleanup(() => desk.inbox.close())
    return desk
  })
  .extend('stranger', async ({ served }, { onCleanup }) => {
    const desk = await openDesk(served)
    onCleanup(() => desk.inbox.close())
    return desk
  })

let next = 0

/** A number that exists and that no other test has used: a mobile number of Turkey. */
export const somebody = (): string => `+90532${String(1_000_000 + next++)}`

export const lead = { source: 'web_form', intent: 'pricing', consent: true } as const
