import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'
import { databaseUrl } from './postgres.ts'

/** A migrated database of a test file's own, and how to drop it. */
export async function freshDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const serverUrl = inject('postgresUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  const admin = () => postgres(serverUrl, { max: 1, onnotice: () => {} })
  const sql = admin()
  // Its files as they lie: through the log of what is written it would take three times as long.
  await sql`create database ${sql(name)} template template strategy file_copy`
  await sql.end()
  return {
    url: databaseUrl(serverUrl, name),
    async drop() {
      const again = admin()
      await again`drop database if exists ${again(name)} with (force)`
      await again.end()
    },
  }
}
