import type { IncomingMessage } from 'node:http'
import twilio from 'twilio'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { Sandbox } from '../../runtime/sandbox/server.ts'
import { callTo, credentials, Inbox, openApp, openSandbox, type StreamMessage, time, twilioAt } from './harness.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox()
})
afterAll(() => sandbox.close())

/** Calls somebody and takes the media stream by hand. */
async function pickUp(to = '+12025550109', more: object = {}) {
  const messages = new Inbox<StreamMessage>()
  const opened = Promise.withResolvers<{ socket: WebSocket; request: IncomingMessage }>()
  const app = await openApp((socket, request) => {
    socket.on('message', (data) => messages.push(JSON.parse(String(data)) as StreamMessage))
    opened.resolve({ socket, request })
  })
  const client = twilioAt(sandbox.carrierUrl(time))
  const call = await client.calls.create(callTo(to, app, more))
  const { socket, request } = await opened.promise
  const { streamSid } = await messages.find(({ event }) => event === 'start')
  const send = (event: string, body: object = {}) => socket.send(JSON.stringify({ event, streamSid, ...body }))
  const mark = (name: string) =>
    messages.find((message) => message.event === 'mark' && (message.mark as { name: string }).name === name)
  return { app, client, call, socket, request, messages, streamSid, send, mark }
}

const voice = (ms: number) => ({ media: { payload: Buffer.alloc(ms * 8, 0x10).toString('base64') } })
const chunkOf = (message: StreamMessage | undefined) =>
  Number((message?.media as { chunk: string } | undefined)?.chunk ?? 0)

test('callbacks come in order, signed, with the documented parameters', async () => {
  const { app, call, socket } = await pickUp()
  socket.close()
  await app.callbacks.find(({ params }) => 'CallDuration' in params)
  const seen = app.callbacks.all
  expect(seen.map(({ params }) => params.CallStatus)).toEqual(['initiated', 'ringing', 'in-progress', 'completed'])
  expect(seen.map(({ params }) => params.SequenceNumber)).toEqual(['0', '1', '2', '3'])
  for (const { signature, url, params } of seen) {
    expect(twilio.validateRequest(credentials.authToken, signature, url, params)).toBe(true)
    expect(params).toMatchObject({
      ...{ CallSid: call.sid, AccountSid: credentials.accountSid, To: '+12025550109', Direction: 'outbound-api' },
      ...{ ApiVersion: '2010-04-01', CallbackSource: 'call-progress-events' },
      Timestamp: expect.stringMatching(/^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000$/),
    })
  }
  expect(seen.at(-1)?.params).toMatchObject({ SipResponseCode: '200', CallDuration: expect.stringMatching(/^[1-9]/) })
  await app[Symbol.asyncDispose]()
})

test('only subscribed events are posted, by GET when asked; the verdict of the detection too', async () => {
  const amd = { machineDetection: 'Enable', asyncAmd: 'true' }
  const { app, call, messages } = await pickUp('+12025550109', {
    ...{ statusCallbackEvent: ['completed'], statusCallbackMethod: 'GET', ...amd },
  })
  await messages.find((message) => chunkOf(message) > 200)
  expect(app.callbacks.all).toEqual([])
  await twilioAt(sandbox.carrierUrl(time)).calls(call.sid).update({ status: 'completed' })
  const { url, signature, params } = await app.callbacks.find(() => true)
  expect(params).toMatchObject({ CallStatus: 'completed', SequenceNumber: '0', AnsweredBy: 'human' })
  expect(twilio.validateRequest(credentials.authToken, signature, url, {})).toBe(true)
  await app[Symbol.asyncDispose]()
})

test('the stream opens with connected and start, and its handshake is signed', async () => {
  const { app, call, request, messages, streamSid, socket } = await pickUp()
  expect(messages.all[0]).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' })
  expect(messages.all[1]).toEqual({
    ...{ event: 'start', sequenceNumber: '1', streamSid },
    start: {
      ...{ accountSid: credentials.accountSid, callSid: call.sid, streamSid, tracks: ['inbound'] },
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: { token: 'once' },
    },
  })
  const signature = String(request.headers['x-twilio-signature'])
  expect(twilio.validateRequest(credentials.authToken, signature, `${app.ws}/media`, {})).toBe(true)
  socket.close()
  await app[Symbol.asyncDispose]()
})

