import http from 'node:http'
import https from 'node:https'

/** What Twilio's SDK asks of an `httpClient` (twilio/lib/base/RequestClient), as far as the Calls resource uses it. */
export interface TwilioRequest {
  method: string
  uri: string
  username?: string
  password?: string
  headers?: Record<string, string>
  params?: Record<string, unknown>
  data?: Record<string, unknown>
}

export interface TwilioResponse {
  statusCode: number
  body: string
  headers: http.IncomingHttpHeaders
}

/** The request failed before the first of its bytes left: the carrier cannot know of it. */
export class NotSent extends Error {
  override name = 'NotSent'
}

/** The request left, wholly or in part, and no complete answer came. */
export class NotAnswered extends Error {
  override name = 'NotAnswered'
}

export interface Transport {
  /**
   * Sends once: no retries, no redirects. `beforeSend` runs when the connection stands and nothing was written yet.
   * Throws {@link NotSent} or {@link NotAnswered}, and nothing else.
   */
  send(request: TwilioRequest, options: { signal: AbortSignal; beforeSend?(): void }): Promise<TwilioResponse>
  close(): void
}

const maxSockets = 20
/** Under the idle timeout of the usual load balancers, so that a kept socket is rarely dead when it is taken. */
const idleSocketMs = 15_000
/** A page of 200 calls is about 400 kB. */
const maxResponseBytes = 4_000_000

/** HTTP to `baseUrl` (`https://api.twilio.com`, or the sandbox's), over at most 20 kept-alive sockets. */
export function openTransport(baseUrl: string): Transport {
  const base = new URL(baseUrl)
  const { Agent, request } = base.protocol === 'http:' ? http : https
  const agent = new Agent({ keepAlive: true, maxSockets, maxFreeSockets: 5, timeout: idleSocketMs })
  return {
    send: (message, options) => exchange(request, agent, base, message, options),
    close: () => agent.destroy(),
  }
}

function exchange(
  request: typeof https.request,
  agent: http.Agent,
  base: URL,
  message: TwilioRequest,
  { signal, beforeSend }: { signal: AbortSignal; beforeSend?(): void },
): Promise<TwilioResponse> {
  return new Promise((resolve, reject) => {
    let sent = false
    const fail = (error: Error) => reject(sent ? new NotAnswered(error.message) : new NotSent(error.message))
    if (signal.aborted) return fail(new Error('given up before it was sent'))
    const body = message.data ? form(message.data) : undefined
    const req = request(target(base, message), {
      agent: agent as https.Agent,
      method: message.method.toUpperCase(),
      headers: headers(message, body),
      signal,
    })
    req.on('error', fail)
    req.on('response', (response) => collect(response, resolve, fail))
    // Node writes nothing before `end`: waiting for the connection makes `beforeSend` the last instant.
    req.once('socket', (socket) => {
      const send = () => {
        if (req.destroyed) return
        try {
          beforeSend?.()
        } catch (error) {
          req.destroy(error instanceof Error ? error : new Error(String(error)))
          return
        }
        sent = true
        req.end(body)
      }
      if (!socket.connecting) send()
      else socket.once(base.protocol === 'http:' ? 'connect' : 'secureConnect', send)
    })
  })
}

/** The SDK builds `https://api.twilio.com/...` (or an edge taken from the environment); only its path counts here. */
function target(base: URL, message: TwilioRequest): URL {
  const wanted = new URL(message.uri)
  const url = new URL(base.pathname.replace(/\/$/, '') + wanted.pathname + wanted.search, base)
  for (const [name, value] of Object.entries(message.params ?? {})) {
    if (value !== undefined) url.searchParams.append(name, String(value))
  }
  return url
}

function headers(message: TwilioRequest, body: string | undefined): http.OutgoingHttpHeaders {
  const credentials = Buffer.from(`${message.username}:${message.password}`).toString('base64')
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
  return { ...message.headers, ...length, Authorization: `Basic ${credentials}` }
}

/** Repeated keys for lists, as Twilio reads them (`StatusCallbackEvent=initiated&StatusCallbackEvent=ringing`). */
function form(data: Record<string, unknown>): string {
  const fields = new URLSearchParams()
  for (const [name, value] of Object.entries(data)) {
    for (const one of Array.isArray(value) ? value : [value]) fields.append(name, String(one))
  }
  return fields.toString()
}

function collect(
  response: http.IncomingMessage,
  resolve: (response: TwilioResponse) => void,
  fail: (error: Error) => void,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxResponseBytes) response.destroy(new Error('the answer is too large'))
    else chunks.push(chunk)
  })
  response.on('error', fail)
  response.on('end', () => {
    if (!response.complete) return fail(new Error('the answer was cut off'))
    resolve({
      statusCode: response.statusCode ?? 0,
      body: Buffer.concat(chunks).toString('utf8'),
      headers: response.headers,
    })
  })
}
