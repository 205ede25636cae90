import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { describe, expect } from 'vitest'
import { test } from '../harness/talkif.ts'

/**
 * An agent that is given an address and a key, and nothing else: every path below is one that a specification names, or that an
 * earlier answer told.
 */

interface Link {
  href: string
  type?: string
}

const CARD = 'application/mcp-server-card+json'

/** By the Link header of the front page to the catalog of APIs (RFC 9727), and there to whatever is described by a server card. */
async function cardByLinks(start: string): Promise<string> {
  const front = await fetch(start)
  const [, catalog] = /<([^>]+)>;\s*rel="api-catalog"/.exec(front.headers.get('link') ?? '') ?? []
  const { linkset } = (await (await fetch(new URL(catalog!, start))).json()) as { linkset: Record<string, Link[]>[] }
  const card = linkset.flatMap((context) => context['service-desc'] ?? []).find(({ type }) => type === CARD)
  return card!.href
}

/** By the AI catalog, at its well-known place (SEP-2127, "Discovery"). */
async function cardByCatalog(start: string): Promise<string> {
  const catalog = await fetch(new URL('/.well-known/ai-catalog.json', start))
  const { entries } = (await catalog.json()) as { entries: { type: string; url: string }[] }
  return entries.find(({ type }) => type === CARD)!.url
}

/** Connects as the card says, with the key where the card wants it. */
async function connectBy(cardUrl: string, key: string): Promise<Client> {
  const answer = await fetch(cardUrl, { headers: { accept: CARD } })
  const { remotes } = (await answer.json()) as {
    remotes: { url: string; headers: { name: string; value: string }[] }[]
  }
  const [{ url, headers: wanted }] = remotes as [(typeof remotes)[0]]
  const headers = Object.fromEntries(wanted.map(({ name, value }) => [name, value.replace(/\{\w+\}/, key)]))
  const client = new Client({ name: 'newcomer', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
  return client
}

describe.concurrent('from the bare address to a transcript', () => {
  test.for([
    ['links', cardByLinks],
    ['the catalog', cardByCatalog],
  ] as const)('by %s', async ([, cardOf], { talkif }) => {
    // Slow enough for what is said to be heard whole on a busy machine.
    await talkif.configure({ sandbox: { pace: 8, waits: 900 } })
    const agent = await connectBy(await cardOf(talkif.url), talkif.key)
    const { tools } = await agent.listTools()
    const description = (name: string) => tools.find((tool) => tool.name === name)!.description!
    // The description has an example; what it calls with a test key is a sandbox person.
    const lead = JSON.parse(/Example: (\{.+\})$/s.exec(description('create_lead'))![1]!)

    const created = await agent.callTool({ name: 'create_lead', arguments: { ...lead, idempotency_key: 'first-try' } })
    const { call_id: id, test: isTest } = created.structuredContent as { call_id: string; test: boolean }
    expect(isTest).toBe(true)

    let call = { status: '', outcome: '', transcript: [] as { role: string; text: string }[] }
    while (!['completed', 'cancelled'].includes(call.status)) {
      const answer = await agent.callTool({ name: 'get_call', arguments: { id, wait: 30, include: ['transcript'] } })
      call = answer.structuredContent as typeof call
    }
    expect(call.outcome).toBe('booked')
    expect(new Set(call.transcript.map(({ role }) => role))).toEqual(new Set(['agent', 'lead']))
    expect(call.transcript.find(({ role }) => role === 'agent')!.text).toMatch(/\bAI\b/)
    await agent.close()
  })
})
