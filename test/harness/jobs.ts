import type { Served } from '../../cli/serve.ts'
import type { JobName } from '../../runtime/jobs/queues.ts'

/** A job that waits, and how long it was told to wait, by the database's clock. */
export interface Waiting {
  data: Record<string, unknown>
  delayMs: number
}

export async function waitingJobs({ runtime }: Served, name: JobName): Promise<Waiting[]> {
  const rows = await runtime.sql`
    select data, 1000 * extract(epoch from start_after - created_on) as delay
    from pgboss.job where name = ${name} and state in ('created', 'retry') order by created_on`
  return rows.map((row) => ({ data: row.data, delayMs: Number(row.delay) }))
}

/** Lets the waits of a kind of job be over now: time passes by data, not by the clock. */
export async function hasten({ runtime }: Served, name: JobName): Promise<void> {
  await runtime.sql`
    update pgboss.job set start_after = now() where name = ${name} and state in ('created', 'retry') and start_after > now()`
}
