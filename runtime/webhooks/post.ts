import { type ClientRequest, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { useAgent } from 'request-filtering-agent'

export interface PostResult {
  ok: boolean
  status?: number
  error?: string
}

const TIMEOUT_MS = 15_000

/**
 * Posts `body` and reads nothing but the status. Never throws. Redirects are failures, and no request leaves for a private,
 * loopback, link-local or metadata address: the agent checks the address it connects to, after every name look-up.
 */
export function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  { allowLoopback }: { allowLoopback: boolean },
): Promise<PostResult> {
  return new Promise((resolve) => {
    let request: ClientRequest
    try {
      const agent = useAgent(url, {
        allowPrivateIPAddress: false,
        // No CIDR: the agent prints a stack trace when it matches one against an address of the other family.
        ...(allowLoopback ? { allowIPAddressList: ['127.0.0.1', '::1'] } : {}),
      })
      request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        agent,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'Talkif-Webhooks/1',
          ...headers,
        },
      })
    } catch (error) {
      resolve({ ok: false, error: (error as Error).message })
      return
    }
    request.on('response', (response) => {
      const status = response.statusCode ?? 0
      // What a receiver writes is of no use to us, and may be endless.
      response.destroy()
      const ok = status >= 200 && status < 300
      resolve(
        ok
          ? { ok, status }
          : { ok, status, error: status >= 300 && status < 400 ? 'redirects are not followed' : `HTTP ${status}` },
      )
    })
    request.on('error', (error) => {
      const timedOut = error.name === 'AbortError' || error.name === 'TimeoutError'
      resolve({ ok: false, error: timedOut ? `no answer within ${TIMEOUT_MS / 1000} s` : error.message })
    })
    request.end(body)
  })
}
