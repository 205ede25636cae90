import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { OpenAI } from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime'
import twilio from 'twilio'
import { type WebSocket, WebSocketServer } from 'ws'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { elastic, systemClock } from '../../runtime/clock.ts'
import { type Chaos, type Sandbox, startSandbox } from '../../runtime/sandbox/server.ts'
import { speechDir } from '../harness/cache.ts'

export const credentials = {
  accountSid: `AC${'1'.repeat(32)}`,
  authToken: 'token-of-the-sandbox',
  apiKey: 'sk-sandbox',
}
export const PACE = 40
export const time = { pace: PACE, waits: 200 }

export const openSandbox = (chaos?: Chaos): Promise<Sandbox> =>
  startSandbox({ clock: elastic(systemClock), credentials, cacheDir: speechDir, ...(chaos && { chaos }) })

/** The real SDK; only its base URL is another. */
export function twilioAt(base: string, { accountSid, authToken } = credentials) {
  const client = new twilio.RequestClient()
  const httpClient = {
    request: (options: Parameters<typeof client.request>[0]) =>
      client.request({ ...options, uri: options.uri.replace('https://api.twilio.com', base) }),
  }
  return twilio(accountSid, authToken, {
    httpClient: httpClient as unknown as InstanceType<typeof twilio.RequestClient>,
  })
}

/** The real SDK. It always says wss; the sandbox is plain, so the socket is made here. */
export function realtimeAt(baseURL: string, apiKey = credentials.apiKey): OpenAIRealtimeWS {
  const client = new OpenAI({ apiKey, baseURL })
  const options = { createConnection: (at: object) => connect(at as { host: string; port: number }) }
  return new OpenAIRealtimeWS({ model: 'gpt-realtime', options: options as never }, client)
}

/** Resolves with the next message for which `test` is true. */
export class Inbox<T> {
  readonly all: T[] = []
  #waiting: { test: (message: T) => boolean; resolve: (message: T) => void }[] = []

  push(message: T): void {
    this.all.push(message)
    for (const waiter of this.#waiting.filter(({ test }) => test(message))) waiter.resolve(message)
    this.#waiting = this.#waiting.filter(({ test }) => !test(message))
  }

  /** Looks at what came already, then waits. */
  find(test: (message: T) => boolean): Promise<T> {
    const known = this.all.find(test)
    if (known !== undefined) return Promise.resolve(known)
    return this.next(test)
  }

  next(test: (message: T) => boolean): Promise<T> {
    return new Promise((resolve) => this.#waiting.push({ test, resolve }))
  }
}

export interface CallbackSeen {
  path: string
  signature: string
  url: string
  params: Record<string, string>
}
export interface StreamMessage {
  event: string
  streamSid: string
  [field: string]: unknown
}

/** The smallest application: keeps callbacks, answers them with `answer`, and gives each media stream to `onStream`. */
export async function openApp(
  onStream: (socket: WebSocket, request: IncomingMessage) => void = () => {},
  answer: (seen: CallbackSeen) => string = () => '',
) {
  const callbacks = new Inbox<CallbackSeen>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = `http://127.0.0.1:${port}${request.url}`
    const query = request.method === 'GET' ? new URL(url).searchParams : Buffer.concat(chunks).toString()
    const params = Object.fromEntries(new URLSearchParams(query))
    const seen = { path: request.url!, signature: String(request.headers['x-twilio-signature']), url, params }
    callbacks.push(seen)
    response.end(answer(seen))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', onStream)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = (server.address() as AddressInfo).port
  return {
    callbacks,
    http: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    status: (status: string) => callbacks.find(({ params }) => params.CallStatus === status),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type App = Awaited<ReturnType<typeof openApp>>

export const streamTo = (url: string, parameters: Record<string, string> = {}) => {
  const response = new twilio.twiml.VoiceResponse()
  const stream = response.connect().stream({ url })
  for (const [name, value] of Object.entries(parameters)) stream.parameter({ name, value })
  return response.toString()
}

export const callTo = (to: string, app: App, more: object = {}) => ({
  to,
  from: sandboxNumber,
  twiml: streamTo(`${app.ws}/media`, { token: 'once' }),
  statusCallback: `${app.http}/status`,
  statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
  ...more,
})

/** All events of a realtime client, and the errors among them. */
export function eventsOf(client: OpenAIRealtimeWS): Inbox<RealtimeServerEvent> {
  const inbox = new Inbox<RealtimeServerEvent>()
  client.on('event', (event) => inbox.push(event))
  client.on('error', () => {})
  return inbox
}

export const telephone = (instructions: string, tools: object[] = [], vad: object | null = {}) => ({
  type: 'session.update' as const,
  session: {
    type: 'realtime' as const,
    instructions,
    output_modalities: ['audio' as const],
    tools: tools as never,
    audio: {
      input: {
        format: { type: 'audio/pcmu' as const },
        transcription: { model: 'gpt-4o-mini-transcribe' },
        turn_detection: vad && {
          type: 'server_vad' as const,
          create_response: false,
          interrupt_response: false,
          ...vad,
        },
      },
      output: { format: { type: 'audio/pcmu' as const }, voice: 'marin' },
    },
  },
})
