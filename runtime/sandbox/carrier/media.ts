import { type RawData, WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import type { LineState } from '../people/bad-line.ts'
import { FRAME_MS } from '../speech/mulaw.ts'
import type { Timers } from '../timers.ts'
import { createPlayout } from './playout.ts'

/**
 * One Media Stream, the carrier's end: https://www.twilio.com/docs/voice/media-streams/websocket-messages
 * Its clock is the number of frames that have passed.
 */
export interface MediaStream {
  /** Milliseconds of audio that have passed. */
  readonly elapsedMs: number
  /** Ends it as Twilio does: `stop`, then the close. */
  stop(): void
  /** Ends it without a word: the sandbox closes. */
  drop(): void
  /** A key the callee pressed. */
  digit(digit: string): void
  /** `gone`: the socket breaks without a word; `mute`: frames are lost on the way to the application until it is `well`. */
  line(state: LineState): void
}

export interface MediaOptions {
  url: string
  /** X-Twilio-Signature of the handshake. */
  signature: string
  accountSid: string
  callSid: string
  streamSid: string
  parameters: Record<string, string>
  /** Both run at the call's pace. */
  clock: Clock
  timers: Timers
  pace: number
  /** How long the next message takes from one end to the other, in real milliseconds. */
  delayMs(): number
  /** Takes what the callee hears in these 20 ms, and gives what they say. */
  exchange(heard: Buffer): Buffer
  /** It is over: refused, closed by the application, or stopped. Called once. */
  closed(why: string): void
  violation(code: string, message: string): void
}

/** At most one second of a call passes in one turn of the loop. */
const BATCH_FRAMES_MAX = 50
/** In time-lapse 160 ms: what an application keeps ahead must not run dry because a turn came late. */
const LEAP_FRAMES_MAX = 8
/** A timer for each frame at life's pace, one every 4 ms or so when faster. */
const TICK_MS_MIN = 4
const UNSENT_MAX = 4_000_000
/** An application that never answers the close must not keep the socket; as long as life, whatever the pace. */
const CLOSE_MS = 2000

export function openMedia(options: MediaOptions): MediaStream {
  const { clock, timers, pace, streamSid, callSid, accountSid, violation } = options
  const socket = new WebSocket(options.url, {
    headers: { 'X-Twilio-Signature': options.signature },
    perMessageDeflate: false,
    maxPayload: 1_000_000,
    handshakeTimeout: 5000,
  })
  const playout = createPlayout((name) => send('mark', { mark: { name } }))
  const wayOut = createWay()
  const wayBack = createWay()
  const tickMs = Math.max(FRAME_MS, TICK_MS_MIN * pace)
  const mostFrames = pace === 1 ? BATCH_FRAMES_MAX : Math.max(LEAP_FRAMES_MAX, Math.ceil(tickMs / FRAME_MS))
  let sequence = 0
  let frames = 0
  let chunks = 0
  let mute = false
  let startedAt = 0
  let over = false

  /** What is on its way arrives in the order in which it left. */
  function createWay() {
    const queue: (() => void)[] = []
    return {
      take(arrive: () => void): void {
        const delayMs = options.delayMs()
        if (delayMs === 0 && queue.length === 0) arrive()
        else {
          queue.push(arrive)
          timers.after(delayMs * pace, () => queue.shift()?.())
        }
      },
      arriveNow(): void {
        for (const arrive of queue.splice(0)) arrive()
      },
    }
  }

  function post(message: object): void {
    const text = JSON.stringify(message)
    wayOut.take(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    })
  }

  /** "The first message has a value of 1 and then is incremented for each subsequent message." */
  function send(event: string, body: object): void {
    post({ event, sequenceNumber: String(++sequence), ...body, streamSid })
  }

  function end(why: string): void {
    if (over) return
    over = true
    options.closed(why)
  }

  function tick(): void {
    if (over) return
    const elapsed = clock.monotonic() - startedAt
    let due = Math.floor(elapsed / FRAME_MS) - frames
    if (due > mostFrames || socket.bufferedAmount > UNSENT_MAX) {
      startedAt += (due - mostFrames) * FRAME_MS
      due = mostFrames
    }
    for (; due > 0 && !over; due--) frame()
    timers.after(tickMs, tick)
  }

  function frame(): void {
    const timestamp = frames++ * FRAME_MS
    const payload = options.exchange(playout.frame())
    if (over || mute) return
    const media = { track: 'inbound', chunk: String(++chunks), timestamp: String(timestamp) }
    send('media', { media: { ...media, payload: payload.toString('base64') } })
  }

  function receive(data: RawData, binary: boolean): void {
    const fault = accept(binary ? undefined : parsed(String(data)))
    // Twilio logs these and goes on (https://www.twilio.com/docs/api/errors/31951).
    if (fault) violation('31951', `Stream - Protocol - Invalid message: ${fault}`)
  }

  /** Messages to Twilio, field by field. Returns what is wrong with this one. */
  function accept(message: Record<string, unknown> | undefined): string | undefined {
    if (!message) return 'not a JSON object in a text frame'
    const shape = shapes[String(message.event)]
    if (!shape) return `unknown event '${message.event}'`
    if (message.streamSid !== streamSid) return `streamSid is not this stream's`
    const unknown = Object.keys(message).find((name) => !['event', 'streamSid', ...shape].includes(name))
    if (unknown) return `'${message.event}' has no '${unknown}'`
    if (message.event === 'clear') return playout.clear() as undefined
    const event = message.event as keyof typeof members
    const member = members[event]
    const body = Object(message[event]) as Record<string, unknown>
    const odd = Object.keys(body).find((name) => name !== member)
    if (odd !== undefined) return `'${event}' has no '${event}.${odd}'`
    if (message.event === 'mark') {
      const { name } = body
      if (typeof name !== 'string' || name === '') return 'mark.name is missing'
      return playout.mark(name) as undefined
    }
    const { payload } = body
    if (typeof payload !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(payload) || payload.length % 4 !== 0) {
      return 'media.payload is not base64'
    }
    return playout.audio(Buffer.from(payload, 'base64')) ? undefined : 'more than ten minutes of audio are buffered'
  }

  socket.on('open', () => {
    post({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
    const { parameters: customParameters } = options
    send('start', { start: { accountSid, streamSid, callSid, tracks: ['inbound'], mediaFormat, customParameters } })
    startedAt = clock.monotonic()
    tick()
  })
  socket.on('message', (data, binary) => wayBack.take(() => receive(data, binary)))
  socket.on('error', (error) => end(error.message))
  socket.on('close', (code) => end(`closed by the application (${code})`))

  return {
    get elapsedMs() {
      return frames * FRAME_MS
    },
    digit: (digit) => send('dtmf', { dtmf: { track: 'inbound_track', digit } }),
    line(state) {
      if (state === 'gone') socket.terminate()
      mute = state === 'mute'
    },
    drop() {
      over = true
      socket.terminate()
    },
    stop() {
      if (over) return
      over = true
      send('stop', { stop: { accountSid, callSid } })
      wayOut.arriveNow()
      if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
      else socket.close(1000)
      const last = clock.setTimeout(() => socket.terminate(), CLOSE_MS * pace)
      socket.once('close', () => clock.clearTimeout(last))
    },
  }
}

/** The one field of what stands under the name of the event. */
const members = { media: 'payload', mark: 'name' }

const shapes: Record<string, string[]> = { media: ['media'], mark: ['mark'], clear: [] }

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
