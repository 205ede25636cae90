import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { MediaHandlers } from '../../runtime/carrier/port.ts'
import { systemClock } from '../../runtime/clock.ts'
import { exactly, openEngine } from '../../runtime/voice/engine.ts'
import { type EngineEvent, EngineLost, EngineRefused } from '../../runtime/voice/engine-events.ts'
import { startLoop } from '../../runtime/voice/loop.ts'
import type { Desk, Turn } from '../../runtime/voice/port.ts'
import { until } from '../harness/until.ts'
import { conversation } from './sandbox-call.ts'
import { quiet } from './scripted.ts'
import { virtualClock } from './virtual-clock.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

interface Client {
  said: { type: string; [field: string]: unknown }[]
  say(event: object): void
  /** Resolves with the next event of that type. */
  next(type: string): Promise<{ type: string; [field: string]: unknown }>
  socket: WebSocket
}

/** A Realtime server in the hands of the test; `refuse` answers the handshake with a status instead. */
async function engineServer(refuse?: number) {
  const server: Server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  const clients: Client[] = []
  const urls: string[] = []
  let arrived = () => {}
  server.on('upgrade', (request, socket, head) => {
    urls.push(`${request.url} ${request.headers.authorization}`)
    if (refuse) return socket.end(`HTTP/1.1 ${refuse} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    sockets.handleUpgrade(request, socket, head, (ws) => {
      clients.push(client(ws))
      arrived()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    urls,
    async client(index = 0) {
      while (!clients[index]) {
        await new Promise<void>((resolve) => {
          arrived = resolve
        })
      }
      return clients[index]!
    },
  }
}

function client(socket: WebSocket): Client {
  const said: Client['said'] = []
  let heard = () => {}
  let read = 0
  socket.on('message', (data) => {
    said.push(JSON.parse(String(data)))
    heard()
  })
  return {
    said,
    socket,
    say: (event) => socket.send(JSON.stringify({ event_id: 'e', ...event })),
    async next(type) {
      for (;;) {
        const found = said.findIndex((event, index) => index >= read && event.type === type)
        if (found >= 0) {
          read = found + 1
          return said[found]!
        }
        await new Promise<void>((resolve) => {
          heard = resolve
        })
      }
    },
  }
}

function open(baseUrl: string, clock = systemClock) {
  const settings = { baseUrl, apiKey: 'sk-1', model: 'gpt-realtime', transcriptionModel: 'gpt-4o-transcribe', clock }
  const engine = openEngine(settings, conversation)
  cleanups.push(() => engine.close())
  return engine
}

/** Collects events and waits for one. */
function listener(engine: ReturnType<typeof openEngine>) {
  const events: EngineEvent[] = []
  let heard = () => {}
  engine.listen((event) => {
    events.push(event)
    heard()
  })
  return {
    events,
    async until(type: EngineEvent['type']) {
      while (!events.some((event) => event.type === type)) {
        await new Promise<void>((resolve) => {
          heard = resolve
        })
      }
      return events.find((event) => event.type === type)!
    },
  }
}

async function ready(server: Awaited<ReturnType<typeof engineServer>>) {
  const engine = open(server.baseUrl)
  const peer = await server.client()
  await peer.next('session.update')
  peer.say({ type: 'session.updated', session: {} })
  await engine.ready
  await peer.next('response.create')
  return { engine, peer }
}

test('configures the session, then asks for the greeting, and holds its audio until somebody listens', async () => {
  const server = await engineServer()
  const { engine, peer } = await ready(server)
  expect(server.urls).toEqual(['/v1/realtime?model=gpt-realtime Bearer sk-1'])
  expect(peer.said[0]!.session).toMatchObject({
    ...{ type: 'realtime', instructions: conversation.instructions },
    audio: {
      input: {
        format: { type: 'audio/pcmu' },
        transcription: { model: 'gpt-4o-transcribe', language: 'en' },
        turn_detection: { type: 'server_vad', create_response: false, interrupt_response: false },
      },
      output: { format: { type: 'audio/pcmu' }, voice: 'marin' },
    },
  })
  expect(peer.said[1]!.response).toEqual({
    tool_choice: 'none',
    instructions: `Say exactly: ${JSON.stringify(conversation.greeting)}`,
  })
  peer.say({ type: 'response.created', response: { id: 'r1' } })
  peer.say({ type: 'response.output_audio.delta', response_id: 'r1', item_id: 'i1', delta: 'AQID' })
  peer.say({ type: 'future.event', anything: true })
  engine.addText('system', 'x')
  await peer.next('conversation.item.create')
  const { events, until } = listener(engine)
  await until('audio')
  expect(events).toEqual([
    { type: 'response_started', response: 'r1' },
    { type: 'audio', response: 'r1', item: 'i1', audio: Buffer.from([1, 2, 3]) },
  ])
})

test('audio that comes before the session is ready is kept, in order', async () => {
  const server = await engineServer()
  const engine = open(server.baseUrl)
  engine.appendAudio(Buffer.from([1]))
  engine.appendAudio(Buffer.from([2]))
  const peer = await server.client()
  await peer.next('session.update')
  peer.say({ type: 'session.updated', session: {} })
  expect((await peer.next('input_audio_buffer.append')).audio).toBe('AQ==')
  expect((await peer.next('input_audio_buffer.append')).audio).toBe('Ag==')
})

test('a session that is let go takes no more audio; the next one has it', async () => {
  const server = await engineServer()
  const engine = open(server.baseUrl)
  const peer = await server.client()
  await peer.next('session.update')
  peer.say({ type: 'session.updated', session: {} })
  await engine.ready
  engine.letGo()
  engine.appendAudio(Buffer.from([3]))
  engine.reopen(() => [])
  const next = await server.client(1)
  await next.next('session.update')
  next.say({ type: 'session.updated', session: {} })
  expect((await next.next('input_audio_buffer.append')).audio).toBe('Aw==')
})

test('of audio that comes long before the session is ready the last ten seconds are kept, and it is told what goes', async () => {
  const server = await engineServer()
  const engine = open(server.baseUrl)
  const frames = Array.from({ length: 503 }, (_, n) => Buffer.alloc(160, n % 256))
  const dropped = frames.map((frame) => engine.appendAudio(frame))
  expect(dropped.slice(499)).toEqual([0, 20, 20, 20])
  const peer = await server.client()
  await peer.next('session.update')
  peer.say({ type: 'session.updated', session: {} })
  expect((await peer.next('input_audio_buffer.append')).audio).toBe(frames[3]!.toString('base64'))
  await engine.ready
  expect(engine.appendAudio(frames[0]!)).toBe(0)
})

test.each([
  [401, EngineRefused],
  [403, EngineRefused],
  [429, EngineLost],
  [503, EngineLost],
])('a handshake answered %d', async (status, kind) => {
  const { baseUrl } = await engineServer(status)
  const engine = open(baseUrl)
  await expect(engine.ready).rejects.toBeInstanceOf(kind)
  const { until } = listener(engine)
  expect(await until('lost')).toMatchObject({ error: expect.any(kind) })
})

test('nobody listens: lost', async () => {
  await expect(open('http://127.0.0.1:9/v1').ready).rejects.toBeInstanceOf(EngineLost)
})

test.each([
  [
    'close 3000 with a code',
    EngineRefused,
    (peer: Client) => peer.socket.close(3000, 'invalid_request_error.invalid_api_key'),
  ],
  ['a broken socket', EngineLost, (peer: Client) => peer.socket.terminate()],
  [
    'an error event about the quota',
    EngineRefused,
    (peer: Client) => peer.say({ type: 'error', error: { type: 'x', code: 'insufficient_quota', message: 'pay' } }),
  ],
  [
    'a session that expired',
    EngineLost,
    (peer: Client) => peer.say({ type: 'error', error: { type: 'x', code: 'session_expired', message: '60 minutes' } }),
  ],
  [
    'a response that failed for want of quota',
    EngineRefused,
    (peer: Client) =>
      peer.say({
        type: 'response.done',
        response: { id: 'r', status: 'failed', status_details: { error: { code: 'insufficient_quota' } } },
      }),
  ],
])('%s is told once', async (_, kind, act) => {
  const { engine, peer } = await ready(await engineServer())
  const { events, until } = listener(engine)
  act(peer)
  expect(await until('lost')).toMatchObject({ error: expect.any(kind) })
  expect(events.length).toBe(1)
})

test.each([
  ['invalid_request_error', EngineRefused],
  ['server_error', EngineLost],
])('a session that cannot be configured (%s) is told at once, and why', async (type, kind) => {
  const server = await engineServer()
  const engine = open(server.baseUrl, virtualClock().clock)
  for (let at = 0; at < 3; at += 1) {
    const peer = await server.client(at)
    const { event_id } = await peer.next('session.update')
    const told = { code: 'invalid_function_parameters', param: 'session.tools[3].parameters', message: 'no schema' }
    peer.say({ type: 'error', error: { type, ...told, event_id } })
    // Another session may work where it is the server's own fault: the phone rings meanwhile.
    if (kind === EngineRefused) break
  }
  await expect(engine.ready).rejects.toEqual(
    new kind('invalid_function_parameters: session.tools[3].parameters: no schema'),
  )
})

test('a session that is never configured is given up', async () => {
  const clock = virtualClock()
  const server = await engineServer()
  const engine = open(server.baseUrl, clock.clock)
  await (await server.client()).next('session.update')
  const failure = expect(engine.ready).rejects.toBeInstanceOf(EngineLost)
  await clock.pass(30_000)
  await failure
})

test('a refused ask is told apart from other complaints', async () => {
  const { engine, peer } = await ready(await engineServer())
  const { events, until } = listener(engine)
  engine.createResponse()
  const { event_id } = await peer.next('response.create')
  const error = (code: string, id: unknown) => ({
    type: 'error',
    error: { type: 'x', code, message: 'm', event_id: id },
  })
  peer.say(error('conversation_already_has_active_response', event_id))
  peer.say(error('server_error', event_id))
  peer.say(error('item_truncate_invalid_item_id', 'other'))
  await until('complaint')
  expect(events).toEqual([
    { type: 'ask_refused', busy: true, message: 'm' },
    { type: 'ask_refused', busy: false, message: 'm' },
    { type: 'complaint', code: 'item_truncate_invalid_item_id', message: 'm' },
  ])
})

test('a sentence beside the conversation that is refused fails at once, and says nothing of the ask under way', async () => {
  const { engine, peer } = await ready(await engineServer())
  const { events, until } = listener(engine)
  const sentence = engine.render('One moment.')
  const { event_id } = await peer.next('response.create')
  const code = 'conversation_already_has_active_response'
  peer.say({ type: 'error', error: { type: 'x', code, message: 'one at a time', event_id } })
  await expect(sentence).rejects.toThrow('one at a time')
  peer.say({ type: 'error', error: { type: 'x', code: 'server_error', message: 'm' } })
  await until('complaint')
  expect(events).toEqual([{ type: 'complaint', code: 'server_error', message: 'm' }])
})

test('a session that is opened anew has five seconds: somebody waits', async () => {
  const clock = virtualClock()
  const server = await engineServer()
  const engine = open(server.baseUrl, clock.clock)
  const peer = await server.client()
  await peer.next('session.update')
  peer.say({ type: 'session.updated', session: {} })
  await engine.ready
  await clock.pass(60_000)
  const { events, until } = listener(engine)
  engine.reopen(() => [])
  await (await server.client(1)).next('session.update')
  await clock.pass(4_900)
  expect(events).toEqual([])
  await clock.pass(100)
  expect(await until('lost')).toMatchObject({ error: new EngineLost('the session was not ready in time') })
})

test('opened anew: the same settings, and what was said as text', async () => {
  const server = await engineServer()
  const { engine, peer } = await ready(server)
  const { until } = listener(engine)
  peer.socket.terminate()
  await until('lost')
  engine.reopen(() => [
    { role: 'agent', text: 'Got a moment?', interrupted: false },
    { role: 'lead', text: 'Yes.', interrupted: false },
    { role: 'system', text: 'The function save_answer returned: {}', interrupted: false },
  ])
  const second = await server.client(1)
  expect((await second.next('session.update')).session).toEqual(peer.said[0]!.session)
  second.say({ type: 'session.updated', session: {} })
  await until('ready')
  for (let i = 0; i < 3; i += 1) await second.next('conversation.item.create')
  expect(second.said.slice(1).map(({ item }) => item)).toEqual([
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Got a moment?' }] },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Yes.' }] },
    {
      ...{ type: 'message', role: 'system' },
      content: [{ type: 'input_text', text: 'The function save_answer returned: {}' }],
    },
  ])
})

test('nothing is sent into a session that does not stand yet', async () => {
  const server = await engineServer()
  const { engine, peer } = await ready(server)
  const { until } = listener(engine)
  peer.socket.terminate()
  await until('lost')
  engine.reopen(() => [{ role: 'lead', text: 'Yes.', interrupted: false }])
  engine.addText('system', 'too early')
  const second = await server.client(1)
  await second.next('session.update')
  engine.createResponse()
  await expect(engine.render('One moment.')).rejects.toThrow(EngineLost)
  second.say({ type: 'session.updated', session: {} })
  await until('ready')
  engine.addText('system', 'now')
  for (let i = 0; i < 2; i += 1) await second.next('conversation.item.create')
  expect(second.said.slice(1).map(({ item }) => (item as { content: { text: string }[] }).content[0]!.text)).toEqual([
    'Yes.',
    'now',
  ])
})

test('lost while the phone rings: opened again at once, and the greeting asked for anew', async () => {
  const server = await engineServer()
  const { engine, peer } = await ready(server)
  peer.socket.terminate()
  const second = await server.client(1)
  await second.next('session.update')
  second.say({ type: 'session.updated', session: {} })
  expect(await second.next('response.create')).toMatchObject({
    response: { instructions: exactly(conversation.greeting) },
  })
  second.say({ type: 'response.created', response: { id: 'again' } })
  const { until, events } = listener(engine)
  await until('response_started')
  expect(events.map(({ type }) => type)).toEqual(['response_started'])
})

test('lost before it stood, seconds after somebody picked up: what they say in the next is where they said it', async () => {
  const server = await engineServer()
  const engine = open(server.baseUrl)
  const turns: Turn[] = []
  const later = async () => undefined
  const desk = { turn: (turn) => void turns.push(turn), span: (name) => name, lineClosed() {} } as Partial<Desk>
  for (const name of ['answered', 'heard', 'digit', 'personCame', 'hangUp', 'ended'] as const)
    Object.assign(desk, { [name]: later })
  let handlers!: MediaHandlers
  const line = { carrierId: 'CA1', parameters: {}, sendAudio() {}, sendMark() {}, clear() {}, close() {} }
  const listen = (given: MediaHandlers) => {
    handlers = given
  }
  const stream = { ...line, listen }
  const loop = startLoop({ clock: systemClock, conversation, desk: desk as Desk, stream, engine })
  cleanups.push(() => loop.end('shutdown'))
  let frames = 0
  const hear = (count: number) => {
    for (let i = 0; i < count; i += 1) handlers.onAudio(quiet, frames++ * 20)
  }
  const first = await server.client()
  await first.next('session.update')
  hear(150)
  first.socket.close(1011)
  const second = await server.client(1)
  await second.next('session.update')
  second.say({ type: 'session.updated', session: {} })
  // It is given all of the line, from its first frame on.
  for (let i = 0; i < 150; i += 1) await second.next('input_audio_buffer.append')
  hear(50)
  second.say({ type: 'input_audio_buffer.speech_started', item_id: 'u', audio_start_ms: 3_200 })
  second.say({ type: 'input_audio_buffer.speech_stopped', item_id: 'u', audio_end_ms: 3_900 })
  second.say({ type: 'input_audio_buffer.committed', item_id: 'u' })
  const transcribed = 'conversation.item.input_audio_transcription.completed'
  second.say({ type: transcribed, item_id: 'u', content_index: 0, transcript: 'Hello?' })
  const { atMs } = await until(() => turns.find(({ role }) => role === 'lead'))
  expect(Math.abs(atMs - 3_500)).toBeLessThanOrEqual(100)
})
