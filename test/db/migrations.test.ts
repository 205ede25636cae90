import postgres from 'postgres'
import { expect, test } from 'vitest'
import { migrateDatabase } from '../../runtime/db/connect.ts'
import { freshDatabase } from '../harness/database.ts'

/** The time of 0003_span_order in the journal. */
const SPAN_ORDER = 1_795_536_722_270

test('a database that once numbered its spans by an identity column starts again, and its spans stay', async ({
  onTestFinished,
}) => {
  const { url, drop } = await freshDatabase()
  onTestFinished(drop)
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  onTestFinished(() => sql.end())
  const position = () => sql`
    select is_identity, is_nullable, column_default from information_schema.columns
    where table_name = 'spans' and column_name = 'position'`
  const usual = await position()
  expect(usual).toMatchObject([{ is_identity: 'NO', is_nullable: 'NO', column_default: '0' }])

  await sql`alter table spans drop column position`
  await sql`alter table spans add column position bigint not null generated always as identity`
  await sql`delete from drizzle.__drizzle_migrations where created_at > ${SPAN_ORDER}`
  await sql`insert into spans (trace_id, span_id, name, started_at, ended_at, status, attributes)
    values ('t', 's', 'dial.start', now(), now(), 'ok', '{}')`
  await migrateDatabase(url)
  expect(await position()).toEqual(usual)
  expect(await sql`select name from spans`).toMatchObject([{ name: 'dial.start' }])
})
