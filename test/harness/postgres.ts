import { chmodSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'
import { migrateDatabase } from '../../runtime/db/connect.ts'
import { startEmbeddedPostgres } from '../../runtime/db/embedded.ts'
import { openJobs } from '../../runtime/jobs/boss.ts'
import { openLog } from '../../runtime/log.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A server whose database `template` is clean and migrated. */
    postgresUrl: string
  }
}

/** One PostgreSQL for the whole run. It may forget on a power cut: fsync costs a test run minutes and buys it nothing. */
export default async function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), 'talkif-test-'))
  // Root's PostgreSQL runs as somebody else; where that one may not look, its files would lie, and stay, in another folder.
  chmodSync(folder, 0o755)
  const server = await startEmbeddedPostgres(folder, [
    ...['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'max_connections=600'],
    // What a database does in the background over hours.
    ...['autovacuum=off', 'wal_level=minimal', 'max_wal_senders=0', 'max_wal_size=8GB', 'io_method=sync'],
  ])
  const template = databaseUrl(server.url, 'template')
  const admin = postgres(server.url, { max: 1, onnotice: () => {} })
  await admin`create database template`
  await admin.end()
  await migrateDatabase(template)
  const jobs = await openJobs(template, false, openLog('silent'))
  await jobs.stop()
  project.provide('postgresUrl', server.url)
  return async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

export const databaseUrl = (serverUrl: string, name: string): string => serverUrl.replace(/[^/]+$/, name)
