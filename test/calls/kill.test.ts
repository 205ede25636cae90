import { expect, test } from 'vitest'
import { serve } from '../../cli/serve.ts'
import { NODE_ALIVE_SECONDS } from '../../runtime/calls/media-nodes.ts'
import { readConfig } from '../../runtime/config.ts'
import type { Sql } from '../../runtime/db/connect.ts'
import { and, count, eq, gt, inArray, isNotNull, isNull, or } from '../../runtime/db/drizzle.ts'
import { attempts, calls, events, history } from '../../runtime/db/schema.ts'
import { openLog } from '../../runtime/log.ts'
import { freshDatabase } from '../harness/database.ts'
import { freePort } from '../harness/ports.ts'
import { type Process, startSandboxProcess, startServerProcess } from '../harness/processes.ts'
import { seeded } from '../harness/random.ts'
import { freshDataDir, openWorkspace, type Workspace } from '../harness/talkif.ts'

const LEADS = 1000
const WORKERS = 3
/** Many, because each may send only so many leads a second. */
const WORKSPACES = 12
/** As many calls at once as two cores give their audio in time: those that moved a moment ago. */
const ALIVE_AT_ONCE = 120
const A_MOMENT_MS = 4_000
/** With those that wait until it is known that their worker is dead. */
const OPEN_AT_ONCE = 400
/** After so many rings nobody is killed: what the last ones left behind is found while the others go on. */
const LAST_KILL = 0.8 * LEADS
const seed = Number(process.env.TALKIF_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** One attempt: a number that rings twice is a fault, whatever happened to the first ring. */
const flow = `
id: flow_once
match:
  source: form
agent:
  greeting: Hi, an AI assistant for {business}, on a recorded call. A minute?
on:
  no_answer: retry(15m, max=1)
`

/** Valid, and different for each lead. */
const number = (index: number) => `+90532${1_000_000 + index * 7}`

const open = ['queued', 'held', 'dialing', 'in_progress', 'retry_scheduled'] as const

test(`${LEADS} leads under kill -9 of ${WORKERS} workers: none lost, none rung twice, none stuck (seed ${seed})`, {
  timeout: 300_000,
}, async ({ onTestFinished }) => {
  const random = seeded(seed)
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const data = freshDataDir()
  onTestFinished(data.drop)
  const sandbox = await startSandboxProcess(database.url, { callee: { answersOneOf: 3, hangsUpAfterMs: 2_000 } })
  onTestFinished(sandbox.close)
  const place = { databaseUrl: database.url, sandboxUrl: sandbox.url, dataDir: data.path }
  const served = await serveApi(place)
  onTestFinished(() => served.close())
  const workers = await startWorkers(place)
  onTestFinished(() => workers.stop())
  const workspaces = await Promise.all(Array.from({ length: WORKSPACES }, () => openSpace(served)))
  onTestFinished(async () => void (await Promise.all(workspaces.map(({ inbox }) => inbox.close()))))
  const { db } = served.runtime

  const started = performance.now()
  const accepted: string[] = []
  let nextKillAt = random.between(20, 60)
  let moved = { events: 0, at: started }
  for (;;) {
    const running = inArray(calls.status, open)
    const moving = gt(calls.updatedAt, new Date(Date.now() - A_MOMENT_MS))
    const [opened, alive, written] = await Promise.all([
      db.$count(calls, running),
      db.$count(calls, and(running, moving)),
      db.$count(history),
    ])
    if (accepted.length === LEADS && opened === 0) break
    if (written > moved.events) moved = { events: written, at: performance.now() }
    // Longer than any wait there is: what did not move is stuck, and is found below.
    if (performance.now() - moved.at > 60_000) {
      console.log(await whatWaits(served.runtime.sql))
      break
    }
    const room = Math.max(0, Math.min(ALIVE_AT_ONCE - alive, OPEN_AT_ONCE - opened, LEADS - accepted.length))
    const indexes = Array.from({ length: room }, (_, i) => accepted.length + i)
    accepted.push(...(await Promise.all(indexes.map((index) => post(workspaces, index)))))
    const rung = sandbox.rang().length
    if (rung >= nextKillAt && rung < LAST_KILL) {
      // Mostly one; now and then all of them at once.
      workers.kill(random.next() < 0.2 ? WORKERS : 1, random.next)
      nextKillAt = rung + random.between(110, 150)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const seconds = Math.round((performance.now() - started) / 1000)

  const rows = await db.select().from(calls)
  const dials = await db.select().from(attempts)
  const outcomes = await db.select().from(events).where(isNotNull(events.callId))
  const happened = await db.select({ event: history.event, n: count() }).from(history).groupBy(history.event)
  const rang = sandbox.rang()
  const violations = await sandbox.violations()
  console.log(
    JSON.stringify({
      ...{ seed, seconds, kills: workers.killed.length, rings: rang.length, violations: violations.length },
      history: Object.fromEntries(happened.map(({ event, n }) => [event, n])),
      ends: tally(rows.map((row) => `${row.outcome}/${row.reason}`)),
    }),
  )

  expect(workers.killed.length).toBeGreaterThanOrEqual(5)
  // None lost: every accepted lead has one call, one outcome, one event of it, and that arrived.
  expect(rows.map(({ id }) => id).toSorted()).toEqual(accepted.toSorted())
  expect(rows.filter(({ status, outcome }) => status !== 'completed' || !outcome)).toEqual([])
  await Promise.all(workspaces.map((workspace) => workspace.idle()))
  const sent = outcomes.filter(({ type }) => type.startsWith('outcome.'))
  expect(several(sent.map(({ callId }) => callId))).toEqual([])
  expect(sent.length).toBe(LEADS)
  const arrived = new Set(workspaces.flatMap(({ inbox }) => inbox.hooks.map(({ headers }) => headers['webhook-id'])))
  expect(sent.filter(({ id }) => !arrived.has(id))).toEqual([])
  // None rung twice, and everybody was rung: the sandbox never died.
  expect(several(rang.map(({ to }) => to))).toEqual([])
  expect(rang.length).toBe(LEADS)
  expect(several(dials.map(({ callId }) => callId))).toEqual([])
  const owner = new Map(dials.map(({ carrierId, phone }) => [carrierId, phone]))
  expect(rang.filter(({ callSid, to }) => owner.get(callSid) !== to)).toEqual([])
  // None stuck.
  const open_ = or(isNull(attempts.endedAt), isNotNull(attempts.lockKey))
  expect(await db.select().from(attempts).where(open_)).toEqual([])
  expect(await db.select().from(calls).where(isNotNull(calls.openPhone))).toEqual([])
  expect(violations).toEqual([])
  // One in three is answered and hangs up, the others ring out; a conversation is lost with the process that carried it, or not at all.
  const lost = new Set(rows.filter(({ reason }) => reason === 'media_lost').map(({ id }) => id))
  const wasKilled = ({ mediaUrl, askedAt }: (typeof dials)[number]) =>
    workers.killed.some(
      ({ port, at }) => mediaUrl.includes(`:${port}/`) && at > askedAt.getTime() - (NODE_ALIVE_SECONDS + 1) * 1_000,
    )
  const unexplained = dials.filter((dial) => lost.has(dial.callId) && !wasKilled(dial))
  // Some hang up before a process that has just started has taken their stream.
  expect(unexplained.filter(({ streamTokenUsedAt }) => streamTokenUsedAt !== null)).toEqual([])
  expect(unexplained.length).toBeLessThan(LEADS / 10)
  expect(await db.$count(calls, eq(calls.reason, 'hung_up'))).toBeGreaterThan(0)
  expect(await db.$count(calls, eq(calls.reason, 'no_answer'))).toBeGreaterThan(LEADS / 2)
  expect(new Set(rows.map(({ reason }) => reason))).toEqual(new Set(['hung_up', 'no_answer', 'media_lost']))
})

/** What the database is doing, for somebody who has to find out why nothing moves. */
async function whatWaits(sql: Sql): Promise<string> {
  const sessions = await sql`
    select application_name as app, state, wait_event as waits, extract(epoch from now() - state_change)::int as seconds,
      left(query, 80) as query, count(*)::int as n
    from pg_stat_activity where datname = current_database() group by 1, 2, 3, 4, 5 order by n desc limit 40`
  const jobs = await sql`select name, state, count(*)::int as n from pgboss.job group by 1, 2`
  return [...sessions, ...jobs].map((row) => JSON.stringify(row)).join('\n')
}

const tally = (names: string[]) =>
  Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]))

