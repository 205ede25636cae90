import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent'

export interface OutboundRequest {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** The whole exchange, in milliseconds; 8,000 when absent. */
  timeoutMs?: number
  /** The longest answer that is read; 64 kB when absent. */
  maxBytes?: number
  /** Ends the request early. */
  signal?: AbortSignal
}

/**
 * A request to a server that a workspace names. The answer is whole, whatever its status; a redirect is an answer as any other.
 * @throws OutboundFailed when there is none: in one sentence, without the URL's secrets.
 */
export type FetchOutside = (url: string, request?: OutboundRequest) => Promise<Response>

export class OutboundFailed extends Error {
  override name = 'OutboundFailed'
}

const TIMEOUT_MS = 8_000
const MAX_BYTES = 64 * 1024
const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Only https, and never to a private, loopback, link-local or metadata address: the agent checks the address it connects to, after
 * every name look-up. `allowLoopback` lets a laptop's own servers in, over http too.
 */
export function openOutbound({ allowLoopback }: { allowLoopback: boolean }): FetchOutside {
  const options = {
    allowPrivateIPAddress: false,
    // No CIDR: the agent prints a stack trace when it matches one against an address of the other family.
    ...(allowLoopback ? { allowIPAddressList: ['127.0.0.1', '::1'] } : {}),
  }
  const plain = new RequestFilteringHttpAgent(options)
  const secure = new RequestFilteringHttpsAgent(options)
  const send = (url: URL, given: OutboundRequest, signal: AbortSignal) => {
    const length = given.body === undefined ? {} : { 'content-length': `${Buffer.byteLength(given.body)}` }
    const headers = { 'user-agent': 'Talkif/1', ...given.headers, ...length }
    const shared = { method: given.method ?? 'GET', headers, signal }
    return url.protocol === 'https:'
      ? httpsRequest(url, { ...shared, agent: secure })
      : httpRequest(url, { ...shared, agent: plain })
  }
  return async (address, given = {}) => {
    const url = new URL(address)
    const isOpen = url.protocol === 'https:' || (allowLoopback && loopback.has(url.hostname))
    if (!isOpen) throw new OutboundFailed('only https:// addresses are asked')
    const timeoutMs = given.timeoutMs ?? TIMEOUT_MS
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(given.signal ? [given.signal] : [])])
    try {
      return await exchange(send(url, given, signal), given)
    } catch (error) {
      if (error instanceof OutboundFailed) throw error
      const isLate = signal.aborted && !given.signal?.aborted
      throw new OutboundFailed(isLate ? `no answer within ${timeoutMs / 1000} s` : (error as Error).message)
    }
  }
}

function exchange(request: ReturnType<typeof httpRequest>, { body, maxBytes = MAX_BYTES }: OutboundRequest) {
  return new Promise<Response>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => read(response, maxBytes).then(resolve, reject))
    request.end(body)
  })
}

/** Statuses that have no body (Fetch standard, null body status). */
const bodiless = new Set([101, 204, 205, 304])

async function read(response: IncomingMessage, maxBytes: number): Promise<Response> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new OutboundFailed(`the answer is longer than ${Math.round(maxBytes / 1024)} kB`)
    chunks.push(chunk)
  }
  const status = response.statusCode ?? 502
  const headers = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)])
  return new Response(bodiless.has(status) ? null : Buffer.concat(chunks), { status, headers })
}
