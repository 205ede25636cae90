import { ConnectionError, createClient, exchange, isProblem, TalkifError } from '../openapi/client.ts'
import { readShape } from '../openapi/faults.ts'
import { type Scope, snake } from '../openapi/operation.ts'
import { operationIds, operations } from '../openapi/operations.ts'
import { type Call, type Door, faultyHere, problemHere } from './door.ts'

export interface RemoteOptions {
  /** Of a Talkif server. */
  url: string
  key: string
  readOnly: boolean
}

/** The door to a server elsewhere: its HTTP API, and its MCP endpoint for what that does not tell. */
export function remoteDoor({ url, key, readOnly }: RemoteOptions): Door {
  const client = createClient({ url, key })
  const here = { url, requestId: 'not_sent' }
  const told = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      throw new TalkifError(problemHere(here, 'unavailable', { detail: error.message, suggested_action: MEND }))
    }
  }
  const call: Call = async (operation, input, options) => {
    // Path and query travel as text: what was wrong with them is told before it is lost.
    const it = operations[operation]
    const faults = it.method === 'post' ? [] : readShape(it.input, input).faults
    if (faults.length) throw new TalkifError(faultyHere(here, faults))
    return told<object>(client[operation](input as never, options))
  }
  const idsOf: Door['idsOf'] = async (kind, prefix) => {
    const ref = { type: 'ref/resource', uri: `${kind}://{id}` }
    const params = { ref, argument: { name: 'id', value: prefix } }
    const { completion } = await told(ask<Completed>({ url, key }, 'completion/complete', params))
    return { values: completion.values, hasMore: completion.hasMore ?? false }
  }
  let known: readonly Scope[] | undefined
  // Before the server answers, its tools are shown all the same: calling one says what is wrong.
  const scopes = async () => {
    known ??= await scopesOf({ url, key }).catch(() => undefined)
    return known
  }
  return { ...here, call, readOnly, scopes, idsOf }
}

const MEND = 'Check that a Talkif server runs at this URL (`talkif mcp --url`), then try again.'

type Server = Pick<RemoteOptions, 'url' | 'key'>

interface Completed {
  completion: { values: string[]; hasMore?: boolean }
}

/** The scopes that a key has, by the tools that the server shows to it; they are those of the key for as long as it lives. */
async function scopesOf(server: Server): Promise<readonly Scope[]> {
  const { tools } = await ask<{ tools: { name: string }[] }>(server, 'tools/list', {})
  const names = new Set(tools.map(({ name }) => name))
  return operationIds.filter((id) => names.has(snake(id))).map((id) => operations[id].scope)
}

const PROTOCOL = '2026-07-28'

/** The result of one message to the server's `/mcp`. @throws TalkifError with the problem it told, ConnectionError. */
async function ask<Result>({ url, key }: Server, method: string, params: object): Promise<Result> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': PROTOCOL,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': PROTOCOL,
    'mcp-method': method,
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } })
  const answer = (await exchange({ url }, `${url}/mcp`, { method: 'POST', headers, body })) as Answer<Result> | null
  if (isProblem(answer?.error?.data)) throw new TalkifError(answer.error.data)
  if (!answer?.result) throw new ConnectionError(`${url}/mcp did not answer ${method}.`)
  return answer.result
}

interface Answer<Result> {
  result?: Result
  error?: { data?: unknown }
}
