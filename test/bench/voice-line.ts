import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

/** Both ends of calls, as raw sockets: the carrier's streams and the engine's sessions. What passes between is what is measured. */

const FRAME_BYTES = 160
/** A stamp travels in the audio itself: eight bytes that nothing on the way may change. */
const stamped = (stamp: number, bytes: number, fill: number): string => {
  const audio = Buffer.alloc(bytes, fill)
  audio.writeDoubleBE(stamp, 0)
  return audio.toString('base64')
}
const stampOf = (base64: string): number => Buffer.from(base64.slice(0, 12), 'base64').readDoubleBE(0)

/** An answer. */
export const ANSWER_MS = 3_000

/** Of answers whose audio is on its way, by its stamp: how long after the end of speech they were asked for. */
const shares = new Map<number, number>()

/** μ-law that is loud, and that is nearly silent. */
const LOUD = 0x20
const QUIET = 0xfe

export interface Samples {
  /** Carrier → engine, engine → carrier, in milliseconds. */
  inward: number[]
  outward: number[]
  /** From `start` to the first audio. */
  greeting: number[]
  /** From the end of speech at the engine to the first audio of the answer, less what the engine itself took. */
  turn: number[]
  /** From speech at the engine to `clear`. */
  bargeIn: number[]
}

export const noSamples = (): Samples => ({ inward: [], outward: [], greeting: [], turn: [], bargeIn: [] })

