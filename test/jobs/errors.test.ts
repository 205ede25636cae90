import { Writable } from 'node:stream'
import { pino } from 'pino'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { openJobs } from '../../runtime/jobs/boss.ts'
import { queues } from '../../runtime/jobs/queues.ts'
import { freshDatabase } from '../harness/database.ts'
import { until } from '../harness/until.ts'

test('an error of the job queue is logged as the error it is', async ({ onTestFinished }) => {
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const lines: { msg: string; err?: { message: string } }[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const jobs = await openJobs(database.url, true, pino(stream))
  onTestFinished(jobs.stop)
  const nothing = async () => {}
  await jobs.work(Object.fromEntries(Object.keys(queues).map((name) => [name, nothing])) as never)
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  await sql`alter table pgboss.job_common rename to moved`
  await sql`insert into pgboss.job (name, policy) values ('deliver', 'standard')`
  // A worker's, which pg-boss copies; its supervisor may have met the same.
  const told = await until(() => lines.find(({ err }) => err?.message.includes('Queue: deliver')))
  await sql`alter table pgboss.moved rename to job_common`
  await sql.end()
  expect(told).toMatchObject({
    msg: 'jobs: the database did not answer; trying again',
    err: {
      type: 'Error',
      code: '42P01',
      message: expect.stringContaining('pgboss.job_common'),
      stack: expect.any(String),
    },
  })
})
