import { fromDrizzle, type Job, type JobResult, PgBoss } from 'pg-boss'
import { pause, systemClock } from '../clock.ts'
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

/** How the jobs behave when a worker dies: found by its missing heartbeat within 13 s, then run again elsewhere. */
const everyQueue = {
  heartbeatSeconds: 10,
  retryLimit: 1000,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 30,
  notify: true,
}

const names = Object.keys(queues) as JobName[]
const SUPERVISE_SECONDS = 3
/** How often a process looks whether a job has become due; new ones that are due at once are notified. */
const LOOK_MS = 400
/** How often each worker asks by itself, should a look or a notification be lost. */
const POLL_SECONDS = 30

/** @param works whether this process takes jobs, or only sends them. */
export async function openJobs(databaseUrl: string, works: boolean, log: Log): Promise<JobRuntime> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    application_name: 'talkif-jobs',
    max: works ? 4 : 2,
    useListenNotify: works,
    supervise: works,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
    schedule: works,
    registerInstance: false,
    openTelemetry: { enabled: false },
  })
  let stopping = false
  const looking = new AbortController()
  boss.on('error', (error) => {
    if (!stopping) log.warn({ err: asError(error) }, 'jobs: the database did not answer; trying again')
  })
  await boss.start()
  const there = new Set((await boss.getQueues()).map(({ name }) => name))
  for (const name of names.filter((it) => !there.has(it))) {
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
      const workers = new Map<string, string[]>()
      for (const name of names) workers.set(name, await workOn(boss, name, handlers[name] as Handler, log))
      await boss.schedule('sweep', '* * * * *', {})
      void wakeForDue(boss, workers, looking.signal)
    },
    async rest() {
      looking.abort()
      if (works) await Promise.allSettled(names.map((name) => boss.offWork(name, { wait: true })))
    },
    stop() {
      // Its last connections may outlive it, and meet a database that is stopping too.
      stopping = true
      looking.abort()
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
  const { onePer, retries } = queues[name]
  return {
    ...(delayMs && delayMs > 0 ? { startAfter: delayMs / 1000 } : {}),
    ...(priority ? { priority } : {}),
    ...(retries === undefined ? {} : { retryLimit: retries }),
    ...(onePer ? { singletonKey: (data as Record<string, string>)[onePer] } : {}),
  }
}

type Handler = (data: object) => Promise<void>

/** Each worker is a registration of its own: what pg-boss starts together cannot be woken one by one. */
function workOn(boss: PgBoss, name: JobName, handler: Handler, log: Log): Promise<string[]> {
  const { workers, batch } = queues[name]
  const options = {
    batchSize: batch,
    // A worker that found a full batch looks again at once; otherwise it would sleep with a burst still waiting.
    burstWhenBatchFull: batch > 1,
    pollingIntervalSeconds: POLL_SECONDS,
    notifyPollingIntervalSeconds: POLL_SECONDS,
    perJobResults: true as const,
  }
  const start = () =>
    boss.work<object, unknown, typeof options>(name, options, (jobs) =>
      Promise.all(jobs.map((job) => runOne(job, handler, log))),
    )
  return Promise.all(Array.from({ length: workers }, start))
}

/**
 * Wakes the workers of every queue that has jobs whose time has come. One light question of the process, where each worker would
 * ask by itself, a dozen times a second in all.
 */
async function wakeForDue(boss: PgBoss, workers: Map<string, string[]>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(systemClock, LOOK_MS, signal)
    if (signal.aborted) return
    try {
      const due = await boss.getDb().executeSql(DUE, [names])
      for (const { name } of due.rows) for (const id of workers.get(name) ?? []) boss.notifyWorker(id)
    } catch {
      // Without a database there is nothing to wake for; pg-boss tells of it.
    }
  }
}

/** By the index job_i14, however many jobs of a queue wait for a later time. */
const DUE = `
  select name from unnest($1::text[]) as queues (name) where exists (
    select 1 from pgboss.job where job.name = queues.name and job.state in ('created', 'retry') and not job.blocked
      and job.start_after <= now())`

async function runOne(job: Job<object>, handler: Handler, log: Log): Promise<JobResult> {
  try {
    await handler(job.data)
    return { id: job.id, status: 'completed' }
  } catch (error) {
    log.error({ err: error, job: job.name, id: job.id, retry: job.retryCount }, 'a job failed and will be tried again')
    return { id: job.id, status: 'failed', output: { error: (error as Error).name } }
  }
}
