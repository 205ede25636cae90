import { test as base, expect } from 'vitest'
import { connect } from '../../runtime/db/connect.ts'
import { sql as raw } from '../../runtime/db/drizzle.ts'
import { freshDatabase } from '../harness/database.ts'

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the pattern to learn what a fixture needs
  .extend('pool', async ({}, { onCleanup }) => {
    const database = await freshDatabase()
    const pool = connect(database.url, 1)
    onCleanup(async () => {
      await pool.sql.end()
      await database.drop()
    })
    await pool.sql`create table notes (id int primary key, text text not null)`
    return pool
  })

/** How many prepared statements the driver lets queue up on one connection. */
const PIPELINE = 100

test('a transaction that begins behind a full pipeline is one', async ({ pool: { db, sql } }) => {
  const select = (id: number) => sql.unsafe('select $1::int', [id]).execute()
  await select(0)
  for (let before = PIPELINE - 3; before <= PIPELINE + 3; before++) {
    const ahead = Array.from({ length: before }, (_, id) => select(id))
    const undone = db.transaction(async (tx) => {
      await tx.execute(raw`insert into notes values (${before}, 'undone')`)
      throw new Error('undo')
    })
    await Promise.all([...ahead, expect(undone).rejects.toThrow('undo')])
  }
  expect(await db.execute(raw`select id from notes`)).toEqual([])
})

test('a statement too large for the socket goes through, and the next transaction is one', async ({ pool: { db } }) => {
  const large = 'x'.repeat(8 * 1024 * 1024)
  const [[kept]] = await Promise.all([
    db.transaction(async (tx) => {
      await tx.execute(raw`insert into notes values (1, ${large})`)
      return tx.execute<{ length: number }>(raw`select length(text) from notes where id = 1`)
    }),
    ...[2, 3, 4, 5].map((id) =>
      db
        .transaction((tx) => tx.execute(raw`insert into notes values (${id}, ${large})`).then(() => tx.rollback()))
        .catch(() => {}),
    ),
  ])
  expect(kept).toEqual({ length: large.length })
  expect(await db.execute(raw`select id from notes`)).toMatchObject([{ id: 1 }])
})

test('a statement that fails ends its transaction, and the connection serves the next', async ({ pool: { db } }) => {
  for (let round = 0; round < 20; round++) {
    const broken = db.transaction(async (tx) => {
      await tx.execute(raw`insert into notes values (1, 'lost')`)
      await tx.execute(raw`insert into nowhere values (1)`)
    })
    await expect(broken).rejects.toThrow()
  }
  expect(await db.execute(raw`select id from notes`)).toEqual([])
})

test('a host that does not answer is passed over for the next one', async ({ pool: { sql } }) => {
  const { host, port, database, user, pass } = sql.options
  const url = `postgres://${user}:${pass}@127.0.0.1:9,${host[0]}:${port[0]}/${database}`
  const other = connect(url, 5)
  expect(await other.sql`select 1 as one`).toMatchObject([{ one: 1 }])
  await other.sql.end()
})
