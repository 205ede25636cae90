import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent'

export interface PostResult {
  ok: boolean
  status?: number
  error?: string
}

/** Posts `body` and reads nothing but the status. Never throws. */
export type PostWebhook = (url: string, headers: Record<string, string>, body: string) => Promise<PostResult>

const TIMEOUT_MS = 15_000
/** What a receiver answers is of no use to us; this much is read so that its connection can be used again. */
const READ_BYTES = 16 * 1024
/** Shorter than what servers usually keep an idle connection for. */
const IDLE_MS = 4_000

/**
 * Redirects are failures, and no request leaves for a private, loopback, link-local or metadata address: the agent checks the
 * address it connects to, after every name look-up. Connections are kept for the next webhook to the same host.
 */
export function openWebhookPoster({ allowLoopback }: { allowLoopback: boolean }): {
  post: PostWebhook
  close(): void
} {
  const options = {
    keepAlive: true,
    maxFreeSockets: 2,
    timeout: IDLE_MS,
    allowPrivateIPAddress: false,
    // No CIDR: the agent prints a stack trace when it matches one against an address of the other family.
    ...(allowLoopback ? { allowIPAddressList: ['127.0.0.1', '::1'] } : {}),
  }
  const plain = new RequestFilteringHttpAgent(options)
  const secure = new RequestFilteringHttpsAgent(options)
  const start = (url: string, given: Record<string, string>, body: string): ClientRequest => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'Talkif-Webhooks/1',
      ...given,
    }
    const shared = { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS), headers }
    return url.startsWith('https:')
      ? httpsRequest(url, { ...shared, agent: secure })
      : httpRequest(url, { ...shared, agent: plain })
  }
  const post: PostWebhook = async (url, headers, body) => {
    for (;;) {
      const { reused, ...result } = await exchange(() => start(url, headers, body), body)
      // A kept connection that the receiver closed meanwhile says nothing about the receiver.
      if (!reused) return result
    }
  }
  return {
    post,
    close() {
      plain.destroy()
      secure.destroy()
    },
  }
}

function exchange(start: () => ClientRequest, body: string): Promise<PostResult & { reused?: boolean }> {
  return new Promise((resolve) => {
    let request: ClientRequest
    try {
      request = start()
    } catch (error) {
      resolve({ ok: false, error: (error as Error).message })
      return
    }
    request.on('response', (response) => {
      drain(response)
      resolve(resultOf(response.statusCode ?? 0))
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      const timedOut = error.name === 'AbortError' || error.name === 'TimeoutError'
      const reused = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      resolve({ ok: false, reused, error: timedOut ? `no answer within ${TIMEOUT_MS / 1000} s` : error.message })
    })
    request.end(body)
  })
}

function resultOf(status: number): PostResult {
  if (status >= 200 && status < 300) return { ok: true, status }
  const isRedirect = status >= 300 && status < 400
  return { ok: false, status, error: isRedirect ? 'redirects are not followed' : `HTTP ${status}` }
}

/** Reads a short answer to its end and throws it away; a long or endless one is cut off. */
function drain(response: IncomingMessage): void {
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > READ_BYTES) response.destroy()
  })
  response.on('error', () => {})
}