test('audio flows without a gap, silence included, in frames of 20 ms', async () => {
  const { app, messages, socket } = await pickUp()
  await messages.find((message) => chunkOf(message) >= 150)
  const media = messages.all.filter(({ event }) => event === 'media')
  media.forEach((message, i) => {
    expect(message).toMatchObject({ media: { track: 'inbound', chunk: String(i + 1), timestamp: String(i * 20) } })
    expect(Buffer.from((message.media as { payload: string }).payload, 'base64')).toHaveLength(160)
  })
  expect(messages.all.slice(1).map(({ sequenceNumber }) => sequenceNumber)).toEqual(
    messages.all.slice(1).map((_, i) => String(i + 1)),
  )
  const last = Buffer.from((media.at(-1)!.media as { payload: string }).payload, 'base64')
  expect(last.every((byte) => byte === 0xff)).toBe(true)
  socket.close()
  await app[Symbol.asyncDispose]()
})

test('a mark comes back when everything before it was played, and clear sends the waiting ones back at once', async () => {
  const { app, messages, send, mark, socket } = await pickUp()
  send('mark', { mark: { name: 'empty' } })
  await mark('empty')
  const from = chunkOf(messages.all.findLast(({ event }) => event === 'media'))
  send('media', voice(1000))
  send('mark', { mark: { name: 'one second' } })
  send('media', voice(60_000))
  send('mark', { mark: { name: 'one minute' } })
  await mark('one second')
  const played = chunkOf(messages.all.findLast(({ event }) => event === 'media')) - from
  expect(played).toBeGreaterThanOrEqual(49)
  expect(messages.all.some((message) => (message.mark as { name: string })?.name === 'one minute')).toBe(false)
  send('clear')
  await mark('one minute')
  expect(chunkOf(messages.all.findLast(({ event }) => event === 'media')) - from).toBeLessThan(1000)
  socket.close()
  await app[Symbol.asyncDispose]()
})

test('the end of the call by API sends stop, then the close', async () => {
  const { app, client, call, messages, socket, streamSid } = await pickUp()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await client.calls(call.sid).update({ status: 'completed' })
  expect(await messages.find(({ event }) => event === 'stop')).toMatchObject({
    ...{ streamSid, stop: { accountSid: credentials.accountSid, callSid: call.sid } },
  })
  expect(await closed).toBe(1000)
  await app.status('completed')
  await app[Symbol.asyncDispose]()
})

test('a stream that is refused ends the call; so does the time limit', async () => {
  await using app = await openApp()
  const client = twilioAt(sandbox.carrierUrl(time))
  const refused = callTo('+12025550109', app, {
    twiml: callTo('', app).twiml.replace(/ws:\/\/[^/]*/, 'ws://127.0.0.1:9'),
  })
  const call = await client.calls.create(refused)
  await app.status('completed')
  expect(await client.calls(call.sid).fetch()).toMatchObject({ status: 'completed' })
  const limited = await pickUp('+12025550109', { timeLimit: 5 })
  await limited.app.status('completed')
  await limited.app[Symbol.asyncDispose]()
})

test('the rules kept so far', () => expect(sandbox.violations).toEqual([]))

test.each([
  ['no JSON', 'hello'],
  ['an unknown event', '{"event":"dance"}'],
  ['a foreign stream', '{"event":"clear","streamSid":"MZ0"}'],
])('%s is a violation 31951', async (_, text) => {
  const { app, socket } = await pickUp()
  const before = sandbox.violations.length
  socket.send(text)
  await expect.poll(() => sandbox.violations.length, { interval: 5 }).toBe(before + 1)
  expect(sandbox.violations.at(-1)).toMatchObject({ side: 'carrier', code: '31951' })
  socket.close()
  await app[Symbol.asyncDispose]()
})

test.each([
  ['an unknown field', { media: { payload: 'AAAA' }, track: 'x' }],
  ['a payload that is not base64', { media: { payload: '*' } }],
  ['no payload', { media: {} }],
  ['a field of its own', { media: { payload: 'AAAA', track: 'inbound' } }],
  ['no object', { media: 'AAAA' }],
])('media with %s is a violation 31951', async (_, body) => {
  const { app, socket, send } = await pickUp()
  const before = sandbox.violations.length
  send('media', body)
  await expect.poll(() => sandbox.violations.length, { interval: 5 }).toBe(before + 1)
  socket.close()
  await app[Symbol.asyncDispose]()
})

test('TwiML that Twilio cannot run is a violation, and the call is answered and ended', async () => {
  await using app = await openApp()
  const create = callTo('+12025550100', app, { twiml: '<Response><Say>Hi</Response>' })
  await twilioAt(sandbox.carrierUrl(time)).calls.create(create)
  await app.status('completed')
  expect(sandbox.violations.at(-1)).toMatchObject({ side: 'carrier', code: '12100' })
})
