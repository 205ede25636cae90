import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { describe, expect } from 'vitest'
import { printTools } from '../../openapi/tools.ts'
import { test as idle, lead, somebody } from '../api/desk.ts'
import { compiledDir } from '../harness/cache.ts'
import { people, test } from '../harness/talkif.ts'
import { type Agent, call, type Era, eras } from './agents.ts'

const main = join(import.meta.dirname, '../../cli/main.ts')
const identity = { name: 'test-agent', version: '1.0.0' }

interface Started {
  agent: Agent
  /** Lines the program wrote beside the protocol. */
  told: string[]
}

/** Starts `talkif mcp` as an agent starts its servers. */
async function start(era: Era, { url, key }: { url: string; key: string }, options: string[] = []): Promise<Started> {
  const parameters = {
    command: process.execPath,
    args: [main, 'mcp', ...options],
    env: { TALKIF_URL: `${url}/`, TALKIF_KEY: key, PATH: process.env.PATH!, NODE_COMPILE_CACHE: compiledDir },
    stderr: 'pipe' as const,
  }
  const told: string[] = []
  if (era === 'sdk 1.x') {
    const transport = new OldTransport(parameters)
    transport.stderr!.on('data', (chunk) => told.push(String(chunk)))
    const client = new OldClient(identity)
    await client.connect(transport)
    return { agent: client as unknown as Agent, told }
  }
  const transport = new StdioClientTransport(parameters)
  transport.stderr!.on('data', (chunk) => told.push(String(chunk)))
  const client = new Client(identity, {
    versionNegotiation: { mode: era === '2026-07-28' ? { pin: '2026-07-28' } : 'legacy' },
  })
  await client.connect(transport)
  return { agent: client, told }
}

describe.for(eras)('talkif mcp for an agent of %s', (era) => {
  test('calls a lead on a server elsewhere, waits and reads', async ({ talkif }) => {
    const { agent, told } = await start(era, talkif)
    expect((await agent.listTools()).tools).toEqual(printTools().map((tool) => tool.definition))
    const lead_ = { ...lead, phone: people.books, idempotency_key: 'stdio' }
    const { body } = await call(agent, 'create_lead', lead_)
    expect((await call(agent, 'create_lead', lead_)).body).toEqual(body)
    const read = await call(agent, 'get_call', { id: body!.call_id, wait: 60, include: ['transcript'] })
    expect(read.body).toMatchObject({ outcome: 'booked', transcript: expect.any(Array) })
    const flow = (await agent.readResource({ uri: 'flow://flow_pricing_v3' })).contents[0] as { text: string }
    expect(flow.text).toContain('id: flow_pricing_v3')
    await agent.close()
    expect(told).toEqual([])
  })

  idle('tells the problems of that server, and its own', async ({ desk }) => {
    const { agent } = await start(era, desk)
    const { problem } = await call(agent, 'create_lead', { ...lead, consent: false, phone: somebody() })
    expect(problem).toMatchObject({ code: 'consent_required', request_id: expect.stringMatching(/^req_/) })
    const faulty = await call(agent, 'get_call', { wait: '30' })
    expect(faulty.problem!.errors!.map(({ pointer }) => pointer)).toEqual(['/id', '/wait'])
    const nobody = await start(era, { url: desk.url, key: `tk_test_${'x'.repeat(32)}` })
    expect((await call(nobody.agent, 'list_numbers', {})).problem).toMatchObject({ code: 'unauthenticated' })
    await Promise.all([agent.close(), nobody.agent.close()])
  })

  idle('offers only what reads, if asked to', async ({ desk }) => {
    const { agent } = await start(era, desk, ['--readonly'])
    expect((await agent.listTools()).tools.map(({ name }) => name)).toEqual(['get_call', 'get_flow', 'list_numbers'])
    expect((await call(agent, 'cancel_lead', {})).problem).toMatchObject({ code: 'forbidden' })
    await agent.close()
  })
})

const uriOf = { type: 'ref/resource' as const, uri: 'call://{id}' }

describe.for(eras)('an agent of %s behind talkif mcp', (era) => {
  idle('is shown the tools of its key, and no ids that it may not read', async ({ desk }) => {
    const { agent } = await start(era, { url: desk.url, key: (await desk.newKey({ scopes: ['numbers:read'] })).key })
    expect((await agent.listTools()).tools.map(({ name }) => name)).toEqual(['list_numbers'])
    const refused = agent.complete({ ref: uriOf, argument: { name: 'id', value: '' } })
    await expect(refused).rejects.toThrow('lacks the scope calls:read')
    await agent.close()
  })

  idle('completes ids of that server', async ({ desk }) => {
    const { agent } = await start(era, desk)
    const { body } = await call(agent, 'create_lead', { ...lead, phone: somebody() })
    const { completion } = await agent.complete({ ref: uriOf, argument: { name: 'id', value: 'call_' } })
    expect(completion).toEqual({ values: [body!.call_id], total: 1, hasMore: false })
    await agent.close()
  })
})

idle('a server that cannot be reached, or is none of ours, is a problem that says so', async () => {
  const stranger = createServer((_, response) => response.end('<!doctype html>'))
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  const { port } = stranger.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const key = `tk_test_${'x'.repeat(32)}`
  const { agent } = await start('2026-07-28', { url, key })
  const strange = await call(agent, 'list_numbers', {})
  expect(strange.problem).toMatchObject({
    code: 'unavailable',
    detail: expect.stringContaining('not as a Talkif server does'),
  })
  // What the key allows is not known then: every tool is shown, and the server refuses.
  expect((await agent.listTools()).tools).toHaveLength(8)
  const completed = agent.complete({ ref: uriOf, argument: { name: 'id', value: '' } })
  await expect(completed).rejects.toThrow('not as a Talkif server does')
  stranger.closeAllConnections()
  await new Promise((resolve) => stranger.close(resolve))
  const gone = await call(agent, 'list_numbers', {})
  expect(gone.problem).toMatchObject({ code: 'unavailable', detail: expect.stringContaining('could not be reached') })
  await agent.close()
})

idle('what was asked is answered, though stdin has ended', async ({ desk }) => {
  const env = { TALKIF_URL: desk.url, TALKIF_KEY: desk.key, PATH: process.env.PATH!, NODE_COMPILE_CACHE: compiledDir }
  const asked = [
    { id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: identity } },
    { method: 'notifications/initialized' },
    { id: 2, method: 'tools/list' },
    { id: 3, method: 'tools/call', params: { name: 'list_numbers', arguments: {} } },
  ]
  const out = await new Promise<string>((resolve) => {
    const program = execFile(process.execPath, [main, 'mcp'], { env }, (_, stdout) => resolve(stdout))
    program.stdin!.end(asked.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join(''))
  })
  const answers = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: number; result?: object })
  expect(answers.map(({ id }) => id).toSorted()).toEqual([1, 2, 3])
  expect(answers.every(({ result }) => result)).toBe(true)
})

idle('what it is told is read at once: no key, or no URL, ends it with a word to people', async () => {
  const run = (args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const env = { PATH: process.env.PATH!, NODE_COMPILE_CACHE: compiledDir }
      execFile(process.execPath, [main, 'mcp', ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: error?.code, stdout, stderr }),
      )
    })
  const keyless = await run([])
  expect(keyless).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('TALKIF_KEY') })
  const placeholder = await run(['--key', 'tk_test_…'])
  expect(placeholder).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/--key is no API key/) })
  const astray = await run(['--key', 'tk_test_x', '--url', 'talkif.example'])
  expect(astray).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Write http://talkif.example') })
})
