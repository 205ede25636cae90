import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../clock.ts'
import type { Network } from './carrier/call.ts'
import type { MessageRecord } from './carrier/message.ts'
import { createCarrierRest, type Time } from './carrier/rest.ts'
import { createRooms } from './carrier/rooms.ts'
import { type Chaos, strikes } from './chaos.ts'
import { engineRest } from './engine/rest.ts'
import { serveSession } from './engine/session.ts'
import { serveTranscription } from './engine/transcription.ts'
import { type Answers, allPhrases, type Cast, scriptOf } from './people/scripts.ts'
import { sameSecret } from './secret.ts'
import { createSpeech } from './speech/speech.ts'
import { type EngineSession, keep, type RangCall, type Violation } from './violations.ts'

export type { MessageRecord } from './carrier/message.ts'
export type { Chaos } from './chaos.ts'
export type { Script } from './people/scripts.ts'
export type { RangCall, Violation } from './violations.ts'

export interface SandboxOptions {
  /** 0, the default, takes a free one. */
  port?: number
  host?: '127.0.0.1'
  clock: Clock
  credentials: { accountSid: string; authToken: string; apiKey: string }
  /** Where rendered speech is kept. */
  cacheDir?: string
  log?: (line: object) => void
  /** Read at each effect: change it while the sandbox runs. */
  chaos?: Chaos
}

/** The sandbox phone network and the sandbox Realtime server, on one loopback listener. */
export interface Sandbox {
  url: string
  /** The base URL of Twilio's REST API. `pace`: how much faster than life calls run; `waits`: ringing. */
  carrierUrl(time: Time): string
  /** The base URL of OpenAI's API. */
  engineUrl(time: { pace: number }): string
  /** Settles when everything people say is rendered; calls do not have to wait for it. */
  ready: Promise<unknown>
  /** People of the user's own, who answer their numbers from the moment they are here. */
  cast: Cast
  /** Answers to further questions, for whoever has the number (E.164); their next call knows them. */
  teach(number: string, own: NonNullable<Answers['own']>): void
  /** Every phone that rang, oldest first. */
  rang: RangCall[]
  /** Every text of either direction, oldest first; their statuses change as they go. */
  messages: MessageRecord[]
  /** Every session of the engine, oldest first. */
  sessions: EngineSession[]
  /** What the real vendors would have refused. */
  violations: Violation[]
  close(): Promise<void>
}

