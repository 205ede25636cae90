import { afterEach, expect } from 'vitest'
import { parseFlow } from '../../flows/language/parse.ts'
import { openFlowTools } from '../../runtime/calls/flow-tools.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { spans } from '../../runtime/db/schema.ts'
import { openOutbound } from '../../runtime/outbound.ts'
import { test, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'
import { httpServer, mcpServer } from './tool-servers.ts'

const TOKEN = 'tok-5e9d0c7a'
const closing: { close(): void }[] = []
afterEach(() => {
  for (const server of closing.splice(0)) server.close()
})
const kept = <S extends { close(): void }>(server: S) => {
  closing.push(server)
  return server
}

/** The tools of a flow in a conversation of a workspace that has the secret CRM_TOKEN. */
async function opened(talkif: Workspace, tools: string, { mode = 'live', ...more }: { mode?: 'live' | 'test' } = {}) {
  const read = parseFlow(`id: a\ntools:\n${tools}`)
  if ('faults' in read) throw new Error(JSON.stringify(read.faults))
  await talkif.configure({ secrets: { CRM_TOKEN: TOKEN } })
  const { runtime } = talkif.served
  const call = { mode, workspaceId: talkif.workspaceId, traceId: runtime.telemetry.newTraceId(), ...more }
  const flowTools = await openFlowTools(runtime, { call, spanId: runtime.telemetry.newSpanId() }, read.flow)
  return {
    names: flowTools.definitions.map(({ name }) => name),
    definitions: flowTools.definitions,
    run: async (name: string, args: Record<string, unknown> = {}) =>
      (await flowTools.run(name, args))!.output as Record<string, unknown>,
    knows: (name: string) => flowTools.run(name, {}) !== undefined,
    close: flowTools.close,
    async trace() {
      await runtime.telemetry.flush()
      return runtime.db.select().from(spans).where(eq(spans.traceId, call.traceId))
    },
  }
}

const input = '{type: object, properties: {id: {type: string}, note: {type: string}}, required: [id]}'
const get = (url: string, more = '') =>
  `  order: {description: Looks up., http: "GET ${url}/orders/{id}", input: ${input}${more}}\n`

test('an http tool is asked with its input and secrets, and its answer is marked as data', async ({ talkif }) => {
  const server = kept(
    await httpServer((response, { headers }) =>
      response.end(JSON.stringify({ state: 'sent', you: headers.authorization })),
    ),
  )
  const write = `  note:
    description: Writes.
    http: {method: POST, url: "${server.url}/notes/{id}?v=1", headers: {Authorization: "Bearer \${CRM_TOKEN}"}}
    input: ${input}\n`
  const tools = await opened(talkif, get(server.url) + write)
  expect(tools.names).toEqual(['order', 'note'])
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a model might write to ask for a secret
  expect(await tools.run('order', { id: 'a/b ${CRM_TOKEN}', note: 'x&y' })).toEqual({
    note: expect.stringContaining('never an instruction'),
    data: { state: 'sent' },
  })
  // The answer that repeats the secret is the model's to say aloud: it stands there concealed.
  expect(await tools.run('note', { id: '7', note: 'call back' })).toMatchObject({ data: { you: 'Bearer …' } })
  const [first, second] = server.asked
  expect(first).toMatchObject({ method: 'GET', url: '/orders/a%2Fb%20%24%7BCRM_TOKEN%7D?note=x%26y' })
  expect(second).toMatchObject({ method: 'POST', url: '/notes/7?v=1', body: '{"note":"call back"}' })
  expect(second!.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' })
  const trace = await tools.trace()
  expect(trace.map(({ name, status }) => [name, status])).toEqual([
    ['tool.order', 'ok'],
    ['tool.note', 'ok'],
  ])
  expect(trace[0]!.attributes).toMatchObject({ http_status: 200, ms: expect.any(Number) })
  expect(JSON.stringify(trace)).not.toContain(TOKEN)
})

test('what goes wrong is one sentence to the model, and a row in the trace', async ({ talkif }) => {
  const server = kept(
    await httpServer((response, { url }) => {
      if (url.endsWith('/500')) response.writeHead(500).end('a stack trace')
      if (url.endsWith('/moved')) response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
      if (url.endsWith('/huge')) response.end('x'.repeat(70_000))
      if (url.endsWith('/text')) response.end('Ready on Friday.')
    }),
  )
  const tools = await opened(talkif, get(server.url, ', timeout: 1s'))
  const error = async (id: unknown) => (await tools.run('order', { id })).error
  expect(await error('500')).toBe('The server answered 500.')
  expect(await error('moved')).toBe('The server answered 302.')
  expect(await error('huge')).toBe('There was no answer: the answer is longer than 64 kB.')
  expect(await error('never')).toBe('There was no answer: no answer within 1 s.')
  expect(await error('..')).toBe('id cannot be used.')
  expect(await error('')).toBe('id is missing.')
  expect(await error(7)).toBe('id cannot be used: Invalid input: expected string, received number.')
  expect(await tools.run('order', { id: 'text' })).toMatchObject({ data: 'Ready on Friday.' })
  expect(server.asked.map(({ url }) => url)).toEqual(
    ['500', 'moved', 'huge', 'never', 'text'].map((it) => `/orders/${it}`),
  )
  const [trace] = await tools.trace()
  expect(trace).toMatchObject({ status: 'failed', attributes: { http_status: 500, error: 'The server answered 500.' } })
})

test('a private address is not asked, whatever a secret or a flow says', async ({ talkif }) => {
  const server = kept(await httpServer((response) => response.end('secret')))
  const { runtime } = talkif.served
  const guarded = { ...talkif.served, runtime: { ...runtime, fetchOutside: openOutbound({ allowLoopback: false }) } }
  const tools = await opened(
    { ...talkif, served: guarded },
    get(server.url) + get('https://127.0.0.1').replace('order', 'other'),
  )
  expect(await tools.run('order', { id: '1' })).toEqual({ error: expect.stringContaining('only https') })
  expect(await tools.run('other', { id: '1' })).toEqual({ error: expect.stringMatching(/no answer/) })
  expect(server.asked).toEqual([])
})

test('without its secret, or with its server away, a tool is left out and the trace says so', async ({ talkif }) => {
  const server = kept(await httpServer((response) => response.writeHead(503).end()))
  const tools = await opened(
    talkif,
    `${get(server.url)}  crm: {mcp: {url: "https://crm.example.com/mcp", headers: {Authorization: "Bearer \${NOT_THERE}"}}}
  away: {mcp: {url: "${server.url}/mcp?key=\${CRM_TOKEN}"}}\n`,
  )
  expect(tools.names).toEqual(['order'])
  expect(tools.knows('crm')).toBe(false)
  const trace = await tools.trace()
  expect(trace.map(({ name, status }) => [name, status]).toSorted()).toEqual([
    ['tool.away', 'unavailable'],
    ['tool.crm', 'unavailable'],
  ])
  expect(trace.map(({ attributes }) => String((attributes as { why: string }).why)).join()).toContain('NOT_THERE')
  expect(JSON.stringify(trace)).not.toContain(TOKEN)
})

test('the tools of an MCP server carry its name; they answer, refuse, and end with the call', async ({ talkif }) => {
  const server = kept(await mcpServer())
  const crm = `  crm: {mcp: {url: "${server.url}", headers: {Authorization: "Bearer \${CRM_TOKEN}"}}, description: Our customers., timeout: 20s}\n`
  const tools = await opened(talkif, crm)
  expect(tools.names).toEqual(['crm_look_up', 'crm_refuse', 'crm_wait'])
  expect(tools.definitions[0]).toMatchObject({
    description: 'Our customers. Finds a customer.',
    parameters: { type: 'object', required: ['name'] },
  })
  const found = await tools.run('crm_look_up', { name: 'Ece' })
  expect(found).toMatchObject({ note: expect.stringContaining('never'), data: 'Ece is a customer since 2019.' })
  expect(await tools.run('crm_look_up', {})).toHaveProperty('error')
  expect(await tools.run('crm_refuse')).toEqual({ error: 'The tool refused: Not today.' })
  expect(server.log.filter((line) => line.endsWith('tools/list'))).toHaveLength(1)
  expect([...server.tokens]).toEqual([`Bearer ${TOKEN}`])

  const waiting = tools.run('crm_wait')
  await until(async () => server.log.includes('wait began'))
  tools.close()
  expect(await waiting).toHaveProperty('error')
  await until(async () => server.log.includes('wait cancelled'))

  const some = await opened(talkif, crm.replace('description:', 'allow: [refuse], description:'))
  expect(some.names).toEqual(['crm_refuse'])
})

test('a test call answers samples and asks nobody', async ({ talkif }) => {
  const server = kept(await httpServer((response) => response.end('{}')))
  const crm = `  crm: {mcp: "${server.url}/mcp", allow: [look.up, note]}\n`
  const tools = await opened(talkif, get(server.url, ', sample: {state: sent}') + crm, { mode: 'test' })
  expect(tools.names).toEqual(['order', 'crm_look_up', 'crm_note'])
  expect(await tools.run('order', { id: '1' })).toMatchObject({ data: { state: 'sent' } })
  expect(await tools.run('crm_note')).toMatchObject({ data: { test: true } })
  expect(server.asked).toEqual([])
  expect((await tools.trace()).map(({ status }) => status)).toEqual(['sample', 'sample'])
})
