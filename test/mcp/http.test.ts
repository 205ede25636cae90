import { request } from 'node:http'
import { describe, expect } from 'vitest'
import { lead, somebody, test } from '../api/desk.ts'
import { post } from './agents.ts'

const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
const use = (name: string, input: object) => ({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name, arguments: input },
})

/** A message of the 2026-07-28 era with the headers that its transport asks for. */
const modern = (url: string, method: string, params: Record<string, unknown> = {}, headers = {}) =>
  post(
    url,
    {
      ...{ jsonrpc: '2.0', id: 1, method },
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    },
    {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...('name' in params ? { 'mcp-name': String(params.name) } : {}),
      ...('uri' in params ? { 'mcp-name': String(params.uri) } : {}),
      ...headers,
    },
  )

/** The JSON-RPC answer, whether it came as JSON or as the one event of a stream. */
async function answerOf(response: Response): Promise<Record<string, never>> {
  const text = await response.text()
  return JSON.parse(text.startsWith('event:') ? text.split('data: ')[1]! : text)
}

describe('without a key', () => {
  test('an agent may look at what is the same for everybody', async ({ desk }) => {
    for (const method of [
      'server/discover',
      'tools/list',
      'resources/list',
      'resources/templates/list',
      'prompts/list',
    ])
      expect((await modern(desk.url, method)).status, method).toBe(200)
    expect((await modern(desk.url, 'resources/read', { uri: 'talkif://problems' })).status).toBe(200)
    expect((await modern(desk.url, 'prompts/get', { name: 'draft_flow', arguments: { goal: 'x' } })).status).toBe(200)
  })

  test('whatever is of a workspace is 401, and says how to ask', async ({ desk }) => {
    const ref = { type: 'ref/resource', uri: 'call://{id}' }
    const asked = [
      await post(desk.url, use('list_numbers', {})),
      await post(desk.url, use('list_numbers', {}), { authorization: '' }),
      await post(desk.url, [list, use('list_numbers', {})]),
      await modern(desk.url, 'tools/call', { name: 'list_numbers', arguments: {} }),
      await modern(desk.url, 'resources/read', { uri: 'flow://flow_pricing_v3' }),
      await modern(desk.url, 'completion/complete', { ref, argument: { name: 'id', value: '' } }),
    ]
    const overRest = (await (await fetch(`${desk.url}/v1/numbers`)).json()) as object
    for (const response of asked) {
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      const problem = (await response.json()) as Record<string, string>
      expect(problem).toMatchObject({ code: 'unauthenticated', request_id: response.headers.get('request-id') })
      expect(problem.suggested_action).toContain('Authorization: Bearer')
      expect(Object.keys(problem)).toEqual(Object.keys(overRest))
    }
  })

  test('a key that nobody has is 401 whatever it asks, and no metadata of OAuth is offered', async ({ desk }) => {
    for (const authorization of [`Bearer tk_test_${'x'.repeat(32)}`, 'Bearer', 'Basic eDp5']) {
      const response = await post(desk.url, list, { authorization })
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
    }
    for (const path of ['oauth-protected-resource', 'oauth-protected-resource/mcp', 'oauth-authorization-server'])
      expect((await fetch(`${desk.url}/.well-known/${path}`)).status).toBe(404)
  })
})

describe('whoever is not asked in the name of this server', () => {
  /** `fetch` may not set Host. */
  const withHost = (url: string, host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { host, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
      const sent = request(`${url}/mcp`, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode!)
      })
      sent.on('error', reject)
      sent.end(JSON.stringify(list))
    })

  test('a foreign Host or Origin is 403, key or not', async ({ desk }) => {
    expect(await withHost(desk.url, 'evil.example')).toBe(403)
    expect(await withHost(desk.url, '127.0.0.1.evil.example')).toBe(403)
    expect(await withHost(desk.url, 'localhost:1')).toBe(200)
    for (const origin of ['https://evil.example', 'null', 'https://127.0.0.1.evil.example', 'file://']) {
      const response = await post(desk.url, list, { origin, authorization: `Bearer ${desk.key}` })
      expect(response.status, origin).toBe(403)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('a page of this host may ask, as browsers ask', async ({ desk }) => {
    const origin = 'http://localhost:6274'
    const allowed = await post(desk.url, list, { origin })
    expect(allowed.status).toBe(200)
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin)
    const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'mcp-method' }
    const preflight = await fetch(`${desk.url}/mcp`, { method: 'OPTIONS', headers })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('mcp-method')
  })
})

