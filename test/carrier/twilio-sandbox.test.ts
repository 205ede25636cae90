import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sandboxNumber, sandboxPeople } from '../../openapi/sandbox-people.ts'
import type { CarrierEvent } from '../../runtime/carrier/port.ts'
import { parseTwilioCallback } from '../../runtime/carrier/twilio/callback.ts'
import { type TwilioCarrier, twilioCarrier } from '../../runtime/carrier/twilio/twilio.ts'
import { systemClock } from '../../runtime/clock.ts'
import { type Chaos, type Sandbox, startSandbox } from '../../runtime/sandbox/server.ts'
import { account, placing } from './raw-server.ts'

const busy = sandboxPeople.find(({ character }) => character === 'busy')!.number
const chaos: Chaos = {}
const events: CarrierEvent[] = []
let wake = () => {}
let sandbox: Sandbox
let carrier: TwilioCarrier
let statusUrl: string
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const params = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
    const signature = request.headers['x-twilio-signature'] as string
    const authentic = carrier.isAuthentic({
      signature,
      url: `${statusUrl.replace('/status', '')}${request.url}`,
      params,
    })
    if (authentic) events.push(parseTwilioCallback(params))
    response.writeHead(authentic ? 204 : 403).end()
    wake()
  })
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  statusUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/status`
  sandbox = await startSandbox({ clock: systemClock, credentials: { ...account, apiKey: 'k' }, chaos })
  carrier = twilioCarrier({ ...account, baseUrl: sandbox.carrierUrl({ pace: 100, waits: 500 }) })
})
afterAll(async () => {
  carrier.close()
  server.close()
  server.closeAllConnections()
  await sandbox.close()
})

async function until(done: () => boolean) {
  while (!done()) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}

const to = (number: string) => placing({ to: number, statusUrl, mediaUrl: 'ws://127.0.0.1:9/media' })
const hour = { since: new Date(Date.now() - 3_600_000), until: new Date(Date.now() + 3_600_000) }

test('a busy line: signed callbacks in our words, and the call can be found and read', async () => {
  const { carrierId } = await carrier.placeCall(to(busy))
  const own = () => events.filter((event) => event.carrierId === carrierId)
  await until(() => own().some(({ status }) => status === 'busy'))
  expect(own().map(({ status }) => status)).toEqual(['queued', 'busy'])
  expect(own().at(-1)!.errorCode).toBe('486')
  expect(await carrier.getCall(carrierId)).toMatchObject({ carrierId, status: 'busy', durationSeconds: 0 })
  const found = await carrier.findCalls({ from: sandboxNumber, to: busy, ...hour })
  expect(found.map((call) => call.carrierId)).toEqual([carrierId])
  await carrier.hangUp(carrierId)
  await carrier.hangUp(`CA${'0'.repeat(32)}`)
  expect(await carrier.getCall(`CA${'0'.repeat(32)}`)).toBe(null)
})

test('a create whose answer is lost is unknown, and the call is found', async () => {
  chaos.create = { lost: true, times: 1 }
  const number = '+12025550177'
  await expect(carrier.placeCall(to(number))).rejects.toMatchObject({ name: 'CallOutcomeUnknown' })
  expect((await carrier.findCalls({ from: sandboxNumber, to: number, ...hour })).length).toBe(1)
})

test('a refused create is named, and no call exists', async () => {
  chaos.create = { refuse: 429, times: 1 }
  const number = '+12025550178'
  await expect(carrier.placeCall(to(number))).rejects.toMatchObject({ name: 'CallNotPlaced' })
  await expect(carrier.placeCall({ ...to(number), from: '+12025550111' })).rejects.toMatchObject({
    ...{ name: 'CallRefused', reason: 'carrier_rejected', carrierCode: '21210' },
  })
  await expect(carrier.placeCall(to('+123'))).rejects.toMatchObject({ reason: 'invalid_number', carrierCode: '21211' })
  expect(await carrier.findCalls({ from: sandboxNumber, to: number, ...hour })).toEqual([])
})

test('a ringing call can be hung up', async () => {
  const slow = twilioCarrier({ ...account, baseUrl: sandbox.carrierUrl({ pace: 1, waits: 50 }) })
  const { carrierId } = await slow.placeCall(to('+12025550179'))
  await until(() => events.some((event) => event.carrierId === carrierId && event.status === 'ringing'))
  await slow.hangUp(carrierId)
  expect((await slow.getCall(carrierId))!.status).toBe('canceled')
  slow.close()
})
