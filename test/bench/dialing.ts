import { setTimeout as pause } from 'node:timers/promises'
import { type Child, startChild } from './child.ts'
import { type Figure, percentile, round, spread } from './figures.ts'
import { type LeadRequest, leadFor } from './leads.ts'
import type { Sent } from './load.ts'
import type { OpenServer } from './server.ts'
import type { Stage } from './stage.ts'
import { cpuMsOfFamily, idle, type Usage } from './usage.ts'
import type { Arrivals } from './world.ts'

const STEADY_PER_SECOND = 10

interface Lengths {
  steadySeconds: number
  idleSeconds: number
}

/** Leads at a steady rate and in a burst, from the POST to the carrier and the webhook, on one server with all roles. */
export async function dialing(stage: Stage, { steadySeconds, idleSeconds }: Lengths): Promise<Figure[]> {
  const database = await stage.newDatabase()
  const [world, load, server] = [startChild('world'), startChild('load'), startChild('server')]
  try {
    const { sandboxAuthToken: authToken } = database
    const { carrierUrl, hookUrl } = await world.ask<{ carrierUrl: string; hookUrl: string }>('open', { authToken })
    const roles = { api: true, worker: true, media: true }
    const opening: OpenServer = { databaseUrl: database.url, carrierUrl, dataDir: stage.folder, roles }
    const url = await server.ask<string>('open', opening)
    const workspaces = await Promise.all(Array.from({ length: 32 }, () => database.newWorkspace(hookUrl)))
    const keys = workspaces.map((workspace) => workspace.key)

    // A server that has run for a minute: its code is compiled, its connections are open.
    await load.ask('steady', { url, requests: leads(0, 100, keys.slice(0, 1)), perSecond: 20 })
    await pause(3000)
    await world.ask('arrivals')

    const usedBefore = await cpuOf(server, stage)
    const requests = leads(1000, steadySeconds * STEADY_PER_SECOND, keys.slice(1, 2))
    const sent = await load.ask<Sent[]>('steady', { url, requests, perSecond: STEADY_PER_SECOND })
    await pause(3000)
    const steady = { sent, ...(await world.ask<Arrivals>('arrivals')) }
    const usedAfter = await cpuOf(server, stage)
    const quiet = await idle(server, stage.postgresPid, idleSeconds)

    const rush = leads(100_000, 300, keys.slice(2))
    const calmly = await cpuOf(server, stage)
    const burst = { sent: await load.ask<Sent[]>('burst', { url, requests: rush }), rang: await allRang(world, 300) }
    const used = { before: calmly, after: await cpuOf(server, stage) }
    return [
      ...steadyFigures(steady),
      costOf(
        "a lead's whole way",
        usedBefore,
        usedAfter,
        requests.length,
        'POST, dial, busy, three webhooks, and polling',
      ),
      ...burstFigures(burst),
      costOf('burst of 300: a lead', used.before, used.after, rush.length, 'until the last was at the carrier'),
      ...quiet,
    ]
  } finally {
    await Promise.all([load.stop(), server.stop()])
    await world.stop()
  }
}

async function cpuOf(server: Child, { postgresPid }: Stage): Promise<Cpu> {
  return { own: (await server.ask<Usage>('usage')).cpuMs, postgres: cpuMsOfFamily(postgresPid) }
}

interface Cpu {
  own: number
  postgres: number
}

function costOf(what: string, before: Cpu, after: Cpu, count: number, until: string): Figure {
  const postgres = round((after.postgres - before.postgres) / count)
  const value = (after.own - before.own) / count
  return {
    ...{ name: `${what}, CPU of the server`, value, unit: 'ms of CPU', limit: null },
    note: `${until}; in PostgreSQL ${postgres} ms`,
  }
}

const leads = (first: number, count: number, keys: string[]): LeadRequest[] =>
  Array.from({ length: count }, (_, at) => leadFor(first + at, keys[at % keys.length]!))

/** Waits until all have rung, at most 30 s. */
async function allRang(world: Child, count: number): Promise<Arrivals['rang']> {
  const rang: Arrivals['rang'] = {}
  for (let waited = 0; waited < 30_000 && Object.keys(rang).length < count; waited += 250) {
    await pause(250)
    Object.assign(rang, (await world.ask<Arrivals>('arrivals')).rang)
  }
  return rang
}

/** From each POST to its request at the carrier. What never came counts as endless. */
const toCarrier = (sent: Sent[], rang: Arrivals['rang']): number[] =>
  sent.map(({ phone, sentAt }) => (rang[phone] ?? Number.POSITIVE_INFINITY) - sentAt)

function steadyFigures({ sent, rang, webhookMs }: { sent: Sent[] } & Arrivals): Figure[] {
  const refused = sent.filter(({ status }) => status !== 202)
  if (refused.length) throw new Error(`${refused.length} leads were answered with ${refused[0]!.status}`)
  const answered = sent.map(({ tookMs }) => tookMs)
  const carried = toCarrier(sent, rang)
  const rate = `${STEADY_PER_SECOND}/s, one server with all roles`
  return [
    {
      ...{ name: 'intake: POST /v1/leads, p95', value: percentile(answered, 0.95), unit: 'ms', limit: 25 },
      note: `${spread(answered)}; ${rate}`,
    },
    {
      ...{ name: 'POST → request at the carrier, p95', value: percentile(carried, 0.95), unit: 'ms', limit: 100 },
      note: `${spread(carried)}; the same leads`,
    },
    {
      ...{
        name: 'webhook: event written → delivered, p95',
        value: percentile(webhookMs, 0.95),
        unit: 'ms',
        limit: 100,
      },
      note: `${spread(webhookMs)}; the same leads' webhooks`,
    },
  ]
}

function burstFigures({ sent, rang }: { sent: Sent[]; rang: Arrivals['rang'] }): Figure[] {
  const carried = toCarrier(sent, rang)
  const answered = sent.map(({ tookMs }) => tookMs)
  return [
    {
      ...{ name: 'burst of 300: POST → request at the carrier, p95', unit: 'ms', limit: 5000 },
      ...{ value: percentile(carried, 0.95), note: `${spread(carried)}; 30 workspaces × 10 at once` },
    },
    {
      ...{ name: 'burst of 300: POST /v1/leads, p95', value: percentile(answered, 0.95), unit: 'ms', limit: null },
      note: spread(answered),
    },
  ]
}
