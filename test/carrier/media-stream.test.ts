import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { parseMediaMessage } from '../../runtime/carrier/twilio/media-message.ts'
import { acceptMediaStream, MediaStreamRefused } from '../../runtime/carrier/twilio/media-stream.ts'
import { systemClock } from '../../runtime/clock.ts'
import { virtualClock } from '../voice/virtual-clock.ts'

let server: WebSocketServer
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
})
afterAll(() => server.close())

async function connect() {
  const accepted = once(server, 'connection') as Promise<[WebSocket]>
  const peer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [socket] = await accepted
  await (peer.readyState === peer.OPEN ? undefined : once(peer, 'open'))
  return { socket, peer, say: (message: unknown) => peer.send(JSON.stringify(message)) }
}

const options = { clock: systemClock, startTimeoutMs: 5_000 }
const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
const start = {
  ...{ event: 'start', sequenceNumber: '1', streamSid: 'MZ1' },
  start: { streamSid: 'MZ1', callSid: 'CA1', tracks: ['inbound'], mediaFormat, customParameters: { token: 't' } },
}
const media = (index: number) => ({
  ...{ event: 'media', streamSid: 'MZ1' },
  media: {
    ...{ track: 'inbound', chunk: String(index), timestamp: String(index * 20) },
    payload: Buffer.alloc(160, index).toString('base64'),
  },
})

async function open() {
  const line = await connect()
  line.say({ event: 'connected', protocol: 'Call', version: '1.0.0' })
  line.say(start)
  return { ...line, stream: await acceptMediaStream(line.socket, options) }
}

test('a stream begins with connected and start, and carries its parameters', async () => {
  const { stream, peer } = await open()
  expect(stream).toMatchObject({ carrierId: 'CA1', parameters: { token: 't' } })
  stream.close()
  const [code] = await once(peer, 'close')
  expect(code).toBe(1000)
})

test('what came before somebody listened is delivered in order, then what comes', async () => {
  const { stream, say } = await open()
  say(media(1))
  say(media(2))
  say({ event: 'mark', streamSid: 'MZ1', mark: { name: 'early' } })
  const seen: unknown[] = []
  const digit = Promise.withResolvers<void>()
  await once(server.clients.values().next().value!, 'message')
  stream.listen({
    onAudio: (frame, atMs) => seen.push([frame[0], frame.length, atMs]),
    onMark: (name) => seen.push(name),
    onDigit: (key) => {
      seen.push(key)
      digit.resolve()
    },
    onClose: () => {},
  })
  say({ event: 'dtmf', streamSid: 'MZ1', dtmf: { track: 'inbound_track', digit: '#' } })
  await digit.promise
  expect(seen).toEqual([[1, 160, 20], [2, 160, 40], 'early', '#'])
  stream.close()
})

test('audio, marks and clear go out as Twilio takes them', async () => {
  const { stream, peer } = await open()
  const got: unknown[] = []
  const third = Promise.withResolvers<void>()
  peer.on('message', (data) => {
    if (got.push(JSON.parse(String(data))) === 3) third.resolve()
  })
  stream.sendAudio(Buffer.from([1, 2, 3]))
  stream.sendMark('item:100:0')
  stream.clear()
  await third.promise
  expect(got).toEqual([
    { event: 'media', streamSid: 'MZ1', media: { payload: 'AQID' } },
    { event: 'mark', streamSid: 'MZ1', mark: { name: 'item:100:0' } },
    { event: 'clear', streamSid: 'MZ1' },
  ])
  stream.close()
})

test.each([
  [
    'stop, then the close',
    'ended',
    (peer: WebSocket) => peer.send(JSON.stringify({ event: 'stop', streamSid: 'MZ1' })),
  ],
  ['the socket breaks', 'lost', (peer: WebSocket) => peer.terminate()],
  ['a close without stop', 'lost', (peer: WebSocket) => peer.close()],
] as const)('%s: %s, once', async (_, cause, act) => {
  const { stream, peer } = await open()
  const causes: string[] = []
  const closed = new Promise<void>((resolve) => {
    stream.listen({
      ...{ onAudio: () => {}, onMark: () => {}, onDigit: () => {} },
      onClose: (why) => {
        causes.push(why)
        resolve()
      },
    })
  })
  act(peer)
  await closed
  stream.close()
  stream.sendAudio(Buffer.alloc(160))
  expect(causes).toEqual([cause])
})

test('a stream that ended before somebody listened tells so then', async () => {
  const { stream, peer, socket } = await open()
  peer.terminate()
  await once(socket, 'close')
  const causes: string[] = []
  stream.listen({ onAudio: () => {}, onMark: () => {}, onDigit: () => {}, onClose: (why) => causes.push(why) })
  expect(causes).toEqual(['lost'])
})

test('malformed messages are ignored and counted', async () => {
  const { stream, peer, say } = await open()
  const last = Promise.withResolvers<void>()
  stream.listen({ onAudio: () => {}, onMark: () => last.resolve(), onDigit: () => {}, onClose: () => {} })
  peer.send('not json')
  peer.send(Buffer.from([1, 2]))
  peer.send('x'.repeat(70_000))
  say([])
  say({ event: 'media', media: { payload: 7 } })
  say({ event: 'media', media: { track: 'outbound', timestamp: '1', payload: 'AA==' } })
  say({ event: 'dtmf', dtmf: { digit: 'DROP TABLE' } })
  say(start)
  say({ event: 'mark', mark: { name: 'last' } })
  await last.promise
  expect(stream.malformed).toBe(8)
  stream.close()
})

test('no start in time: refused and closed', async () => {
  const clock = virtualClock()
  const { socket, peer } = await connect()
  const accepting = acceptMediaStream(socket, { clock: clock.clock, startTimeoutMs: 3_000 })
  const refused = expect(accepting).rejects.toBeInstanceOf(MediaStreamRefused)
  await clock.pass(3_000)
  await refused
  await once(peer, 'close')
})

test.each([
  ['start without connected', [start]],
  [
    'another codec',
    [{ event: 'connected' }, { ...start, start: { ...start.start, mediaFormat: { encoding: 'audio/opus' } } }],
  ],
])('%s: refused', async (_, messages) => {
  const { socket, say } = await connect()
  const refused = expect(acceptMediaStream(socket, options)).rejects.toBeInstanceOf(MediaStreamRefused)
  for (const message of messages) say(message)
  await refused
})

test('a peer that does not read is dropped', async () => {
  const { stream, socket } = await open()
  const closed = new Promise<string>((resolve) => {
    stream.listen({ onAudio: () => {}, onMark: () => {}, onDigit: () => {}, onClose: resolve })
  })
  Object.defineProperty(socket, 'bufferedAmount', { get: () => 300_000 })
  stream.sendAudio(Buffer.alloc(160))
  expect(await closed).toBe('lost')
})

test('the parser never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((text) => `{"event":"media","media":${text}}`),
      ),
      (text) => {
        parseMediaMessage(text)
      },
    ),
  )
})
