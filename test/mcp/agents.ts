import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Problem } from '../../openapi/schemas/problem.ts'

/** An agent of each kind in the field: both protocol eras by the new client, and one built on the 1.x SDK. */
export const eras = ['2026-07-28', '2025-11-25', 'sdk 1.x'] as const
export type Era = (typeof eras)[number]

export type Agent = Client

const identity = { name: 'test-agent', version: '1.0.0' }

/** Connects to `/mcp` of a server. Without `key` it sends none. */
export async function connect(
  era: Era,
  { url, key, query = '' }: { url: string; key?: string | undefined; query?: string },
): Promise<Agent> {
  const endpoint = new URL(`${url}/mcp${query}`)
  const options = { requestInit: { headers: key ? { authorization: `Bearer ${key}` } : {} } }
  if (era === 'sdk 1.x') {
    const client = new OldClient(identity)
    await client.connect(new OldTransport(endpoint, options) as never)
    // The two SDKs name what the tests use alike.
    return client as unknown as Agent
  }
  const client = new Client(identity, {
    versionNegotiation: { mode: era === '2026-07-28' ? { pin: '2026-07-28' } : 'legacy' },
  })
  await client.connect(new StreamableHTTPClientTransport(endpoint, options))
  return client
}

/** What a tool answered: its structured content, which must be the JSON of its first text. */
export async function call(
  agent: Agent,
  name: string,
  input: Record<string, unknown>,
): Promise<{ body: Record<string, unknown>; problem?: undefined } | { problem: Problem; body?: undefined }> {
  const { content, structuredContent, isError } = await agent.callTool({ name, arguments: input })
  const [first] = content as { type: string; text: string }[]
  const said = JSON.parse(first!.text)
  if (isError) return { problem: said }
  if (JSON.stringify(said) !== JSON.stringify(structuredContent)) throw new Error(`${name} says two things`)
  return { body: said }
}

/** One raw JSON-RPC message, as no client would send it. */
export const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
