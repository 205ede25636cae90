import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { sandboxPeople } from '../../openapi/sandbox-people.ts'
import { systemClock } from '../../runtime/clock.ts'
import { SANDBOX_ACCOUNT } from '../../runtime/networks.ts'
import { type Network, startCall } from '../../runtime/sandbox/carrier/call.ts'
import { parseCreate } from '../../runtime/sandbox/carrier/parameters.ts'
import { callResource } from '../../runtime/sandbox/carrier/resource.ts'
import { createRooms } from '../../runtime/sandbox/carrier/rooms.ts'
import { scriptOf } from '../../runtime/sandbox/people/scripts.ts'
import { answerCommands } from './child.ts'

/**
 * Everybody outside: a carrier, and a receiver of webhooks. The carrier is the sandbox's own, but whoever is called is busy after
 * two seconds of life, so that no conversation loads the machine.
 */
export interface Arrivals {
  /** When the request to ring a number arrived, epoch milliseconds, by number. */
  rang: Record<string, number>
  /** From the event's `created_at` until its webhook was here, milliseconds. */
  webhookMs: number[]
}

let arrivals: Arrivals = { rang: {}, webhookMs: [] }
const servers: Server[] = []
const now = () => performance.timeOrigin + performance.now()
const busy = scriptOf(sandboxPeople.find((person) => person.character === 'busy')!.number)

async function listen(handle: (body: string, request: IncomingMessage) => [status: number, body?: object]) {
  const server = createServer((request, response) => {
    const arrivedAt = now()
    read(request)
      .then((body) => {
        const [status, answer] = handle(body, Object.assign(request, { arrivedAt }))
        response.writeHead(status, answer ? { 'content-type': 'application/json' } : {})
        response.end(answer && JSON.stringify(answer))
      })
      .catch((error: Error) => {
        process.stderr.write(`${error.stack}\n`)
        response.writeHead(500).end()
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  // The engine's door: a session is opened ahead of every call, and nobody talks.
  new WebSocketServer({ server })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function networkOf(authToken: string): Network {
  const speech = { say: async () => Buffer.alloc(0), ready: () => undefined } as unknown as Network['speech']
  const violation = (code: string, message: string) => process.stderr.write(`the carrier objects: ${code} ${message}\n`)
  const silent = { log: () => {}, rang: () => {}, violation, chaos: {}, rooms: createRooms() }
  return { clock: systemClock, authToken, speech, signal: new AbortController().signal, ...silent }
}

answerCommands(
  {
    async open({ authToken }: { authToken: string }) {
      const network = networkOf(authToken)
      const carrierUrl = await listen((body, request) => {
        if (request.method !== 'POST' || !request.url?.endsWith('/Calls.json'))
          return [404, { code: 20404, status: 404 }]
        const create = parseCreate(new URLSearchParams(body))
        arrivals.rang[create.to] ??= (request as IncomingMessage & { arrivedAt: number }).arrivedAt
        const options = { account: SANDBOX_ACCOUNT, request: create, script: busy, pace: 1, waits: 1 }
        return [201, callResource(startCall(network, options).record)]
      })
      const hookUrl = await listen((body) => {
        const { created_at } = JSON.parse(body) as { created_at: string }
        arrivals.webhookMs.push(now() - Date.parse(created_at))
        return [204]
      })
      return { carrierUrl, hookUrl: `${hookUrl}/hooks` }
    },
    /** What arrived since the last time. */
    arrivals(): Arrivals {
      const since = arrivals
      arrivals = { rang: {}, webhookMs: [] }
      return since
    },
  },
  async () => {
    for (const server of servers) server.close()
  },
)
