import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Asked, type CalComHost, openHost, Refused } from './cal-com-host.ts'
import { readPublished } from './published.ts'

/**
 * Cal.com's API v2, held to its published OpenAPI document (`cal-com-openapi.yaml`): a request that the document does not permit is
 * refused, and kept in `violations`; an answer that it does not permit is a fault of ours, and thrown.
 */
export interface CalComServer extends Omit<CalComHost, 'routes'> {
  url: string
  violations: string[]
  /** Answers of the next request are lost: it is done, and the connection cut. */
  cutAfter(route: string): void
  /** The next request is never answered, and done only when it hangs `after` that. Resolves once it has come so far. */
  hang(route: string, at: 'before' | 'after'): Promise<void>
  close(): Promise<void>
}

export const API_KEY = 'cal_test_key'
const published = readPublished(new URL('cal-com-openapi.yaml', import.meta.url))

/** @param now the clock of the tests. */
export async function startCalCom(now: () => number): Promise<CalComServer> {
  const host = openHost(now)
  const violations: string[] = []
  let cut = ''
  let hanging: { route: string; at: 'before' | 'after'; reached(): void } | undefined
  const hangs = (route: string, at: 'before' | 'after') => {
    if (hanging?.route !== route || hanging.at !== at) return false
    hanging.reached()
    hanging = undefined
    return true
  }

  function answer({ method, headers }: IncomingMessage, url: URL, text: string) {
    const found = published(method!, url.pathname)
    if (!found) {
      violations.push(`${method} ${url.pathname}`)
      throw new Refused(404, `Cannot ${method} ${url.pathname}`)
    }
    const { operation, path } = found
    const body: unknown = text ? JSON.parse(text) : undefined
    const given = { path, query: Object.fromEntries(url.searchParams), headers, body }
    const faults = operation.faultsOf(given)
    violations.push(...faults)
    // Where a key may be left out, Cal.com refuses a wrong one all the same; where the document names none, none is looked at.
    if (operation.takes('authorization') && headers.authorization !== `Bearer ${API_KEY}`) {
      throw new Refused(401, 'Invalid API Key')
    }
    if (faults.length) throw new Refused(400, faults.join('; '))
    const { status = 200, ...reply } = host.routes[operation.name]!(given as unknown as Asked)
    return { status, body: { status: 'success', ...reply } }
  }

  function refusal(error: unknown, path: string) {
    if (!(error instanceof Refused)) throw error
    const { status, message } = error
    const detail = { code: `HTTP_${status}`, message }
    return { status, body: { status: 'error', timestamp: new Date(now()).toISOString(), path, error: detail } }
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url!, 'http://x')
    let text = ''
    for await (const chunk of request) text += chunk
    const operation = published(request.method!, url.pathname)?.operation
    const name = operation?.name ?? 'no operation'
    if (hangs(name, 'before')) return
    let answered: { status: number; body: object }
    try {
      answered = answer(request, url, text)
    } catch (error) {
      answered = refusal(error, request.url!)
    }
    const { status, body } = answered
    operation?.expectAnswer(status, body)
    if (hangs(name, 'after')) return
    if (cut === name) {
      cut = ''
      response.destroy()
      return
    }
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(host, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    violations,
    cutAfter(route: string) {
      cut = route
    },
    hang: (route: string, at: 'before' | 'after') =>
      new Promise<void>((reached) => {
        hanging = { route, at, reached }
      }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}
