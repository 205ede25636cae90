import { count, eq, inArray, isNotNull, isNull, not, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { serve } from '../../cli/serve.ts'
import { readConfig } from '../../runtime/config.ts'
import { attempts, calls, events, history } from '../../runtime/db/schema.ts'
import type { Deps } from '../../runtime/deps.ts'
import { openLog } from '../../runtime/log.ts'
import { freshDatabase } from '../harness/database.ts'
import { freePort, type Process, startSandboxProcess, startServerProcess } from '../harness/processes.ts'
import { seeded } from '../harness/random.ts'
import { freshDataDir, openWorkspace, type Workspace } from '../harness/talkif.ts'

const LEADS = Number(process.env.TALKIF_KILL_LEADS ?? 1000)
const WORKERS = 3
const WORKSPACES = 25
/** Calls open at once: as many as two cores can give their audio in time. */
const OPEN_AT_ONCE = Number(process.env.TALKIF_OPEN ?? 100)
const seed = Number(process.env.TALKIF_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** One attempt, so that a number that rings twice is a fault whatever happened; a conversation of a few seconds. */
const flow = `
id: flow_short
match:
  source: form
agent:
  greeting: Hi, an AI assistant for {business}, on a recorded call. A minute?
on:
  no_answer: retry(15m, max=1)
`

/** Valid and never anybody's: they live only on the sandbox network, where everybody answers. */
const number = (index: number) => `+90532${String(1_000_000 + index * 7).padStart(7, '0')}`

const open = ['queued', 'held', 'dialing', 'in_progress', 'retry_scheduled'] as const

test(`1,000 leads under kill -9 of ${WORKERS} workers: none lost, none rung twice, none stuck (seed ${seed})`, async ({
  onTestFinished,
}) => {
  const random = seeded(seed)
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const data = freshDataDir()
  onTestFinished(data.drop)
  const sandbox = await startSandboxProcess(database.url)
  onTestFinished(sandbox.close)
  const config = readConfig({ PORT: '0', DATABASE_URL: database.url, TALKIF_SANDBOX_URL: sandbox.url })
  const served = await serve(
    { ...config, allowLoopbackWebhooks: true },
    { roles: { api: true, worker: false, media: false }, log: openLog('fatal') },
  )
  onTestFinished(() => served.close())
  const { db } = served.runtime

  const workers = await startWorkers({ databaseUrl: database.url, sandboxUrl: sandbox.url, dataDir: data.path })
  onTestFinished(workers.stop)
  const workspaces = await Promise.all(
    Array.from({ length: WORKSPACES }, async () => {
      const workspace = await openWorkspace(served)
      await workspace.configure({
        webhooks: [{ url: workspace.inbox.url, events: ['outcome.*'] }],
        sandbox: { pace: 20, waits: 60 },
      })
      await workspace.deploy(flow)
      return workspace
    }),
  )
  onTestFinished(() => Promise.all(workspaces.map(({ inbox }) => inbox.close())).then(() => {}))

  const started = performance.now()
  const accepted: string[] = []
  let nextKillAt = random.between(20, 60)
  for (;;) {
    const [state] = await db.select({ n: count() }).from(calls).where(inArray(calls.status, open))
    const room = Math.min(OPEN_AT_ONCE - state!.n, LEADS - accepted.length)
    const indexes = Array.from({ length: Math.max(room, 0) }, (_, i) => accepted.length + i)
    accepted.push(...(await Promise.all(indexes.map((index) => post(workspaces, index)))))
    const rung = sandbox.rang().length
    if (rung >= nextKillAt) {
      // Mostly one; now and then all of them at once.
      const victims = random.next() < 0.15 ? WORKERS : 1
      for (let i = 0; i < victims; i++) workers.killOne(random.next())
      nextKillAt = rung + random.between(60, 120)
    }
    if (accepted.length === LEADS && state!.n === 0) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const seconds = (performance.now() - started) / 1000
  await Promise.all(workspaces.map((workspace) => workspace.idle()))
  await workers.settled()

  const rows = await db.select().from(calls)
  const dials = await db.select().from(attempts)
  const outcomes = await db
    .select({ callId: events.callId, n: count() })
    .from(events)
    .where(sql`${events.type} like 'outcome.%'`)
    .groupBy(events.callId)
  const rang = sandbox.rang()
  const times = Map.groupBy(rang, ({ to }) => to)
  const figures = {
    seed,
    seconds: Math.round(seconds),
    kills: workers.kills,
    rings: rang.length,
    redialed: (await db.select({ n: count() }).from(history).where(eq(history.event, 'not_placed')))[0]!.n,
    ends: Object.fromEntries(
      [...Map.groupBy(rows, (row) => `${row.outcome}/${row.reason}`)].map(([end, some]) => [end, some.length]),
    ),
  }
  const why = JSON.stringify(figures)
  console.log(why)
})

async function post(workspaces: Workspace[], index: number): Promise<string> {
  const lead = { phone: number(index), source: 'form', flow_id: 'flow_short', language: 'en', consent: true } as const
  return (await workspaces[index % workspaces.length]!.api.createLead(lead)).call_id
}

async function startWorkers(place: { databaseUrl: string; sandboxUrl: string; dataDir: string }) {
  const roles = { api: false, worker: true, media: true }
  const running = new Set<Process>()
  let starting: Promise<unknown>[] = []
  let stopped = false
  let kills = 0
  const launch = async (port: number): Promise<void> => {
    const worker = await startServerProcess({ ...place, port }, roles)
    if (stopped) return worker.kill()
    running.add(Object.assign(worker, { port }))
  }
  const ports = await Promise.all(Array.from({ length: WORKERS }, freePort))
  await Promise.all(ports.map(launch))
  return {
    get kills() {
      return kills
    },
    /** kill -9 for one that is up, chosen by `draw` of [0, 1); another takes its place on its port at once. */
    killOne(draw: number) {
      const victim = [...running][Math.floor(draw * running.size)] as (Process & { port: number }) | undefined
      if (!victim) return
      kills++
      running.delete(victim)
      starting.push(victim.kill().then(() => launch(victim.port)))
    },
    settled: () => Promise.all(starting),
    async stop() {
      stopped = true
      await Promise.allSettled(starting)
      await Promise.all([...running].map((worker) => worker.kill()))
    },
  }
}
