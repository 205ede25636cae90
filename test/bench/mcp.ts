import { startChild } from './child.ts'
import { type Figure, median, percentile, round, spread } from './figures.ts'
import { leadFor } from './leads.ts'
import type { Post } from './mcp-load.ts'
import type { OpenServer } from './server.ts'
import type { Stage } from './stage.ts'

const VERSION = '2026-07-28'
const LISTS_PER_SECOND = 200
const LEADS_PER_SECOND = 40
/** Many, as on a busy server, so that the rows of no single one are what is measured. */
const WORKSPACES = 20

/** What the door to agents costs: listing the tools, and a lead over MCP beside the same lead over REST. */
export async function mcp(stage: Stage, { seconds }: { seconds: number }): Promise<Figure[]> {
  const database = await stage.newDatabase()
  const [load, server] = [startChild('mcp-load'), startChild('server')]
  try {
    const roles = { api: true, worker: false, media: false }
    const opening: OpenServer = {
      databaseUrl: database.url,
      carrierUrl: 'http://127.0.0.1:9',
      dataDir: stage.folder,
      roles,
    }
    const url = await server.ask<string>('open', opening)
    const workspaces = await Promise.all(Array.from({ length: WORKSPACES }, () => database.newWorkspace()))
    const keys = workspaces.map((workspace) => workspace.key)
    const steady = (posts: Post[], perSecond: number) => load.ask<number[]>('steady', { url, posts, perSecond })

    const listing = (kind: Kind) => {
      const one = message(
        kind === 'legacy' ? 'legacy' : 'modern',
        'tools/list',
        {},
        kind === 'open' ? undefined : keys[0],
      )
      return steady(Array<Post>(LISTS_PER_SECOND).fill(one), LISTS_PER_SECOND)
    }
    for (const kind of [...kinds, ...kinds]) await listing(kind)
    // A second each in turns, of which the middle one counts: whatever else the machine does comes in bursts.
    const rounds: Record<Kind, number[][]> = { open: [], keyed: [], legacy: [] }
    for (let at = 0; at < seconds; at++) {
      for (const kind of kinds) rounds[kind].push(await listing(kind))
    }
    const middleP95 = (kind: Kind) => median(rounds[kind].map((round) => percentile(round, 0.95)))

    // In turns, one by one, so that whatever else the machine does meets both doors.
    let next = 0
    const leads = async (length: number) => {
      const posts = Array.from({ length: length * LEADS_PER_SECOND }, (_, at) =>
        leadPost(next++, keys, at % 2 === 0 ? 'rest' : 'mcp'),
      )
      const took = await steady(posts, LEADS_PER_SECOND)
      return { rest: took.filter((_, at) => at % 2 === 0), mcp: took.filter((_, at) => at % 2 === 1) }
    }
    await leads(3)
    const { rest, mcp: agents } = await leads(seconds * 2)
    const ratio = median(agents) / median(rest)
    return [
      {
        ...{ name: 'tools/list, p95', value: middleP95('open'), unit: 'ms', limit: 3 },
        note:
          `the middle of ${seconds} rounds of ${LISTS_PER_SECOND}/s without a key, all of them ${spread(rounds.open.flat())}; ` +
          `with one, which PostgreSQL is asked about, ${round(middleP95('keyed'))} ms, in 2025-11-25 ${round(middleP95('legacy'))} ms`,
      },
      {
        ...{ name: 'create_lead over MCP ÷ over REST', value: ratio, unit: 'ratio', limit: 1.3 },
        note: `medians of ${agents.length} each in turns, ${LEADS_PER_SECOND}/s together: ${round(median(agents))} and ${round(median(rest))} ms; p95 ${round(percentile(agents, 0.95))} and ${round(percentile(rest, 0.95))} ms`,
      },
    ]
  } finally {
    await Promise.all([load.stop(), server.stop()])
  }
}

type Era = 'modern' | 'legacy'

/** Discovery without a key, by an agent with a key, and the same in the older protocol, which answers in a stream. */
const kinds = ['open', 'keyed', 'legacy'] as const
type Kind = (typeof kinds)[number]

function message(era: Era, method: string, params: Record<string, unknown>, key: string | undefined): Post {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const headers = {
    'mcp-protocol-version': VERSION,
    'mcp-method': method,
    ...('name' in params ? { 'mcp-name': String(params.name) } : {}),
  }
  const isModern = era === 'modern'
  return {
    path: '/mcp',
    headers: {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      accept: 'application/json, text/event-stream',
      ...(isModern ? headers : { 'mcp-protocol-version': '2025-11-25' }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, ...(isModern ? { _meta } : {}) } }),
  }
}

function leadPost(at: number, keys: string[], door: 'rest' | 'mcp'): Post {
  const { key, body } = leadFor(at, keys[at % keys.length]!)
  if (door === 'mcp') return message('modern', 'tools/call', { name: 'create_lead', arguments: body }, key)
  return { path: '/v1/leads', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(body) }
}
