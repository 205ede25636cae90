import net from 'node:net'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import type { RealtimeClientEvent, RealtimeServerEvent } from 'openai/resources/realtime/realtime'
import { type EngineEvent, EngineLost, type EngineRefused, engineFailure, translate } from './engine-events.ts'

export interface EngineSocket {
  send(event: RealtimeClientEvent): void
  /** Nothing is told after this. */
  close(): void
}

/** A conversation with a model, or the transcription of what is said. */
export type SocketTarget = { model: string } | { intent: 'transcription' }

export interface SocketSettings {
  /** `https://…/v1`, or `http://` for a server beside us. */
  baseUrl: string
  apiKey: string
  target: SocketTarget
}

export interface SocketListener {
  /** The connection stands; nothing was said yet. */
  opened(): void
  /** The session took its configuration. */
  configured(): void
  event(event: EngineEvent): void
  /** Exactly once, unless we close first. */
  lost(error: EngineRefused | EngineLost): void
}

const handshakeTimeoutMs = 5_000
const closeTimeoutMs = 2_000
/** A delta of audio is some kilobytes; nothing honest is longer than this. */
const maxMessageBytes = 4 * 1024 * 1024
/** A minute of audio that the engine did not read: it is gone. */
const maxBufferedBytes = 1024 * 1024

/** One WebSocket to a Realtime server, through the SDK's client. */
export function openEngineSocket(settings: SocketSettings, listener: SocketListener): EngineSocket {
  let over = false
  const realtime = new OpenAIRealtimeWS(
    {
      ...settings.target,
      options: {
        handshakeTimeout: handshakeTimeoutMs,
        closeTimeout: closeTimeoutMs,
        maxPayload: maxMessageBytes,
        // Base64 of speech hardly shrinks, and each call would keep a compressor.
        perMessageDeflate: false,
        ...plainConnection(settings.baseUrl),
      } as ConstructorParameters<typeof OpenAIRealtimeWS>[0]['options'],
    },
    { apiKey: settings.apiKey, baseURL: settings.baseUrl },
  )
  const { socket } = realtime

  const lose = (error: EngineRefused | EngineLost) => {
    if (over) return
    over = true
    socket.terminate()
    listener.lost(error)
  }
  // API errors also come as events, which say more; what is left here is the transport's.
  realtime.on('error', (error) => {
    if (!error.error && socket.readyState !== socket.OPEN) lose(new EngineLost(error.message))
  })
  realtime.on('event', (event: RealtimeServerEvent) => {
    if (over) return
    if (event.type === 'session.updated') return listener.configured()
    const told = translate(event)
    if (told?.type === 'lost') lose(told.error)
    else if (told) listener.event(told)
  })
  socket.on('open', () => listener.opened())
  socket.on('unexpected-response', (_request, response) => {
    response.resume()
    lose(engineFailure(String(response.statusCode ?? 'no status'), 'the handshake was refused'))
  })
  socket.on('close', (code, reason) => lose(closeFailure(code, reason.toString('utf8'))))

  return {
    send(event) {
      if (over) return
      if (socket.bufferedAmount > maxBufferedBytes) return lose(new EngineLost('the engine does not read'))
      realtime.send(event)
    },
    close() {
      if (over) return
      over = true
      if (socket.readyState === socket.OPEN) realtime.close()
      else socket.terminate()
    },
  }
}

/** The reason of a refusal is a dotted code: `invalid_request_error.invalid_api_key`. */
function closeFailure(code: number, reason: string): EngineRefused | EngineLost {
  return reason ? engineFailure(reason, `closed with ${code}`) : new EngineLost(`closed with ${code}`)
}

/** The SDK always speaks `wss:`; for an `http:` base URL the socket below is handed to it unencrypted. */
function plainConnection(baseUrl: string): { createConnection?: () => net.Socket } {
  const { protocol, hostname, port } = new URL(baseUrl)
  if (protocol !== 'http:') return {}
  const host = hostname.replace(/^\[|\]$/g, '')
  return { createConnection: () => net.connect({ host, port: Number(port || 80) }) }
}
