import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '../../runtime/db/embedded.ts'
import { folder, postgresOf, postmaster } from '../cli/processes.ts'
import { until } from '../harness/until.ts'

test('a database whose password is gone is left alone; what a killed first start left is in the way of nothing', async () => {
  const place = folder()
  try {
    mkdirSync(join(place, 'postgres.new'))
    writeFileSync(join(place, 'postgres.new', 'PG_VERSION'), '18\n')
    const server = await startEmbeddedPostgres(place)
    const sql = postgres(server.url, { max: 1 })
    await sql`create table kept (n int)`
    await sql.end()
    await server.stop()
    expect(existsSync(join(place, 'postgres.new'))).toBe(false)
    const data = postgresOf(place)
    rmSync(join(place, 'postgres-password'))
    await expect(startEmbeddedPostgres(place)).rejects.toThrow(
      `There is a database in ${data}, but its password is gone`,
    )
    expect(existsSync(join(data, 'PG_VERSION'))).toBe(true)
    if (dirname(data) !== place) await rm(data, { recursive: true })
  } finally {
    await rm(place, { recursive: true, force: true })
  }
})

test('a server that is killed is started again, and still belongs to its process', async ({ onTestFinished }) => {
  const place = folder()
  const server = await startEmbeddedPostgres(place)
  onTestFinished(async () => {
    await server.stop()
    removeEmbeddedPostgres(place)
  })
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  onTestFinished(() => sql.end())
  await sql`create table kept (n int)`
  const killed = postmaster(place)!
  process.kill(killed, 'SIGKILL')
  await until(() => postmaster(place) !== killed)
  expect(await until(() => sql`select count(*)::int as n from kept`.catch(() => undefined))).toEqual([{ n: 0 }])
  const isRefused = () =>
    startEmbeddedPostgres(place).then(
      (second) => second.stop(),
      (error: Error) => error.message.startsWith('Another Talkif process is using'),
    )
  await until(isRefused)
})