/** What is there more than once. */
const several = (names: string[]) => Object.entries(tally(names)).filter(([, times]) => times > 1)

interface Place {
  databaseUrl: string
  sandboxUrl: string
  dataDir: string
}

/** The process that takes leads; this one, and nobody kills it. */
function serveApi({ databaseUrl, sandboxUrl, dataDir }: Place) {
  const config = readConfig({
    ...{ PORT: '0', DATABASE_URL: databaseUrl, TALKIF_SANDBOX_URL: sandboxUrl, TALKIF_DATA_DIR: dataDir },
  })
  const roles = { api: true, worker: false, media: false }
  return serve({ ...config, allowLoopbackWebhooks: true }, { roles, log: openLog('fatal') })
}

async function openSpace(served: Awaited<ReturnType<typeof serveApi>>): Promise<Workspace> {
  const workspace = await openWorkspace(served)
  const webhooks = [{ url: workspace.inbox.url, events: ['outcome.*'] }]
  await workspace.configure({ webhooks, sandbox: { pace: 1, waits: 60 } })
  await workspace.deploy(flow)
  return workspace
}

async function post(workspaces: Workspace[], index: number): Promise<string> {
  const { api } = workspaces[index % workspaces.length]!
  const lead = { phone: number(index), source: 'form', flow_id: 'flow_once', language: 'en', consent: true } as const
  return (await api.createLead(lead)).call_id
}

interface Worker extends Process {
  port: number
}

async function startWorkers(place: Place) {
  const running: Worker[] = []
  const starting: Promise<unknown>[] = []
  let stopped = false
  const killed: { port: number; at: number }[] = []
  const launch = async (port: number): Promise<void> => {
    if (stopped) return
    const worker = await startServerProcess({ ...place, port }, { api: false, worker: true, media: true })
    running.push({ ...worker, port })
  }
  const ports = await Promise.all(Array.from({ length: WORKERS }, freePort))
  await Promise.all(ports.map(launch))
  return {
    killed,
    /** kill -9 for as many as are up, chosen by `draw`; others take their places at once. */
    kill(howMany: number, draw: () => number): void {
      for (let i = 0; i < howMany && running.length > 0; i++) {
        const [victim] = running.splice(Math.floor(draw() * running.length), 1)
        killed.push({ port: victim!.port, at: Date.now() })
        starting.push(victim!.kill().then(() => launch(victim!.port)))
      }
    },
    async stop(): Promise<void> {
      stopped = true
      await Promise.allSettled(starting)
      await Promise.all(running.map((worker) => worker.kill()))
    },
  }
}
