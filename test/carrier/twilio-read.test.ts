import twilio from 'twilio'
import { expect, test } from 'vitest'
import { CarrierUnavailable } from '../../runtime/carrier/port.ts'
import { parseTwilioCallback, UnreadableCallback } from '../../runtime/carrier/twilio/callback.ts'
import { twilioCarrier } from '../../runtime/carrier/twilio/twilio.ts'
import { virtualClock } from '../voice/virtual-clock.ts'
import { account, json, rawServer } from './raw-server.ts'

type Answer = Parameters<typeof rawServer>[0]

async function withCarrier(
  answer: Answer,
  run: (carrier: ReturnType<typeof twilioCarrier>, server: Awaited<ReturnType<typeof rawServer>>) => Promise<void>,
) {
  const server = await rawServer(answer)
  const carrier = twilioCarrier({ ...account, baseUrl: `${server.baseUrl}/prefix/` })
  try {
    await run(carrier, server)
  } finally {
    carrier.close()
    await server.close()
  }
}

const resource = (sid: string, date_created: string, more = {}) => ({
  ...{ sid, status: 'in-progress', duration: null, date_created, start_time: null },
  ...more,
})

test('calls are found by both numbers and by when they were made, even those still waiting in the queue', async () => {
  const calls = [
    resource('CA3', 'Mon, 23 Nov 2026 12:00:31 +0000'),
    resource('CA2', 'Mon, 23 Nov 2026 12:00:05 +0000', { status: 'queued' }),
    resource('CA1', 'Mon, 23 Nov 2026 11:59:59 +0000', { status: 'completed', duration: '42' }),
  ]
  await withCarrier(
    (_, response) => json(response, 200, { calls, page_size: 200, next_page_uri: null, uri: '/' }),
    async (carrier, server) => {
      const since = new Date('2026-11-23T12:00:05.400Z')
      const until = new Date('2026-11-23T12:00:30Z')
      const found = await carrier.findCalls({ from: '+1202', to: '+1203', since, until })
      expect(found).toEqual([
        { carrierId: 'CA2', status: 'queued', createdAt: new Date('2026-11-23T12:00:05Z'), durationSeconds: null },
      ])
      expect(server.requests[0]!.url).toMatch(/^\/prefix\/2010-04-01\/.*Calls\.json\?/)
      expect(new URL(server.requests[0]!.url, 'http://x').searchParams.get('To')).toBe('+1203')
    },
  )
})

test('one call, or null when the carrier never heard of it', async () => {
  await withCarrier(
    (request, response) =>
      request.url!.includes('CA1')
        ? json(
            response,
            200,
            resource('CA1', 'Mon, 23 Nov 2026 11:59:59 +0000', { status: 'no-answer', duration: '0' }),
          )
        : json(response, 404, { code: 20404, message: 'not found', status: 404 }),
    async (carrier) => {
      await expect(carrier.getCall('CA1')).resolves.toMatchObject({ status: 'no_answer', durationSeconds: 0 })
      await expect(carrier.getCall('CA2')).resolves.toBe(null)
    },
  )
})

test.each([500, 429, 401])('HTTP %d: the carrier could not be asked', async (status) => {
  await withCarrier(
    (_, response) => json(response, status, { code: 1, message: 'no' }),
    async (carrier) => {
      await expect(carrier.getCall('CA1')).rejects.toBeInstanceOf(CarrierUnavailable)
      await expect(carrier.hangUp('CA1')).rejects.toBeInstanceOf(CarrierUnavailable)
    },
  )
})

test('a read that takes too long is given up', async () => {
  const clock = virtualClock()
  const arrived = Promise.withResolvers<void>()
  const server = await rawServer(() => arrived.resolve())
  const carrier = twilioCarrier({ ...account, baseUrl: server.baseUrl, clock: clock.clock })
  const asked = carrier.getCall('CA1')
  const failure = expect(asked).rejects.toBeInstanceOf(CarrierUnavailable)
  await arrived.promise
  await clock.pass(10_000)
  await failure
  expect(clock.pending).toBe(0)
  carrier.close()
  await server.close()
})

test('hanging up: completed, else canceled; ended already, or unknown, is fine', async () => {
  const forms: string[] = []
  await withCarrier(
    (request, response) => {
      if (request.url!.includes('CA404')) return json(response, 404, { code: 20404, message: 'not found' })
      json(response, 400, { code: 21220, message: 'Call is not in-progress. Cannot redirect.' })
    },
    async (carrier, server) => {
      await carrier.hangUp('CA1')
      forms.push(...server.requests.map(({ body }) => body))
      await carrier.hangUp('CA404')
    },
  )
  expect(forms).toEqual(['Status=completed', 'Status=canceled'])
})

test('only what Twilio signed is authentic', () => {
  const carrier = twilioCarrier(account)
  const url = 'https://talkif.example/carrier/twilio/status?attempt=1'
  const params = { CallSid: 'CA1', CallStatus: 'ringing' }
  const signature = twilio.getExpectedTwilioSignature(account.authToken, url, params)
  expect(carrier.isAuthentic({ signature, url, params })).toBe(true)
  expect(carrier.isAuthentic({ signature, url, params: { ...params, CallStatus: 'completed' } })).toBe(false)
  expect(carrier.isAuthentic({ signature: '', url, params })).toBe(false)
  expect(carrier.isAuthentic({ signature: undefined, url, params })).toBe(false)
  carrier.close()
})

test('callbacks in our words', () => {
  const base = { CallSid: 'CA1' }
  expect(parseTwilioCallback({ ...base, CallStatus: 'initiated', SequenceNumber: '0' })).toEqual({
    ...{ carrierId: 'CA1', status: 'queued', answeredBy: null, sequence: 0, errorCode: null },
  })
  expect(
    parseTwilioCallback({ ...base, CallStatus: 'busy', SipResponseCode: '486', SequenceNumber: '2' }),
  ).toMatchObject({
    ...{ status: 'busy', sequence: 2, errorCode: '486' },
  })
  expect(parseTwilioCallback({ ...base, CallStatus: 'completed', SipResponseCode: '200' }).errorCode).toBe(null)
  expect(parseTwilioCallback({ ...base, AnsweredBy: 'machine_end_beep', MachineDetectionDuration: '2400' })).toEqual({
    ...{ carrierId: 'CA1', status: 'in_progress', answeredBy: 'machine_end', sequence: null, errorCode: null },
  })
  const heard = ['human', 'machine_start', 'machine_end_silence', 'machine_end_other', 'fax', 'unknown', 'melon']
  expect(heard.map((AnsweredBy) => parseTwilioCallback({ ...base, AnsweredBy }).answeredBy)).toEqual([
    'human',
    'machine_start',
    'machine_end',
    'machine_end',
    'fax',
    'unknown',
    'unknown',
  ])
  expect(() => parseTwilioCallback({ CallStatus: 'ringing' })).toThrow(UnreadableCallback)
  expect(() => parseTwilioCallback({ ...base, CallStatus: 'melted' })).toThrow(UnreadableCallback)
})
