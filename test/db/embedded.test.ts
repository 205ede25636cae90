import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { startEmbeddedPostgres } from '../../runtime/db/embedded.ts'
import { folder, postgresOf } from '../cli/processes.ts'

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
