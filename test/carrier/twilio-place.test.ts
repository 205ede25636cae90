import { afterEach, expect, test } from 'vitest'
import { CallNotPlaced, CallOutcomeUnknown, CallRefused } from '../../runtime/carrier/port.ts'
import { twilioCarrier } from '../../runtime/carrier/twilio/twilio.ts'
import { account, json, placing, rawServer } from './raw-server.ts'

const cleanups: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function carrierTo(answer: Parameters<typeof rawServer>[0]) {
  const server = await rawServer(answer)
  const carrier = twilioCarrier({ ...account, baseUrl: server.baseUrl })
  cleanups.push(() => carrier.close(), server.close)
  return { server, carrier }
}

test('a call is asked for once, with inline TwiML, callbacks and detection in the background', async () => {
  const { server, carrier } = await carrierTo((_, response) => json(response, 201, { sid: 'CA1', status: 'queued' }))
  await expect(carrier.placeCall(placing())).resolves.toEqual({ carrierId: 'CA1' })
  const [request] = server.requests
  expect(request).toMatchObject({ method: 'POST', url: `/2010-04-01/Accounts/${account.accountSid}/Calls.json` })
  expect(request!.headers.authorization).toBe(
    `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64')}`,
  )
  const form = new URLSearchParams(request!.body)
  expect(form.getAll('StatusCallbackEvent')).toEqual(['initiated', 'ringing', 'answered', 'completed'])
  expect(Object.fromEntries(form)).toMatchObject({
    To: '+12025550100',
    From: '+12025550190',
    Timeout: '25',
    MachineDetection: 'DetectMessageEnd',
    AsyncAmd: 'true',
    AsyncAmdStatusCallback: 'https://talkif.example/carrier/twilio/status',
  })
  expect(form.get('Twiml')).toBe(
    '<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://talkif.example/carrier/twilio/media">' +
      '<Parameter name="token" value="a&quot;b&lt;c>&amp;d"/><Parameter name="attempt" value="att_1"/>' +
      '</Stream></Connect></Response>',
  )
})

test('nobody listens: not placed', async () => {
  const { server, carrier } = await carrierTo(() => {})
  await server.close()
  await expect(carrier.placeCall(placing())).rejects.toBeInstanceOf(CallNotPlaced)
})

test('a name that does not resolve: not placed', async () => {
  const carrier = twilioCarrier({ ...account, baseUrl: 'https://nowhere.invalid' })
  await expect(carrier.placeCall(placing())).rejects.toBeInstanceOf(CallNotPlaced)
  carrier.close()
})

test('a server without TLS where TLS is spoken: not placed, nothing was written', async () => {
  const server = await rawServer(() => {})
  const carrier = twilioCarrier({ ...account, baseUrl: server.baseUrl.replace('http:', 'https:') })
  await expect(carrier.placeCall(placing())).rejects.toBeInstanceOf(CallNotPlaced)
  expect(server.requests).toEqual([])
  carrier.close()
  await server.close()
})

test('too many requests: not placed, with the time to wait', async () => {
  const { server, carrier } = await carrierTo((_, response) =>
    json(response, 429, { code: 20429, message: 'Too Many Requests' }, { 'Retry-After': '7' }),
  )
  await expect(carrier.placeCall(placing())).rejects.toMatchObject({ name: 'CallNotPlaced', retryAfterSeconds: 7 })
  expect(server.requests.length).toBe(1)
})

test.each([500, 502, 503, 504, 408, 301])('HTTP %d leaves the outcome unknown, and is not retried', async (status) => {
  const { server, carrier } = await carrierTo((_, response) => json(response, status, {}))
  await expect(carrier.placeCall(placing())).rejects.toBeInstanceOf(CallOutcomeUnknown)
  expect(server.requests.length).toBe(1)
})

test('reset after the request was read: unknown', async () => {
  const { server, carrier } = await carrierTo((request) => request.socket.resetAndDestroy())
  await expect(carrier.placeCall(placing())).rejects.toBeInstanceOf(CallOutcomeUnknown)
  expect(server.requests.length).toBe(1)
})

test('an answer cut in its midst, without a name, or not JSON: unknown', async () => {
  const answers = ['{"sid":"CA', '{}', 'not json']
  for (const body of answers) {
    const { carrier } = await carrierTo((request, response) => {
      response.writeHead(201, { 'Content-Length': body === answers[0] ? 999 : body.length })
      response.write(body, () => body === answers[0] && request.socket.destroy())
    })
    await expect(carrier.placeCall(placing())).rejects.toBeInstanceOf(CallOutcomeUnknown)
  }
})

test('no answer before the deadline: unknown', async () => {
  const deadline = new AbortController()
  const { carrier } = await carrierTo(() => deadline.abort())
  await expect(carrier.placeCall(placing({ signal: deadline.signal }))).rejects.toBeInstanceOf(CallOutcomeUnknown)
})

test('a deadline that passed before the send: not placed, nothing was sent', async () => {
  const { server, carrier } = await carrierTo((_, response) => json(response, 201, { sid: 'CA1' }))
  await expect(carrier.placeCall(placing({ signal: AbortSignal.abort() }))).rejects.toBeInstanceOf(CallNotPlaced)
  expect(server.requests).toEqual([])
})

test('a throw in beforeSend stops the bytes, on a fresh socket and on a kept one', async () => {
  const { server, carrier } = await carrierTo((_, response) => json(response, 201, { sid: 'CA1' }))
  const beforeSend = () => {
    throw new Error('the attempt was taken over')
  }
  await expect(carrier.placeCall(placing({ beforeSend }))).rejects.toThrow('the attempt was taken over')
  await carrier.placeCall(placing())
  await expect(carrier.placeCall(placing({ beforeSend }))).rejects.toBeInstanceOf(CallNotPlaced)
  expect(server.requests.length).toBe(1)
})

test.each([
  [400, 21211, 'invalid_number'],
  [400, 21214, 'invalid_number'],
  [400, 21217, 'invalid_number'],
  [400, 21210, 'carrier_rejected'],
  [400, 21215, 'carrier_rejected'],
  [400, 21219, 'carrier_rejected'],
  [401, 20003, 'carrier_rejected'],
  [402, 20005, 'carrier_rejected'],
])('HTTP %d with code %d is a refusal: %s', async (status, code, reason) => {
  const { carrier } = await carrierTo((_, response) => json(response, status, { code, message: 'no' }))
  const failure = await carrier.placeCall(placing()).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(CallRefused)
  expect(failure).toMatchObject({ reason, carrierCode: String(code) })
})

test('sockets are kept and few', async () => {
  const { server, carrier } = await carrierTo((_, response) => json(response, 201, { sid: 'CA1' }))
  await Promise.all(Array.from({ length: 100 }, () => carrier.placeCall(placing())))
  expect(server.requests.length).toBe(100)
  expect(await server.sockets).toBeLessThanOrEqual(20)
})
