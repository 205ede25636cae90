import { startChild } from './child.ts'
import { type Figure, median, round } from './figures.ts'
import type { Hammer } from './load.ts'
import type { OpenServer } from './server.ts'
import type { Stage } from './stage.ts'

const CONCURRENCY = 20
/** As `openRuntime` opens it. */
const MAX_CONNECTIONS = 20
/** So many that no workspace comes near its rate limit. */
const WORKSPACES = 200

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

    let firstLead = 0
    const hammer = async (duration: number) => {
      const order: Hammer = { url, keys, firstLead, concurrency: CONCURRENCY, ms: duration }
      const { accepted, refused, ms: took, next } = await load.ask<Hammered>('hammer', order)
      if (refused) throw new Error(`${refused} leads were refused under load`)
      firstLead = next
      return (accepted * 1000) / took
    }
    const bare = async (duration: number) => {
      const order = { workspaceId: workspaces[0]!.id, concurrency: CONCURRENCY, ms: duration }
      const { done, ms: took } = await floor.ask<{ done: number; ms: number }>('run', order)
      return (done * 1000) / took
    }
    await bare(1500)
    await hammer(3000)
    const pairs: { floor: number; intake: number }[] = []
    for (let at = 0; at < rounds; at++) pairs.push({ floor: await bare(ms), intake: await hammer(ms) })
    const spans = await floor.ask<{ count: number; ms: number }>('spans', { count: 10_000 })
    return figures(pairs, (spans.count * 1000) / spans.ms)
  } finally {
    await Promise.all([floor.stop(), load.stop(), server.stop()])
  }
}

function figures(pairs: { floor: number; intake: number }[], spans: number): Figure[] {
  const ratios = pairs.map(({ floor, intake }) => intake / floor)
  const low = round(Math.min(...ratios))
  const high = round(Math.max(...ratios))
  return [
    {
      ...{ name: 'intake throughput ÷ floor', value: median(ratios), unit: 'ratio', limit: 0.6, limitIs: 'least' },
      note: `median of ${pairs.length} rounds in turns, ${low} to ${high}; ${CONCURRENCY} at once, an API process over HTTP`,
    },
    {
      ...{ name: 'intake throughput', unit: 'leads/s', limit: null },
      ...{ value: median(pairs.map((pair) => pair.intake)), note: `POST /v1/leads, ${WORKSPACES} workspaces` },
    },
    {
      ...{ name: 'floor', unit: 'transactions/s', limit: null },
      ...{ value: median(pairs.map((pair) => pair.floor)), note: 'two rows and one pg-boss job, no HTTP' },
    },
    { name: 'spans written', value: spans, unit: 'spans/s', limit: null, note: '10,000 at once through OpenTelemetry' },
  ]
}
