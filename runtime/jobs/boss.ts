import { fromDrizzle, type Job, type JobResult, PgBoss } from 'pg-boss'
import type { Tx } from '../db/connect.ts'
import { sql } from '../db/drizzle.ts'
import type { Log } from '../log.ts'
import { type JobName, type Jobs, queues } from './queues.ts'

export interface SendJobOptions {
  /** Real milliseconds from now; the database's clock decides when they are over. */
  delayMs?: number
  priority?: number
}

/** Sends a job inside `tx`: it exists if and only if the transaction commits. */
export type SendJob = <N extends JobName>(tx: Tx, name: N, data: Jobs[N], options?: SendJobOptions) => Promise<void>

/** Sends any number of jobs of one kind inside `tx`, in one statement. */
export type SendJobs = <N extends JobName>(
  tx: Tx,
  name: N,
  jobs: { data: Jobs[N]; options?: SendJobOptions }[],
) => Promise<void>

export type Handlers = { [N in JobName]: (data: Jobs[N]) => Promise<void> }

export interface JobRuntime {
  send: SendJob
  sendAll: SendJobs
  work(handlers: Handlers): Promise<void>
  /** Takes no further job and waits for the running ones; jobs can still be sent. */
  rest(): Promise<void>
  stop(): Promise<void>
}

/** How the jobs behave when a worker dies: found by its missing heartbeat within 12 s, then run again elsewhere. */
const everyQueue = {
  heartbeatSeconds: 10,
  retryLimit: 1000,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 30,
  notify: true,
}

const names = Object.keys(queues) as JobName[]

/** @param works whether this process takes jobs, or only sends them. */
export async function openJobs(databaseUrl: string, works: boolean, log: Log): Promise<JobRuntime> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    application_name: 'talkif-jobs',
    max: works ? 8 : 3,
    useListenNotify: works,
    supervise: works,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    schedule: works,
    registerInstance: false,
    openTelemetry: { enabled: false },
  })
  let stopping = false
  boss.on('error', (error) => {
    if (!stopping) log.warn({ err: asError(error) }, 'jobs: the database did not answer; trying again')
  })
  await boss.start()
  for (const name of names) {
    await boss.createQueue(name, { ...everyQueue, policy: queues[name].onePer ? 'short' : 'standard' })
  }
  return {
    async send(tx, name, data, options = {}) {
      await boss.send(name, data, { db: fromDrizzle(tx, sql), ...jobOptions(name, data, options) })
    },
    async sendAll(tx, name, jobs) {
      const rows = jobs.map(({ data, options = {} }) => ({ data, ...jobOptions(name, data, options) }))
      if (rows.length) await boss.insert(name, rows, { db: fromDrizzle(tx, sql) })
    },
    async work(handlers) {
      for (const name of names) await workOn(boss, name, handlers[name] as Handler, log)
      await boss.schedule('sweep', '* * * * *', {})
    },
    async rest() {
      if (works) await Promise.allSettled(names.map((name) => boss.offWork(name, { wait: true })))
    },
    stop() {
      // Its last connections may outlive it, and meet a database that is stopping too.
      stopping = true
      return boss.stop({ graceful: true, timeout: 20_000 })
    },
  }
}

/**
 * pg-boss also tells of errors by copies of them, plain objects that a log would not know how to print. When its connection is gone,
 * its driver says so in words alone.
 */
function asError(told: Error): Error {
  const error = told instanceof Error ? told : Object.assign(new Error(), told)
  const isGone = /^Connection terminated|^timeout exceeded when trying to connect|is not queryable$/.test(error.message)
  return isGone ? Object.assign(error, { code: 'CONNECTION_CLOSED' }) : error
}

function jobOptions<N extends JobName>(name: N, data: Jobs[N], { delayMs, priority }: SendJobOptions) {
  const { onePer } = queues[name]
  return {
    ...(delayMs && delayMs > 0 ? { startAfter: delayMs / 1000 } : {}),
    ...(priority ? { priority } : {}),
    ...(onePer ? { singletonKey: (data as Record<string, string>)[onePer] } : {}),
  }
}

type Handler = (data: object) => Promise<void>

function workOn(boss: PgBoss, name: JobName, handler: Handler, log: Log): Promise<string> {
  const { workers, batch, pollSeconds } = queues[name]
  const options = {
    localConcurrency: workers,
    batchSize: batch,
    // A worker that found a full batch looks again at once; otherwise it would sleep with a burst still waiting.
    burstWhenBatchFull: batch > 1,
    pollingIntervalSeconds: pollSeconds,
    notifyPollingIntervalSeconds: pollSeconds,
    perJobResults: true as const,
  }
  return boss.work<object, unknown, typeof options>(name, options, (jobs) =>
    Promise.all(jobs.map((job) => runOne(job, handler, log))),
  )
}

async function runOne(job: Job<object>, handler: Handler, log: Log): Promise<JobResult> {
  try {
    await handler(job.data)
    return { id: job.id, status: 'completed' }
  } catch (error) {
    log.error({ err: error, job: job.name, id: job.id, retry: job.retryCount }, 'a job failed and will be tried again')
    return { id: job.id, status: 'failed', output: { error: (error as Error).name } }
  }
}
