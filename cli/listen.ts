import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '../runtime/config.ts'
import { CommandError } from './failure.ts'

export type Fetch = (request: Request) => Response | Promise<Response>

const REACHES_LOOPBACK = ['127.0.0.1', '0.0.0.0', '::']

/**
 * Listens at `HOST`, and at loopback, where the server finds itself: the sandbox carries its media there, `talkif dev` its webhooks.
 * @throws CommandError when the port is taken or the address is not this machine's.
 */
export async function listen({ port, host }: Config, fetch: Fetch): Promise<Server[]> {
  const server = await listenAt(port, host, fetch)
  const chosen = server.address() as AddressInfo
  if (REACHES_LOOPBACK.includes(chosen.address)) return [server]
  try {
    return [server, await listenAt(chosen.port, '127.0.0.1', fetch)]
  } catch (error) {
    await closeServers([server])
    throw error
  }
}

function listenAt(port: number, host: string, fetch: Fetch): Promise<Server> {
  const server = createServer(getRequestListener(fetch))
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(told(error, port, host)))
    server.listen(port, host, () => resolve(server))
  })
}

function told(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === 'EADDRINUSE')
    return new CommandError(
      `Port ${port} is taken.`,
      `Stop the program that uses it, or choose another port: set PORT=${port + 1}.`,
    )
  const isElsewhere = error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
  return isElsewhere
    ? new CommandError(`HOST=${host} is no address of this machine.`, 'HOST=0.0.0.0 listens at every one it has.')
    : error
}

/** How long answers that are on their way may take. */
const LAST_ANSWERS_MS = 1_000

export const closeServers = (servers: Server[]) => Promise.all(servers.map(closeServer))

/** Takes no new connection, and lets go of each as soon as its last answer has left. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const idle = setInterval(() => server.closeIdleConnections(), 10)
  const late = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS)
  await closed
  clearInterval(idle)
  clearTimeout(late)
}
