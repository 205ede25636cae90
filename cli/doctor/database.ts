import { readFileSync } from 'node:fs'
import type { Config } from '../../runtime/config.ts'
import { connect, migrationsFolder, type Sql } from '../../runtime/db/connect.ts'
import { clockFinding, type Finding, fail, ok, warn } from './finding.ts'

/** What PostgreSQL 13 brought is used. */
const OLDEST = 13
/** Which processes carry media, and when jobs are due, is told by the clock of the database. */
const CLOCK_TOLERANCE_MS = 5_000

/** The database of DATABASE_URL: whether it answers, its version, its tables and its clock. */
export async function database({ databaseUrl, dataDir }: Config): Promise<Finding[]> {
  if (!databaseUrl) return [ok('database', `PostgreSQL from npm, below ${dataDir}; DATABASE_URL names another`)]
  const { sql } = connect(databaseUrl, 2)
  try {
    return await look(sql)
  } catch (error) {
    const { message } = error as Error
    return [
      fail('database', `it does not answer: ${message}`, 'Start it, or mend DATABASE_URL: host, user, password, name.'),
    ]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function look(sql: Sql): Promise<Finding[]> {
  const before = Date.now()
  const [row] = await sql<{ number: string; name: string; now: Date }[]>`
    select current_setting('server_version_num') as number, current_setting('server_version') as name, now() as now`
  const { number, name, now } = row!
  const ours = (before + Date.now()) / 2
  return [
    Number(number) >= OLDEST * 10_000
      ? ok('database', `PostgreSQL ${name}`)
      : fail('database', `PostgreSQL ${name} is too old`, `Use PostgreSQL ${OLDEST} or newer.`),
    await tables(sql),
    clockFinding('database clock', new Date(now).getTime(), ours, CLOCK_TOLERANCE_MS),
  ]
}

async function tables(sql: Sql): Promise<Finding> {
  const [{ known } = { known: false }] = await sql<{ known: boolean }[]>`
    select to_regclass('drizzle.__drizzle_migrations') is not null as known`
  if (!known) return ok('tables', 'none yet; the first start makes them')
  const [{ done } = { done: 0 }] = await sql<{ done: number }[]>`
    select count(*)::int as done from drizzle.__drizzle_migrations`
  const journal = JSON.parse(readFileSync(`${migrationsFolder}/meta/_journal.json`, 'utf8')) as { entries: unknown[] }
  const all = journal.entries.length
  if (done > all)
    return fail(
      'tables',
      `made by a newer Talkif (${done} steps, this one knows ${all})`,
      'Run the newer version here too.',
    )
  if (done < all)
    return warn(
      'tables',
      `${all - done} steps behind this version`,
      'Restart the server: it makes them when it starts.',
    )
  return ok('tables', 'as this version needs them')
}