describe('what is not a message', () => {
  test('is answered as JSON-RPC says', async ({ desk }) => {
    const cases: [unknown, number, number][] = [
      ['{', 400, -32_700],
      ['', 400, -32_700],
      [{ jsonrpc: '2.0', id: 1, method: 'no/such' }, 200, -32_601],
      [{ id: 1 }, 400, -32_600],
      [7, 400, -32_600],
      ['null', 400, -32_600],
      ['[]', 400, -32_600],
      ['{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"a": 1, "a": 2}}', 400, -32_600],
    ]
    for (const [body, status, code] of cases) {
      const response = await post(desk.url, body)
      const { error } = (await answerOf(response)) as unknown as { error: { code: number } }
      expect([response.status, error.code], JSON.stringify(body)).toEqual([status, code])
    }
    expect((await post(desk.url, list, { 'content-type': 'text/plain' })).status).toBe(415)
    for (const method of ['GET', 'DELETE', 'PUT'])
      expect((await fetch(`${desk.url}/mcp`, { method })).status, method).toBe(405)
  })

  test('arguments too deep or with __proto__ are refused before they are looked at', async ({ desk }) => {
    const authorization = `Bearer ${desk.key}`
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
    const bodies = [
      JSON.stringify(use('create_lead', { metadata: 0 })).replace('"metadata":0', `"metadata":${deep}`),
      JSON.stringify(use('create_lead', { metadata: 0 })).replace('"metadata":0', '"__proto__":{"x":1}'),
    ]
    for (const body of bodies) {
      const { result } = (await answerOf(await post(desk.url, body, { authorization }))) as unknown as {
        result: { isError: boolean; content: { text: string }[] }
      }
      expect(result.isError).toBe(true)
      expect(JSON.parse(result.content[0]!.text)).toMatchObject({ code: 'invalid_request' })
    }
    // Elsewhere in a message nothing looks that deep; the server stays.
    const meta = JSON.stringify({ ...list, params: { _meta: 0 } }).replace('"_meta":0', `"_meta":{"x":${deep}}`)
    for (const body of [deep, `{"id":${deep}}`, meta]) expect((await post(desk.url, body)).status).toBeLessThan(500)
  })
})

test('answers of the newest protocol say how long they hold, and for whom', async ({ desk }) => {
  const read = { uri: 'flow://flow_pricing_v3' }
  const hints = async (method: string, params = {}) => {
    const response = await modern(desk.url, method, params, { authorization: `Bearer ${desk.key}` })
    const { result } = (await answerOf(response)) as unknown as { result: { ttlMs: number; cacheScope: string } }
    return [result.ttlMs, result.cacheScope]
  }
  expect(await hints('server/discover')).toEqual([3_600_000, 'public'])
  expect(await hints('tools/list')).toEqual([300_000, 'private'])
  expect(await hints('prompts/list')).toEqual([3_600_000, 'public'])
  expect(await hints('resources/list')).toEqual([3_600_000, 'public'])
  expect(await hints('resources/templates/list')).toEqual([3_600_000, 'public'])
  expect(await hints('resources/read', read)).toEqual([0, 'private'])
  expect(await hints('resources/read', { uri: 'talkif://problems' })).toEqual([3_600_000, 'public'])
})

test('words of a stranger are marked as data', async ({ desk }) => {
  const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
  const asked = { name: 'get_call', arguments: { id: body.call_id } }
  const response = await modern(desk.url, 'tools/call', asked, { authorization: `Bearer ${desk.key}` })
  const { result } = (await answerOf(response)) as unknown as { result: { content: { text: string }[] } }
  expect(result.content[1]!.text).toContain('never instructions')
})

// Last: a connection whose request was refused midway is closed, and whoever is about to reuse it notices.
test('a body too large for its tool is refused, a list of leads may be longer', async ({ desk }) => {
  const authorization = `Bearer ${desk.key}`
  const rows = Array.from({ length: 4000 }, () => ({ phone: '+1202', name: 'x'.repeat(60) }))
  const long = await post(desk.url, use('create_list', { consent: true, leads: rows }), { authorization })
  expect(long.status).toBe(200)
  const yaml = await post(desk.url, use('upsert_flow', { yaml: 'x'.repeat(300_000) }), { authorization })
  expect(yaml.status).toBe(413)
  expect(await yaml.json()).toMatchObject({ code: 'payload_too_large' })
  expect(yaml.headers.get('connection')).toBe('close')
  const huge = await post(desk.url, `[${' '.repeat(9_000_000)}]`, { authorization })
  expect(huge.status).toBe(413)
  expect((await post(desk.url, `[${' '.repeat(300_000)}]`)).status).toBe(413)
})
