import type { RawData, WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import type { MediaHandlers, MediaStream } from '../port.ts'
import { type MediaMessage, maxMessageBytes, parseMediaMessage } from './media-message.ts'

/** The peer did not open a stream that we can play to: it was silent, gone, or in another format. */
export class MediaStreamRefused extends Error {
  override name = 'MediaStreamRefused'
}

export type TwilioMediaStream = MediaStream & {
  /** Messages that were ignored because they were not what Twilio documents. */
  readonly malformed: number
}

export interface AcceptOptions {
  clock: Clock
  /** How long the peer may take to say `connected` and `start`, in milliseconds on `clock`. */
  startTimeoutMs: number
}

/** Ten seconds of audio may arrive before somebody listens; the oldest goes first when it is more. */
const maxEarlyMessages = 500
/** Twenty seconds of frames that the peer did not read: it is gone, or will never catch up. */
const maxBufferedBytes = 256 * 1024
/** How long a polite close may take before the socket is cut. */
const closeTimeoutMs = 2_000

type Early = Extract<MediaMessage, { event: 'media' | 'mark' | 'dtmf' }>

/**
 * Waits for Twilio's `connected` and `start` on a fresh WebSocket and hands back the call's audio.
 * Throws {@link MediaStreamRefused}; the socket is then closed.
 */
export function acceptMediaStream(ws: WebSocket, { clock, startTimeoutMs }: AcceptOptions): Promise<TwilioMediaStream> {
  return new Promise((resolve, reject) => {
    let connected = false
    let malformed = 0
    const settle = () => {
      clock.clearTimeout(timer)
      ws.off('message', onMessage)
      ws.off('close', onClose)
    }
    const refuse = (why: string) => {
      settle()
      shut(ws, clock, 1008)
      reject(new MediaStreamRefused(why))
    }
    const onClose = () => refuse('the socket closed before the stream began')
    const onMessage = (data: RawData, binary: boolean) => {
      const message = read(data, binary)
      if (message?.event === 'connected') connected = true
      else if (message?.event !== 'start') malformed += 1
      else if (!connected) refuse('a start without connected')
      else if (!message.playable) refuse('the stream is not 8 kHz μ-law')
      else {
        settle()
        resolve(openStream(ws, clock, message, malformed))
      }
    }
    // A socket error is always followed by `close`, which decides; without a listener it would end the process.
    ws.on('error', () => {})
    ws.on('message', onMessage)
    ws.on('close', onClose)
    const timer = clock.setTimeout(() => refuse('no start in time'), startTimeoutMs)
    if (ws.readyState !== ws.OPEN) onClose()
  })
}

function openStream(
  ws: WebSocket,
  clock: Clock,
  start: Extract<MediaMessage, { event: 'start' }>,
  malformedBefore: number,
): TwilioMediaStream {
  const { streamSid } = start
  const early: Early[] = []
  let malformed = malformedBefore
  let handlers: MediaHandlers | undefined
  let over: 'ended' | 'lost' | undefined

  const finish = (cause: 'ended' | 'lost') => {
    if (over) return
    over = cause
    ws.off('message', onMessage)
    ws.off('close', onClose)
    if (cause === 'lost') ws.terminate()
    else shut(ws, clock, 1000)
    handlers?.onClose(cause)
  }
  const onClose = () => finish('lost')
  const onMessage = (data: RawData, binary: boolean) => {
    const message = read(data, binary)
    if (!message || message.event === 'connected' || message.event === 'start') malformed += 1
    else if (message.event === 'stop') finish('ended')
    else if (handlers) deliver(handlers, message)
    else {
      if (early.length === maxEarlyMessages) early.shift()
      early.push(message)
    }
  }
  const send = (message: object) => {
    if (over) return
    if (ws.bufferedAmount > maxBufferedBytes) return finish('lost')
    ws.send(JSON.stringify(message), ignoreFailure)
  }
  ws.on('message', onMessage)
  ws.on('close', onClose)

  return {
    carrierId: start.callSid,
    parameters: start.parameters,
    get malformed() {
      return malformed
    },
    listen(given) {
      handlers = given
      for (const message of early.splice(0)) deliver(given, message)
      if (over) given.onClose(over)
    },
    sendAudio: (frame) => send({ event: 'media', streamSid, media: { payload: frame.toString('base64') } }),
    sendMark: (name) => send({ event: 'mark', streamSid, mark: { name } }),
    clear: () => send({ event: 'clear', streamSid }),
    close: () => finish('ended'),
  }
}

function deliver(handlers: MediaHandlers, message: Early): void {
  if (message.event === 'media') handlers.onAudio(message.payload, message.timestampMs)
  else if (message.event === 'mark') handlers.onMark(message.name)
  else handlers.onDigit(message.digit)
}

function read(data: RawData, binary: boolean): MediaMessage | null {
  if (binary || !Buffer.isBuffer(data) || data.length > maxMessageBytes) return null
  return parseMediaMessage(data.toString('utf8'))
}

/** A send that fails is followed by `close`; its own error says nothing more. */
function ignoreFailure(): void {}

function shut(ws: WebSocket, clock: Clock, code: number): void {
  if (ws.readyState === ws.CLOSED) return
  const timer = clock.setTimeout(() => ws.terminate(), closeTimeoutMs)
  ws.once('close', () => clock.clearTimeout(timer))
  ws.close(code)
}
