import type { RealtimeClientEvent, SessionUpdateEvent } from 'openai/resources/realtime/realtime'
import type { Clock } from '../clock.ts'
import { configureId, type EngineEvent, EngineLost, type EngineRefused } from './engine-events.ts'
import { type EngineSocket, openEngineSocket, type SocketTarget } from './engine-socket.ts'
import { bytesPerMs } from './mulaw.ts'

export interface SessionOptions {
  settings: { baseUrl?: string; apiKey: string; clock: Clock }
  target: SocketTarget
  session: SessionUpdateEvent['session']
  /** True for an event that nobody else has to see. */
  takes?(event: EngineEvent): boolean
  /** The socket is given up, for good or for another one. */
  released?(): void
}

/** One caller's session with a Realtime server, over one socket after the other. Every method returns at once. */
export interface EngineSession {
  readonly ready: Promise<void>
  readonly opened: { startedAt: number; endedAt: number | null }
  /** Set once; what was told before is told now, in order. */
  listen(listener: (event: EngineEvent) => void): void
  tell(event: EngineEvent): void
  /** False, and nothing sent, while no session stands. */
  send(event: RealtimeClientEvent): boolean
  /** Audio is kept (the last 10 s) until the session is ready: answers how many ms had to go for it. */
  append(audio: Buffer): number
  /** Closes the socket there is. */
  letGo(): void
  /** Opens a socket in the place of the one there was; `configured` is called once it can be used. */
  connect(configured: () => void): void
  /** The first session stands. */
  stands(): void
  /** Gives up: told to whoever listens, now or later. */
  lost(error: EngineRefused | EngineLost): void
  close(): void
}

export const defaultBaseUrl = 'https://api.openai.com/v1'

/** How long a session may take to be configured, in milliseconds on the clock: the first while the phone rings. */
const openTimeoutMs = 30_000
/** Others while somebody waits, once the socket stands; that far the handshake has its own limit, since no network is in time-lapse. */
const configureTimeoutMs = 5_000
const maxEarlyFrames = 500
const none = Buffer.alloc(0)
/** How often a session that is lost before anybody listens, while the phone rings, is opened again. */
const maxRetries = 2
/** A greeting is a few hundred events; more before anybody listens is a server gone wrong. */
const maxHeldEvents = 5_000

export function openSession({ settings, target, session, takes, released }: SessionOptions): EngineSession {
  const { clock } = settings
  const held: EngineEvent[] = []
  const early: Buffer[] = []
  const opened: EngineSession['opened'] = { startedAt: clock.now(), endedAt: null }
  const ready = Promise.withResolvers<void>()
  // Whoever needs `ready` sees its rejection; the loop is told by an event.
  ready.promise.catch(() => {})
  let listener: ((event: EngineEvent) => void) | undefined
  let socket: EngineSocket | undefined
  let isConfigured = false
  let sockets = 0
  let timer: ReturnType<Clock['setTimeout']> | undefined
  let connected: (() => void) | undefined
  let retries = 0

  const tell = (event: EngineEvent) => {
    if (listener) listener(event)
    else if (held.length < maxHeldEvents) held.push(event)
    else lost(new EngineLost('too many events before the call was answered'))
  }
  const lost = (error: EngineRefused | EngineLost) => {
    release()
    if (!listener && connected && error instanceof EngineLost && retries < maxRetries) {
      retries += 1
      held.length = 0
      return connect(connected)
    }
    ready.reject(error)
    if (listener) listener({ type: 'lost', error })
    else held.splice(0, held.length, { type: 'lost', error })
  }
  const release = () => {
    clock.clearTimeout(timer)
    socket?.close()
    socket = undefined
    isConfigured = false
    released?.()
  }
  const giveUpAfter = (ms: number) => {
    clock.clearTimeout(timer)
    timer = clock.setTimeout(() => {
      // Whoever waited so long is not helped by as much again.
      retries = maxRetries
      lost(new EngineLost('the session was not ready in time'))
    }, ms)
  }
  const send = (event: RealtimeClientEvent) => {
    if (!isConfigured) return false
    socket?.send(event)
    return true
  }
  const append = (audio: Buffer) => send({ type: 'input_audio_buffer.append', audio: audio.toString('base64') })

  const connect = (configured: () => void) => {
    release()
    connected = configured
    sockets += 1
    const isFirst = sockets === 1
    giveUpAfter(openTimeoutMs)
    const { apiKey, baseUrl = defaultBaseUrl } = settings
    const opening = openEngineSocket(
      { baseUrl, apiKey, target },
      {
        opened() {
          if (!isFirst) giveUpAfter(configureTimeoutMs)
          opening.send({ type: 'session.update', event_id: configureId, session })
        },
        configured() {
          if (socket !== opening || isConfigured) return
          clock.clearTimeout(timer)
          isConfigured = true
          configured()
          for (const audio of early.splice(0)) append(audio)
        },
        event(event) {
          if (!takes?.(event)) tell(event)
        },
        lost(error) {
          if (socket === opening) lost(error)
        },
      },
    )
    socket = opening
  }

  return {
    ready: ready.promise,
    opened,
    tell,
    send,
    lost,
    listen(given) {
      listener = given
      for (const event of held.splice(0)) given(event)
    },
    append(audio) {
      if (isConfigured) append(audio)
      else early.push(audio)
      const dropped = early.length > maxEarlyFrames ? early.shift()! : none
      return dropped.length / bytesPerMs
    },
    letGo: release,
    connect,
    stands() {
      opened.endedAt = clock.now()
      ready.resolve()
    },
    close() {
      release()
      connected = undefined
      ready.reject(new EngineLost('closed before it was ready'))
    },
  }
}
