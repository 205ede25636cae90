import { type Child, startChild } from './child.ts'
import { type Figure, median, round } from './figures.ts'
import type { Hammer } from './load.ts'
import type { OpenServer } from './server.ts'
import type { Stage } from './stage.ts'
import { cpuMsOfFamily, type Usage } from './usage.ts'

const CONCURRENCY = 20
/** As `openRuntime` opens it. */
const MAX_CONNECTIONS = 20
const WARM_UP_MS = 2000
/** Many, as on a busy server, so that the rows of no single one are what is measured. */
const WORKSPACES = 200

/** What a stretch of work did: how many a second, and what one costs in CPU time. */
interface Stretch {
  perSecond: number
  cpuMs: number
  postgresCpuMs: number
}

interface Round {
  bare: Stretch
  served: Stretch
  intake: Stretch
}

interface Hammered {
  accepted: number
  refused: number
  ms: number
  next: number
}

/**
 * How many leads a second one API process takes, beside the floor: the same rows and one job in a bare transaction. The two run in
 * turns, a second or two each, so that whatever else the machine does meets both.
 */
export async function throughput(stage: Stage, { rounds, ms }: { rounds: number; ms: number }): Promise<Figure[]> {
  const database = await stage.newDatabase()
  const [floor, load, server] = [startChild('floor'), startChild('load'), startChild('server')]
  try {
    const roles = { api: true, worker: false, media: false }
    const carrierUrl = 'http://127.0.0.1:9'
    const opening: OpenServer = { databaseUrl: database.url, carrierUrl, dataDir: stage.folder, roles }
    const url = await server.ask<string>('open', opening)
    await floor.ask('open', { databaseUrl: database.url, maxConnections: MAX_CONNECTIONS })
    const workspaces = await Promise.all(Array.from({ length: WORKSPACES }, () => database.newWorkspace()))
    const keys = workspaces.map((workspace) => workspace.key)

    const floorUrl = await floor.ask<string>('serve', { workspaceId: workspaces[0]!.id })
    let firstLead = 0
    const hammer = async (target: string, duration: number) => {
      const order: Hammer = { url: target, keys, firstLead, concurrency: CONCURRENCY, ms: duration }
      const { accepted, refused, ms: took, next } = await load.ask<Hammered>('hammer', order)
      if (refused) throw new Error(`${refused} leads were refused under load`)
      firstLead = next
      return { done: accepted, ms: took }
    }
    const bare = (duration: number) => {
      const order = { workspaceId: workspaces[0]!.id, concurrency: CONCURRENCY, ms: duration }
      return floor.ask<{ done: number; ms: number }>('run', order)
    }
    const measured = async (child: Child, run: typeof bare): Promise<Stretch> => {
      const cpu = async () => ({
        own: (await child.ask<Usage>('usage')).cpuMs,
        postgres: cpuMsOfFamily(stage.postgresPid),
      })
      const before = await cpu()
      const { done, ms: took } = await run(ms)
      const after = await cpu()
      return {
        perSecond: (done * 1000) / took,
        cpuMs: (after.own - before.own) / done,
        postgresCpuMs: (after.postgres - before.postgres) / done,
      }
    }
    const served = (duration: number) => hammer(floorUrl, duration)
    const intake = (duration: number) => hammer(url, duration)
    for (const run of [bare, served, intake]) await run(WARM_UP_MS)
    const took: Round[] = []
    for (let at = 0; at < rounds; at++) {
      took.push({
        bare: await measured(floor, bare),
        intake: await measured(server, intake),
        served: await measured(floor, served),
      })
    }
    const spans = await floor.ask<{ count: number; ms: number }>('spans', { count: 10_000 })
    return figures(took, (spans.count * 1000) / spans.ms)
  } finally {
    await Promise.all([floor.stop(), load.stop(), server.stop()])
  }
}

function figures(rounds: Round[], spans: number): Figure[] {
  const ratios = rounds.map(({ bare, intake }) => intake.perSecond / bare.perSecond)
  const range = `${round(Math.min(...ratios))} to ${round(Math.max(...ratios))}`
  const overHttp = median(rounds.map(({ served, intake }) => intake.perSecond / served.perSecond))
  const of = (name: keyof Round) => rounds.map((it) => it[name])
  return [
    {
      ...{ name: 'intake throughput ÷ floor', value: median(ratios), unit: 'ratio', limit: 0.6, limitIs: 'least' },
      note: `median of ${rounds.length} rounds in turns, ${range}; ${CONCURRENCY} at once, an API process over HTTP`,
    },
    {
      ...{ name: 'intake throughput ÷ floor over HTTP', value: overHttp, unit: 'ratio', limit: null },
      note: 'the same, where the load generator takes its part of the processors from both',
    },
    ...costs('intake', 'leads/s', of('intake')),
    ...costs('floor: two rows and a job, no HTTP', 'transactions/s', of('bare')),
    ...costs('floor over HTTP', 'transactions/s', of('served')),
    { name: 'spans written', value: spans, unit: 'spans/s', limit: null, note: '10,000 at once through OpenTelemetry' },
  ]
}

function costs(name: string, unit: 'leads/s' | 'transactions/s', stretches: Stretch[]): Figure[] {
  const middle = (of: (stretch: Stretch) => number) => median(stretches.map(of))
  const postgres = round(middle((it) => it.postgresCpuMs))
  return [
    {
      name: `${name}, throughput`,
      value: middle((it) => it.perSecond),
      unit,
      limit: null,
      note: `${CONCURRENCY} at once`,
    },
    {
      ...{ name: `${name}, CPU of one`, value: middle((it) => it.cpuMs), unit: 'ms of CPU', limit: null },
      note: `in its Node process; in PostgreSQL ${postgres} ms`,
    },
  ]
}
