import { expect, test } from 'vitest'
import { connect } from '../../runtime/db/connect.ts'
import { openLog } from '../../runtime/log.ts'
import { openTelemetry } from '../../runtime/telemetry/spans.ts'
import { freshDatabase } from '../harness/database.ts'
import { until } from '../harness/until.ts'

test('a flush waits for the batch that is on its way already', async ({ onTestFinished }) => {
  const database = await freshDatabase()
  const { sql, db } = connect(database.url, 3)
  const telemetry = openTelemetry(db, openLog('silent'))
  onTestFinished(async () => {
    await telemetry.close()
    await sql.end()
    await database.drop()
  })
  const { flushed } = await sql.begin(async (tx) => {
    await tx`lock table spans in exclusive mode`
    telemetry.span({ traceId: telemetry.newTraceId() }, 'dial.start', { startedAt: 0, endedAt: 1 })
    const waits = () => sql`select 1 from pg_locks where not granted and relation = 'spans'::regclass`
    await until(async () => (await waits()).length > 0)
    // The processor has nothing left to begin.
    return { flushed: telemetry.flush() }
  })
  await flushed
  expect(await sql`select name from spans`).toEqual([{ name: 'dial.start' }])
})
