import { startChild } from './child.ts'
import { type Figure, percentile, spread } from './figures.ts'
import type { Reading } from './reader.ts'
import type { OpenServer } from './server.ts'
import type { Stage } from './stage.ts'

const PER_SECOND = 200

/** What crawlers and agents read before they know us. */
const paths = [
  ...['/', '/index.md', '/docs/quickstart', '/docs/quickstart.md', '/llms.txt', '/llms-full.txt'],
  ...['/robots.txt', '/sitemap.xml', '/v1', '/openapi.json', '/openapi.yaml', '/schemas', '/mcp/server-card'],
  ...['api-catalog', 'ai-catalog.json', 'mcp/server-card.json', 'security.txt', 'agent-skills/index.json'].map(
    (name) => `/.well-known/${name}`,
  ),
  '/.well-known/agent-skills/call-a-lead/SKILL.md',
]

/** How long discovery documents take, all of them in turn. */
export async function documents(stage: Stage, { seconds }: { seconds: number }): Promise<Figure[]> {
  const database = await stage.newDatabase()
  const [reader, server] = [startChild('reader'), startChild('server')]
  try {
    const roles = { api: true, worker: false, media: false }
    const carrierUrl = 'http://127.0.0.1:9'
    const opening: OpenServer = { databaseUrl: database.url, carrierUrl, dataDir: stage.folder, roles }
    const reading: Reading = { url: await server.ask('open', opening), paths, perSecond: PER_SECOND, seconds }
    await reader.ask('steady', { ...reading, seconds: 2 } satisfies Reading)
    const took = await reader.ask<number[]>('steady', reading)
    return [
      {
        ...{ name: 'discovery documents, p95', value: percentile(took, 0.95), unit: 'ms', limit: 3 },
        note: `${spread(took)}; ${paths.length} documents in turn, ${PER_SECOND} requests/s, read to the end`,
      },
    ]
  } finally {
    await Promise.all([reader.stop(), server.stop()])
  }
}
