import { readFileSync } from 'node:fs'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { freshDatabase } from '../harness/database.ts'

const spanPosition = readFileSync(
  new URL('../../runtime/db/migrations/0004_span_position.sql', import.meta.url),
  'utf8',
)

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
  await sql`insert into spans (trace_id, span_id, name, started_at, ended_at, status, attributes)
    values ('t', 's', 'dial.start', now(), now(), 'ok', '{}')`
  for (const statement of spanPosition.split('--> statement-breakpoint')) await sql.unsafe(statement)
  expect(await position()).toEqual(usual)
  expect(await sql`select name from spans`).toMatchObject([{ name: 'dial.start' }])
})
