import twilio from 'twilio'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { sandboxColleagues } from '../../openapi/sandbox-people.ts'
import { farewellTwiml, roomTwiml } from '../../runtime/carrier/twilio/transfer-twiml.ts'
import { twilioCarrier } from '../../runtime/carrier/twilio/twilio.ts'
import { elastic, systemClock } from '../../runtime/clock.ts'
import { createRooms } from '../../runtime/sandbox/carrier/rooms.ts'
import { type Sandbox, startSandbox } from '../../runtime/sandbox/server.ts'
import { speechDir } from '../harness/cache.ts'
import { type CallbackSeen, credentials, Inbox, openApp, type StreamMessage, time } from './harness.ts'

const log = new Inbox<Record<string, unknown>>()
let sandbox: Sandbox
beforeAll(async () => {
  const clock = elastic(systemClock)
  sandbox = await startSandbox({
    ...{ clock, credentials, cacheDir: speechDir },
    log: (line) => log.push(line as Record<string, unknown>),
  })
})
afterAll(() => sandbox.close())

const colleagues = Object.fromEntries(sandboxColleagues.map(({ character, number }) => [character, number]))
const words = { text: 'A caller wants to talk to you. Press 1 to accept.', language: 'en' }
const room = roomTwiml('room-nobody-guesses')

const carrierOf = () => twilioCarrier({ ...credentials, clock: systemClock, baseUrl: sandbox.carrierUrl(time) })

const briefing = (to: string, http: string) => ({
  ...{ from: '+12025550190', to, ringSeconds: 20, maxSeconds: 600, statusUrl: `${http}/status/${to}` },
  ...{ brief: words, keySeconds: 5, keyUrl: `${http}/key`, signal: AbortSignal.timeout(10_000), beforeSend() {} },
})

test('a colleague hears the brief, presses the key, and talks to the lead in a room that ends with either', async () => {
  const streamed = new Inbox<StreamMessage>()
  const onStream = (socket: WebSocket) =>
    void socket.on('message', (data) => streamed.push(JSON.parse(String(data)) as StreamMessage))
  await using app = await openApp(onStream, ({ path }: CallbackSeen) => (path === '/key' ? room : ''))
  const carrier = carrierOf()
  const client = twilio(credentials.accountSid, credentials.authToken)
  const lead = await carrierCall(app.http, app.ws)
  await streamed.find(({ event }) => event === 'media')

  const { carrierId } = await carrier.placeBrief(briefing(colleagues.accepts!, app.http))
  const key = await app.callbacks.find(({ path }) => path === '/key')
  expect(key.params).toMatchObject({
    CallSid: carrierId,
    Digits: '1',
    CallStatus: 'in-progress',
    To: colleagues.accepts,
  })
  expect(twilio.validateRequest(client.password!, key.signature, key.url, key.params)).toBe(true)
  expect(await log.find(({ event }) => event === 'brief')).toMatchObject({ text: words.text })

  expect(await carrier.moveToRoom(lead, 'room-nobody-guesses')).toBe(true)
  await streamed.find(({ event }) => event === 'stop')
  const ended = await app.callbacks.find((it) => it.path === '/lead' && it.params.CallStatus === 'completed')
  // The colleague stays for some seconds of talk, and the room ends with them.
  expect(Number(ended.params.CallDuration)).toBeGreaterThan(7)
  expect(await carrier.moveToRoom(lead, 'another')).toBe(false)
  expect(await carrier.moveToRoom(`CA${'0'.repeat(32)}`, 'another')).toBe(false)
  expect(sandbox.violations).toEqual([])
  carrier.close()

  async function carrierCall(http: string, ws: string): Promise<string> {
    const { carrierId } = await carrier.placeCall({
      ...{ from: '+12025550190', to: '+12025550109', ringSeconds: 20, maxSeconds: 60, statusUrl: `${http}/lead` },
      ...{ mediaUrl: `${ws}/media`, streamParameters: {}, detectMachine: false },
      ...{ signal: AbortSignal.timeout(10_000), beforeSend() {} },
    })
    return carrierId
  }
})

test('no key is posted as an empty one, and a colleague who hangs up presses none', async () => {
  const goodbye = farewellTwiml({ text: 'Goodbye.', language: 'de-AT' })
  await using app = await openApp(undefined, ({ path }) => (path === '/key' ? goodbye : ''))
  const carrier = carrierOf()
  const { mailbox, declines, never_answers } = colleagues
  await Promise.all([mailbox!, declines!, never_answers!].map((to) => carrier.placeBrief(briefing(to, app.http))))
  const endOf = (to: string) =>
    app.callbacks.find((it) => it.path === `/status/${to}` && it.params.CallDuration !== undefined)
  expect((await endOf(mailbox!)).params.CallStatus).toBe('completed')
  expect((await endOf(declines!)).params.CallStatus).toBe('completed')
  expect((await endOf(never_answers!)).params.CallStatus).toBe('no-answer')
  const keys = app.callbacks.all.filter(({ path }) => path === '/key')
  expect(keys.map(({ params }) => [params.To, params.Digits])).toEqual([[mailbox, '']])
  expect(sandbox.violations).toEqual([])
  carrier.close()
})

test('whoever listens is told, and whoever still rings is just hung up', async () => {
  await using app = await openApp()
  const carrier = carrierOf()
  const { carrierId } = await carrier.placeBrief(briefing(colleagues.never_answers!, app.http))
  await app.status('ringing')
  await carrier.dismiss(carrierId, words)
  await app.status('canceled')
  const { carrierId: listening } = await carrier.placeBrief(briefing(colleagues.accepts!, app.http))
  await app.callbacks.find(({ params }) => params.CallSid === listening && params.CallStatus === 'in-progress')
  await carrier.dismiss(listening, words)
  await app.callbacks.find(({ params }) => params.CallSid === listening && params.CallStatus === 'completed')
  await carrier.dismiss(listening, words)
  expect(app.callbacks.all.filter(({ path }) => path === '/key')).toEqual([])
  carrier.close()
})

test('a SIP address rings too', async () => {
  await using app = await openApp(undefined, () => farewellTwiml(words))
  const carrier = carrierOf()
  await carrier.placeBrief(briefing('sip:sales@helena.example', app.http))
  await app.callbacks.find(({ path, params }) => path === '/key' && params.Digits === '1')
  await expect(carrier.placeBrief(briefing('sip:nobody', app.http))).rejects.toMatchObject({ reason: 'invalid_number' })
  expect(sandbox.violations.splice(0)).toMatchObject([{ code: '21211' }])
  carrier.close()
})

test('in a room each hears the other, and nobody before the second has come', () => {
  const rooms = createRooms()
  const verb = { verb: 'conference', room: 'r', startsOnEnter: true, endsOnExit: true, maxParticipants: 2 } as const
  const over: string[] = []
  const frame = (byte: number) => Buffer.alloc(160, byte)
  const one = rooms.join(verb, () => over.push('one'))!
  expect(one.exchange(frame(1))[0]).toBe(0xff)
  const two = rooms.join(verb, () => over.push('two'))!
  one.exchange(frame(3))
  expect(two.exchange(frame(4))[0]).toBe(3)
  expect(one.exchange(frame(5))[0]).toBe(4)
  expect(rooms.join(verb, () => {})).toBeUndefined()
  one.leave()
  one.leave()
  expect(over).toEqual(['two'])
  expect(rooms.join(verb, () => {})).toBeDefined()
})
