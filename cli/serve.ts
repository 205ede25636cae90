import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { Hono } from 'hono'
import { WebSocketServer } from 'ws'
import { agentDoor } from '../api/agent-door.ts'
import { createApp, type Env } from '../api/app.ts'
import { contractDocuments } from '../api/contract-documents.ts'
import { docsDocuments } from '../api/docs.ts'
import { problemResponse } from '../api/problem-response.ts'
import { mcpRoutes } from '../mcp/http.ts'
import { mcpServer, printSurface } from '../mcp/server.ts'
import type { Document, LiveDocument } from '../openapi/pages.ts'
import { type Clock, elastic, systemClock } from '../runtime/clock.ts'
import { type Config, ownUrl } from '../runtime/config.ts'
import { startEmbeddedPostgres } from '../runtime/db/embedded.ts'
import { gathering } from '../runtime/gathering.ts'
import { newId } from '../runtime/ids.ts'
import { warmUp } from '../runtime/leads/read-lead.ts'
import { type Log, openLog } from '../runtime/log.ts'
import { SANDBOX_ACCOUNT, type SandboxUrls } from '../runtime/networks.ts'
import { ProblemError } from '../runtime/problem.ts'
import { openRuntime, type Roles, type Runtime } from '../runtime/runtime.ts'
import { type Chaos, type Sandbox, startSandbox } from '../runtime/sandbox/server.ts'
import { version } from '../runtime/version.ts'
import { wellKnownDocuments } from '../well-known/documents.ts'
import { closeServers, type Fetch, listen } from './listen.ts'

export interface Served {
  /** Where this process answers, e.g. `http://127.0.0.1:8787`. */
  url: string
  runtime: Runtime
  app: Hono<Env>
  /** The sandbox of this process; undefined when it runs elsewhere. */
  sandbox: Sandbox | undefined
  /** Whether the database was started, adopted from a killed process, or is somebody else's. */
  database: 'started' | 'adopted' | 'external'
  /** Takes no more work, lets running calls end for at most `drainMs`, and stops everything this process started. */
  close(drainMs?: number): Promise<void>
}

export interface ServeOptions {
  roles?: Roles & { api: boolean }
  log?: Log
  /** For tests; the system's otherwise. */
  clock?: Clock
  /** Faults for the sandbox to play; for tests. */
  chaos?: Chaos
  /** Adds routes of the caller's own before the first request. */
  extend?: (app: Hono<Env>) => void
}

/**
 * The composition root of a server: the HTTP listeners, the database, the runtime, the sandbox.
 * @throws Error, in words for the user, when the port is taken or the database does not come up.
 */
export async function serve(given: Config, options: ServeOptions = {}): Promise<Served> {
  const {
    roles = { api: true, worker: true, media: true },
    log = openLog(given.logLevel),
    extend,
    chaos,
    clock = systemClock,
  } = options
  const opened: (() => Promise<unknown>)[] = []
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse())
      await close().catch((error) => log.error({ err: error }, 'closing failed'))
  }
  try {
    let fetch: Fetch
    const servers = await listen(given, (request) => fetch(request))
    opened.push(() => closeServers(servers))
    const { port } = servers[0]!.address() as AddressInfo
    const localUrl = ownUrl(port)
    const config = withPort(given, port)
    fetch = () => starting(config.publicUrl, log)

    const postgres = config.databaseUrl ? undefined : await startEmbeddedPostgres(config.dataDir)
    if (postgres) opened.push(() => postgres.stop())
    const sandboxClock = elastic(clock)
    let sandbox: Sandbox | undefined
    const runtime = await openRuntime(config, {
      databaseUrl: config.databaseUrl ?? postgres!.url,
      roles,
      log,
      clock,
      sandboxClock,
      ...(config.sandboxUrl ? {} : { localUrl }),
      sandbox: async (secrets) => {
        if (config.sandboxUrl) return sandboxAt(config.sandboxUrl)
        const credentials = {
          accountSid: SANDBOX_ACCOUNT,
          authToken: secrets.sandboxAuthToken,
          apiKey: secrets.sandboxApiKey,
        }
        sandbox = await startSandbox({
          clock: sandboxClock,
          credentials,
          cacheDir: join(config.dataDir, 'speech'),
          log: (line) => log.debug(line, 'sandbox'),
          ...(chaos ? { chaos } : {}),
        })
        opened.push(sandbox.close)
        return sandbox
      },
    })
    opened.push(runtime.close)
    const app = createApp(runtime, { operations: roles.api, documents: roles.api ? documentsOf(config) : [] })
    if (roles.api) mountMcp(app, runtime)
    extend?.(app)
    if (roles.media) for (const server of servers) carryMedia(server, runtime)
    const answering = new Set<Promise<Response>>()
    fetch = (request) => {
      const answer = Promise.resolve(app.fetch(request))
      answering.add(answer)
      return answer.finally(() => answering.delete(answer))
    }
    if (roles.api) void warmUp()
    return {
      url: localUrl,
      runtime,
      app,
      sandbox,
      database: postgres?.origin ?? 'external',
      async close(drainMs = 0) {
        await runtime.drain(drainMs).catch((error) => log.error({ err: error }, 'work did not end in order'))
        runtime.callChanges.stop()
        // Before the database goes: whoever asked now, or was still being answered, would find it down.
        await closeServers(servers)
        await Promise.allSettled(answering)
        await closeAll()
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function starting(publicUrl: string, log: Log): Response {
  const requestId = newId('req')
  const error = new ProblemError('unavailable', 'The server is starting.', { retryAfterSeconds: 1 })
  const response = problemResponse(error, requestId, publicUrl, log)
  response.headers.set('request-id', requestId)
  return response
}

function mountMcp(app: Hono<Env>, runtime: Runtime): void {
  const surface = printSurface(version)
  app.route(
    '/',
    mcpRoutes(agentDoor(runtime), surface.tools, (door) => mcpServer(surface, door)),
  )
}

/** Everything that is printed once, by the rooms that know it. */
const documentsOf = ({ publicUrl: url, securityContact }: Config): (Document | LiveDocument)[] => [
  ...contractDocuments(url, version),
  ...docsDocuments(url, version),
  ...wellKnownDocuments({ url, version, securityContact }),
]

/** With port 0 the system chose one, which its own URLs did not know yet; those that were configured stand. */
function withPort(config: Config, port: number): Config {
  const known = (url: string) => (url === ownUrl(0) ? ownUrl(port) : url)
  return { ...config, port, publicUrl: known(config.publicUrl), mediaUrl: known(config.mediaUrl) }
}

/** A sandbox that runs elsewhere, by the URLs every sandbox has. */
const sandboxAt = (url: string): SandboxUrls => ({
  carrierUrl: ({ pace, waits }) => `${url}/pace/${pace}/waits/${waits}`,
  engineUrl: ({ pace }) => `${url}/pace/${pace}/v1`,
})

/** The carrier's media streams; anything else that wants to upgrade is refused. */
function carryMedia(server: Server, runtime: Runtime): void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 * 1024 })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (request.url !== '/carrier/twilio/media') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, gathering(socket), head, (accepted) => {
      runtime.media?.accept(accepted).catch((error) => {
        runtime.log.warn({ err: error }, 'a media stream was refused')
        accepted.terminate()
      })
    })
  })
}