/** @throws when the port is taken */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, credentials, chaos = {}, log = () => {} } = options
  const rang: RangCall[] = []
  const messages: MessageRecord[] = []
  const sessions: EngineSession[] = []
  const violations: Violation[] = []
  const cast: Cast = new Map()
  const closing = new AbortController()
  const speech = createSpeech(options.cacheDir)

  function violation(side: Violation['side'], code: string, message: string, callSid?: string): void {
    const entry = { side, code, message, at: clock.now(), ...(callSid && { callSid }) }
    keep(violations, entry)
    log({ event: 'violation', ...entry })
  }

  const network: Network = {
    ...{ clock, chaos, cast, speech, log, signal: closing.signal, authToken: credentials.authToken },
    rooms: createRooms(),
    violation: (code, message, callSid) => violation('carrier', code, message, callSid),
    rang({ to, from, sid, account }) {
      const entry = { to, from, at: clock.now(), callSid: sid, account }
      keep(rang, entry)
      log({ event: 'rang', ...entry })
    },
  }
  const carrier = createCarrierRest(network, credentials, messages)
  const engine = {
    ...{ clock, speech, chaos, apiKey: credentials.apiKey },
    violation: (code: string, message: string) => violation('engine', code, message),
  }
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 16_000_000 })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, time } = timed(request.url ?? '/')
    if (!isLoopback(request)) plain(response, 403, { error: 'The sandbox answers only on loopback.' })
    else if (path.startsWith('/2010-04-01/')) await carrier.handle(request, response, path, time)
    else if (request.method === 'POST' && ENGINE_PATHS.includes(path))
      await engineRest(engine, request, response, { path, pace: time.pace })
    else if (path === '/rang') plain(response, 200, rang)
    else if (path === '/messages') plain(response, 200, messages)
    else if (path === '/violations') plain(response, 200, violations)
    else plain(response, 404, { error: 'Not found.' })
  }

  /** What keeps this request from a session: https://platform.openai.com/docs/guides/realtime-websocket#connection-details */
  function refusal(request: IncomingMessage, url: URL): [status: number, code: string, message: string] | undefined {
    if (!isLoopback(request) || url.pathname !== '/v1/realtime') return [404, 'not_found', 'Not found.']
    if (!sameSecret(request.headers.authorization ?? '', `Bearer ${credentials.apiKey}`)) {
      return [401, 'invalid_api_key', 'Incorrect API key provided.']
    }
    const { model, intent } = Object.fromEntries(url.searchParams)
    if (intent !== undefined && intent !== 'transcription') return [400, 'invalid_intent', `Invalid intent: ${intent}.`]
    if (intent && model)
      return [400, 'invalid_model', 'You must not provide a model parameter for transcription sessions.']
    if (!intent && !model) return [400, 'missing_model', 'You must provide a model parameter.']
    return undefined
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const { path, time } = timed(request.url ?? '/')
    const url = new URL(path, 'http://engine')
    const refused = refusal(request, url)
    if (refused) {
      violation('engine', refused[1], refused[2])
      refuse(socket, ...refused)
    } else if (chaos.engine?.refuse && strikes(chaos.engine)) {
      refuse(socket, chaos.engine.refuse, 'server_error', 'The sandbox was told to refuse.')
    } else {
      const model = url.searchParams.get('model')
      sockets.handleUpgrade(request, socket, head, (accepted: WebSocket) => {
        const known: EngineSession = { openedAt: clock.now() }
        keep(sessions, known)
        accepted.once('close', () => {
          known.closedAt = clock.now()
        })
        const session = { socket: accepted, pace: time.pace, ...engine }
        if (model) serveSession({ ...session, model })
        else serveTranscription(session)
      })
    }
  }

  const server = createServer((request, response) => {
    route(request, response).catch((error: Error) => {
      log({ event: 'fault', error: error.stack })
      if (!response.headersSent) plain(response, 500, { error: 'The sandbox failed.' })
    })
  })
  server.on('upgrade', upgrade)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const spoken = Promise.allSettled(allPhrases().map((text) => speech.say('person', text)))

  return {
    ready: spoken,
    url,
    carrierUrl: ({ pace, waits }) => `${url}/pace/${pace}/waits/${waits}`,
    engineUrl: ({ pace }) => `${url}/pace/${pace}/v1`,
    cast,
    teach(number, own) {
      const { answers, ...script } = scriptOf(number, cast)
      cast.set(number, { ...script, answers: { ...answers, own: [...(answers.own ?? []), ...own] } })
    },
    rang,
    messages,
    sessions,
    violations,
    async close() {
      closing.abort()
      carrier.close()
      for (const socket of sockets.clients) socket.terminate()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await Promise.all([closed, speech.close()])
    },
  }
}

/** The engine's endpoints beside its sockets. */
const ENGINE_PATHS = ['/v1/chat/completions', '/v1/audio/speech']

/** Takes the time factors off a path: `/pace/4/waits/60/…`. Life's pace when absent. */
function timed(path: string): { path: string; time: Time } {
  const [, pace, waits, rest] = /^(?:\/pace\/(\d+(?:\.\d+)?))?(?:\/waits\/(\d+(?:\.\d+)?))?(\/.*)$/.exec(path) ?? []
  return { path: rest ?? '/', time: { pace: factor(pace), waits: factor(waits) } }
}

const factor = (text: string | undefined) => Math.min(1000, Math.max(0.1, Number(text ?? 1)))

/** A page in somebody's browser must not reach it under a name of its own. */
function isLoopback(request: IncomingMessage): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')
}

function plain(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(body))
}

function refuse(socket: Duplex, status: number, code: string, message: string): void {
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } })
  const head = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json`
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