/** The engine: answers each ask at once with so much audio, tells what is told, and measures what arrives. */
export async function openEngines(samples: () => Samples) {
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  const sessions = new Set<Session>()
  let made = 0

  interface Session {
    appendedMs: number
    send(event: object): void
    /** Answers an ask: all at once, faster than it can be heard, as a model does. */
    speak(ms: number, askedAfterMs?: number | null): void
    /** The same for a relay, which can only copy: frame by frame, at the pace of the ear, until somebody speaks. */
    stream(ms: number): void
    speech(event: 'speech_started' | 'speech_stopped'): void
  }

  sockets.on('connection', (socket) => {
    let responses = 0
    let items = 0
    let askedAt: number | null = null
    let streaming: ReturnType<typeof setTimeout> | undefined
    const send = (event: object) => socket.send(JSON.stringify(event))
    const session: Session = {
      appendedMs: 0,
      send,
      speak(ms, askedAfterMs = null) {
        responses += 1
        const at = { response_id: `r${made}_${responses}`, item_id: `i${made}_${responses}`, output_index: 0 }
        send({ type: 'response.created', response: { id: at.response_id, object: 'realtime.response' } })
        send({ type: 'response.output_audio_transcript.delta', ...at, content_index: 0, delta: 'Some words.' })
        for (let left = ms; left > 0; left -= 400) {
          const stamp = performance.now()
          if (left === ms && askedAfterMs !== null) shares.set(stamp, askedAfterMs)
          const delta = stamped(stamp, Math.min(400, left) * 8, 0x28)
          send({ type: 'response.output_audio.delta', ...at, content_index: 0, delta })
        }
        send({ type: 'response.output_audio.done', ...at, content_index: 0 })
        const response = { id: at.response_id, object: 'realtime.response', status: 'completed', output: [] }
        send({ type: 'response.done', response })
      },
      stream(ms) {
        clearTimeout(streaming)
        responses += 1
        const at = { response_id: `r${made}_${responses}`, item_id: `i${made}_${responses}`, output_index: 0 }
        const begun = performance.now()
        let sentMs = 0
        const next = () => {
          for (; sentMs < ms && begun + sentMs <= performance.now(); sentMs += 20) {
            const delta = stamped(performance.now(), FRAME_BYTES, 0x28)
            send({ type: 'response.output_audio.delta', ...at, content_index: 0, delta })
          }
          if (sentMs < ms) streaming = setTimeout(next, 5)
        }
        next()
      },
      speech(event) {
        clearTimeout(streaming)
        const item_id = `u${made}_${items}`
        if (event === 'speech_started') {
          // As the real one: where the voice began, with its padding before it.
          const audio_start_ms = Math.max(0, session.appendedMs - 1_000)
          return send({ type: `input_audio_buffer.${event}`, audio_start_ms, item_id })
        }
        items += 1
        askedAt = performance.now()
        send({ type: `input_audio_buffer.${event}`, audio_end_ms: session.appendedMs, item_id })
        send({ type: 'input_audio_buffer.committed', previous_item_id: null, item_id })
        const words = { item_id, content_index: 0, transcript: 'Tell me about the price of it.' }
        send({ type: 'conversation.item.input_audio_transcription.completed', ...words })
      },
    }
    made += 1
    sessions.add(session)
    socket.on('close', () => {
      clearTimeout(streaming)
      sessions.delete(session)
    })
    socket.on('error', () => {})
    socket.on('message', (data) => {
      const event = JSON.parse(String(data))
      if (event.type === 'session.update') return send({ type: 'session.updated', session: {} })
      if (event.type === 'input_audio_buffer.append') {
        session.appendedMs += 20
        const stamp = stampOf(event.audio)
        if (stamp > 1) samples().inward.push(performance.now() - stamp)
      }
      if (event.type !== 'response.create') return
      const tookMs = askedAt === null ? null : performance.now() - askedAt
      askedAt = null
      session.speak(ANSWER_MS, tookMs)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      server.close()
    },
  }
}

/**
 * A call of the carrier's: sends a frame every 20 ms, plays what comes, returns marks when they are due.
 * @param isPaced the other side holds frames until it is their turn: only those that nothing was before say how long it took.
 */
export async function openLine(url: string, id: string, samples: () => Samples, isPaced: boolean) {
  const socket = new WebSocket(`${url}/${id}`, { perMessageDeflate: false })
  const streamSid = `MZ${id}`
  let sequence = 0
  let startedAt = 0
  let frames = 0
  let loud = false
  let speechAt: number | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  /** When what was sent to us ends, and marks that wait for it. */
  let endsAt = 0
  const send = (event: string, body: object) => {
    sequence += 1
    socket.send(JSON.stringify({ event, sequenceNumber: String(sequence), streamSid, ...body }))
  }
  socket.on('message', (data) => {
    const now = performance.now()
    const message = JSON.parse(String(data))
    if (message.event === 'media') {
      const bytes = (message.media.payload.length * 3) / 4
      const stamp = stampOf(message.media.payload)
      if (startedAt > 0) samples().greeting.push(now - startedAt)
      startedAt = 0
      // Only the first frame of a burst holds its stamp; the others are audio.
      if ((!isPaced || endsAt <= now) && stamp > 1 && stamp <= now) {
        samples().outward.push(now - stamp)
        const askedAfterMs = shares.get(stamp)
        if (askedAfterMs !== undefined) samples().turn.push(now - stamp + askedAfterMs)
      }
      shares.delete(stamp)
      endsAt = Math.max(endsAt, now) + bytes / 8
    } else if (message.event === 'mark') {
      setTimeout(() => socket.readyState === socket.OPEN && send('mark', { mark: message.mark }), endsAt - now)
    } else if (message.event === 'clear') {
      if (speechAt !== null) samples().bargeIn.push(now - speechAt)
      speechAt = null
      endsAt = now
    }
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }))
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
  const start = { accountSid: 'AC1', streamSid, callSid: `CA${id}`, tracks: ['inbound'], mediaFormat }
  startedAt = performance.now()
  send('start', { start: { ...start, customParameters: {} } })
  const begun = performance.now()
  const tick = () => {
    for (; begun + frames * 20 <= performance.now(); frames += 1) {
      const payload = stamped(performance.now(), FRAME_BYTES, loud ? LOUD : QUIET)
      send('media', { media: { track: 'inbound', chunk: String(frames + 1), timestamp: String(frames * 20), payload } })
    }
    timer = setTimeout(tick, 5)
  }
  tick()
  return {
    /** The caller's voice is on, or off. */
    voice(on: boolean) {
      loud = on
    },
    expectClear() {
      speechAt = performance.now()
    },
    async hangUp() {
      clearTimeout(timer)
      if (socket.readyState !== socket.OPEN) throw new Error(`the call ${id} was ended by the other side`)
      send('stop', { stop: { accountSid: 'AC1', callSid: `CA${id}` } })
      await once(socket, 'close')
    },
  }
}
