import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { createKey } from '../../runtime/access/keys.ts'
import { putWorkspace } from '../../runtime/access/workspace-document.ts'
import { createWorkspace } from '../../runtime/access/workspaces.ts'
import { systemClock } from '../../runtime/clock.ts'
import { readConfig } from '../../runtime/config.ts'
import { connect, type Db, migrateDatabase, type Sql } from '../../runtime/db/connect.ts'
import { startEmbeddedPostgres } from '../../runtime/db/embedded.ts'
import { deploymentSecrets } from '../../runtime/db/schema.ts'
import type { Deps } from '../../runtime/deps.ts'
import { upsertFlow } from '../../runtime/flows/upsert.ts'
import { randomToken } from '../../runtime/ids.ts'

/** Where the bench plays: a folder of its own and an embedded Postgres with the settings of production, fsync included. */
export interface Stage {
  folder: string
  postgresPid: number
  newDatabase(): Promise<Database>
  close(): Promise<void>
}

export interface Database {
  url: string
  db: Db
  sql: Sql
  sandboxAuthToken: string
  /** A workspace with the product page's flow, and a key for it. */
  newWorkspace(hookUrl?: string): Promise<{ id: string; key: string }>
  close(): Promise<void>
}

/** Whoever is busy is rung again after 15 minutes of life, when the bench is over. */
const sandbox = { pace: 1, waits: 1, clock: '11:00' }
const calendars = [{ name: 'mehmet', owner: 'mehmet@helena.example', time_zone: 'Europe/Istanbul' }]
const pricing = readFileSync(new URL('../../flows/pricing-v3.yaml', import.meta.url), 'utf8')

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'talkif-bench-'))
  // PostgreSQL runs as another user when we are root.
  chmodSync(folder, 0o711)
  const server = await startEmbeddedPostgres(folder)
  const databases: Database[] = []
  return {
    folder,
    postgresPid: Number(readFileSync(join(folder, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]),
    async newDatabase() {
      const admin = postgres(server.url, { max: 1, onnotice: () => {} })
      const name = `bench_${randomUUID().slice(0, 8)}`
      await admin.unsafe(`create database ${name}`)
      await admin.end()
      const database = await openDatabase(server.url.replace(/[^/]+$/, name))
      databases.push(database)
      return database
    },
    async close() {
      for (const database of databases) await database.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function openDatabase(url: string): Promise<Database> {
  await migrateDatabase(url)
  const { sql, db } = connect(url, 4)
  const secrets = { artifactLinks: randomToken(32), sandboxAuthToken: randomToken(32), sandboxApiKey: randomToken(32) }
  await db.insert(deploymentSecrets).values(Object.entries(secrets).map(([name, value]) => ({ name, value })))
  const config = { ...readConfig({}), allowLoopbackWebhooks: true }
  const deps = { db, clock: systemClock, config } as Deps
  return {
    url,
    db,
    sql,
    sandboxAuthToken: secrets.sandboxAuthToken,
    async newWorkspace(hookUrl) {
      const id = await createWorkspace(deps, {
        name: 'Bench',
        business: { name: 'Helena Education' },
        calendars,
        sandbox,
      })
      const caller = { workspaceId: id, mode: 'test' as const }
      await db.transaction(async (tx) => {
        await upsertFlow(tx, deps, caller, { yaml: pricing })
        if (hookUrl) await putWorkspace(tx, deps, caller, { webhooks: [{ url: hookUrl, events: ['*'] }] })
      })
      return { id, key: (await createKey(deps, caller)).key }
    },
    close: () => sql.end({ timeout: 5 }),
  }
}
