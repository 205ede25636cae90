import { unbook } from './bookings/settle.ts'
import { CALL_CHANNEL } from './calls/advance.ts'
import { dial } from './calls/dial.ts'
import { type Media, openMedia } from './calls/media.ts'
import { heartbeats, watchNodes } from './calls/media-nodes.ts'
import { reconcile } from './calls/reconcile.ts'
import { settleUnheard } from './calls/settle.ts'
import { sweep } from './calls/sweep.ts'
import { lookAfterTransfer } from './calls/transfer/look.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { connect, type Db, migrateDatabase, type Sql } from './db/connect.ts'
import { deploymentSecrets } from './db/schema.ts'
import { tellOutages } from './db/tell-outages.ts'
import { inWords } from './db/trouble.ts'
import type { CallChanges, DeploymentSecrets, Deps } from './deps.ts'
import { FlowVersions } from './flows/read.ts'
import { Routers } from './flows/routing.ts'
import { newId, randomToken } from './ids.ts'
import { type Handlers, type JobRuntime, openJobs } from './jobs/boss.ts'
import { openLeadWriter } from './leads/write-together.ts'
import { type Log, openLog } from './log.ts'
import { sendMessage } from './messages/send.ts'
import { openNetworks, type SandboxUrls } from './networks.ts'
import { openOutbound } from './outbound.ts'
import { openTelemetry } from './telemetry/spans.ts'
import { openTogether } from './together.ts'
import { deliver } from './webhooks/deliver.ts'
import { openWebhookPoster } from './webhooks/post.ts'

/** What a process does besides answering requests. */
export interface Roles {
  /** Takes jobs: dials, decides, delivers. */
  worker: boolean
  /** Carries conversations. */
  media: boolean
}

export interface RuntimeOptions {
  databaseUrl: string
  roles: Roles
  /** Made once the deployment's secrets are known, which its servers share with the adapters. */
  sandbox: (secrets: DeploymentSecrets) => Promise<SandboxUrls>
  /** How the sandbox of this process reaches this process; undefined when the sandbox runs elsewhere. */
  localUrl?: string
  clock?: Clock
  /** The clock of the sandbox of this process; `clock` when it runs elsewhere. */
  sandboxClock?: Clock
  log?: Log
  maxConnections?: number
}

export interface Runtime extends Deps {
  media: Media | undefined
  /** Takes no more work, and lets conversations end for at most `ms`. */
  drain(ms: number): Promise<void>
  /** Closes everything; without a drain before, nothing is waited for. */
  close(): Promise<void>
}

/**
 * Opens the database, brings its tables up to date, and starts what the roles ask for.
 * @throws Error, in words for the user, when the database cannot be used.
 */
export async function openRuntime(config: Config, options: RuntimeOptions): Promise<Runtime> {
  const { databaseUrl, roles, localUrl, clock = systemClock, sandboxClock = clock } = options
  await migrateDatabase(databaseUrl).catch((error) => {
    throw config.databaseUrl ? inWords(error, databaseUrl) : error
  })
  const { sql, db } = connect(databaseUrl, options.maxConnections ?? 20)
  const outages = tellOutages(options.log ?? openLog(config.logLevel), clock, async () => sql`select 1`)
  const { log } = outages
  const secrets = await sharedSecrets(db)
  const sandbox = await options.sandbox(secrets)
  const telemetry = openTelemetry(db, log)
  const jobs = await openJobs(databaseUrl, roles.worker, log)
  const node = roles.media ? { id: newId('node'), url: config.mediaUrl } : undefined
  const networks = openNetworks({ config, clock, log, db, secrets, sandbox, node, localUrl })
  const webhooks = openWebhookPoster({ allowLoopback: config.allowLoopbackWebhooks })
  const callChanges = await listenForChanges(sql, clock)
  const base = {
    ...{ config, clock, sandboxClock, log, db, sql, telemetry, networks, callChanges, secrets },
    send: jobs.send,
    sendAll: jobs.sendAll,
    postWebhook: webhooks.post,
    fetchOutside: openOutbound({ allowLoopback: config.allowLoopbackWebhooks }),
    routers: new Routers(),
    flowVersions: new FlowVersions(),
    // Only jobs ask.
    nodes: roles.worker ? watchNodes(clock, () => heartbeats(db)) : { isGone: () => false, close() {} },
  }
  const deps: Deps = { ...base, writeLead: openLeadWriter(base), together: openTogether(() => deps) }
  const media = node && (await openMedia(deps, node))
  if (roles.worker) await jobs.work(handlers(deps))
  let drained: Promise<void> | undefined
  const drain = (ms: number) => {
    drained ??= stopWork(jobs, media, ms)
    return drained
  }
  return {
    ...deps,
    media,
    drain,
    async close() {
      await drain(0)
      deps.nodes.close()
      outages.close()
      networks.close()
      webhooks.close()
      await telemetry.close()
      await sql.end({ timeout: 5 })
    },
  }
}

async function stopWork(jobs: JobRuntime, media: Media | undefined, drainMs: number): Promise<void> {
  // A conversation that ends meanwhile still sends jobs; another process does them, or the next start.
  await jobs.rest()
  await media?.drain(drainMs)
  await jobs.stop()
}

/** Every kind of job and who does it. */
const handlers = (deps: Deps): Handlers => ({
  dial: (job) => dial(deps, job),
  reconcile: (job) => reconcile(deps, job),
  settle: (job) => settleUnheard(deps, job),
  transfer: (job) => lookAfterTransfer(deps, job),
  message: (job) => sendMessage(deps, job),
  deliver: (job) => deliver(deps, job, 'deliver'),
  deliver_failing: (job) => deliver(deps, job, 'deliver_failing'),
  unbook: (job) => unbook(deps, job),
  sweep: () => sweep(deps),
})

async function sharedSecrets(db: Db): Promise<DeploymentSecrets> {
  const names = ['artifactLinks', 'sandboxAuthToken', 'sandboxApiKey'] as const
  await db
    .insert(deploymentSecrets)
    .values(names.map((name) => ({ name, value: randomToken(32) })))
    .onConflictDoNothing()
  const rows = await db.select().from(deploymentSecrets)
  return Object.fromEntries(rows.map((row) => [row.name, row.value])) as unknown as DeploymentSecrets
}

async function listenForChanges(sql: Sql, clock: Clock): Promise<CallChanges> {
  const waiting = new Map<string, Set<() => void>>()
  let stopped = false
  await sql.listen(CALL_CHANNEL, (callId) => {
    for (const wake of waiting.get(callId) ?? []) wake()
  })
  return {
    next(callId, ms, signal) {
      return new Promise((resolve) => {
        const done = () => {
          clock.clearTimeout(timer)
          signal?.removeEventListener('abort', done)
          const others = waiting.get(callId)
          others?.delete(done)
          if (others?.size === 0) waiting.delete(callId)
          resolve()
        }
        const timer = clock.setTimeout(done, ms)
        signal?.addEventListener('abort', done)
        const others = waiting.get(callId) ?? new Set()
        waiting.set(callId, others.add(done))
        if (stopped || signal?.aborted) done()
      })
    },
    stop() {
      stopped = true
      for (const wakes of [...waiting.values()]) for (const wake of [...wakes]) wake()
    },
    get stopped() {
      return stopped
    },
  }
}
