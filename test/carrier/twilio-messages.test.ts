import { afterEach, expect, test } from 'vitest'
import {
  MessageNotSent,
  MessageOutcomeUnknown,
  MessageRefused,
  type OutgoingMessage,
} from '../../runtime/carrier/messaging.ts'
import { CarrierUnavailable } from '../../runtime/carrier/port.ts'
import { parseIncomingMessage, parseMessageStatus } from '../../runtime/carrier/twilio/messages.ts'
import { twilioCarrier } from '../../runtime/carrier/twilio/twilio.ts'
import { account, json, rawServer } from './raw-server.ts'

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

const resource = (more: object = {}) => ({
  ...{ sid: 'SM1', status: 'queued', body: 'Hello', date_created: 'Mon, 23 Nov 2026 12:00:00 +0000', ...more },
})
const message = (more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  channel: 'sms',
  from: '+12025550190',
  to: '+12025550100',
  content: { body: 'Hello, Ayşe & Co. 👋' },
  statusUrl: 'https://talkif.example/carrier/twilio/message-status/msg_1',
  signal: AbortSignal.timeout(5_000),
  beforeSend: () => {},
  ...more,
})

test('a text is asked for once, with its report address', async () => {
  const { server, carrier } = await carrierTo((_, response) => json(response, 201, resource()))
  expect(await carrier.sendMessage(message())).toEqual({
    ...{ carrierId: 'SM1', status: 'accepted', body: 'Hello', createdAt: new Date('2026-11-23T12:00:00Z') },
  })
  const [request] = server.requests
  expect(request).toMatchObject({ method: 'POST', url: `/2010-04-01/Accounts/${account.accountSid}/Messages.json` })
  expect(Object.fromEntries(new URLSearchParams(request!.body))).toEqual({
    To: '+12025550100',
    From: '+12025550190',
    Body: 'Hello, Ayşe & Co. 👋',
    StatusCallback: 'https://talkif.example/carrier/twilio/message-status/msg_1',
  })
})

test('WhatsApp is asked for by channel addresses, with a content template and its variables', async () => {
  const { server, carrier } = await carrierTo((_, response) => json(response, 201, resource({ status: 'accepted' })))
  const content = { contentSid: `HX${'0'.repeat(32)}`, variables: { 1: 'أحمد', car: '"Golf"' } }
  await carrier.sendMessage(message({ channel: 'whatsapp', content }))
  const form = new URLSearchParams(server.requests[0]!.body)
  expect(Object.fromEntries(form)).toMatchObject({ To: 'whatsapp:+12025550100', From: 'whatsapp:+12025550190' })
  expect(form.get('ContentSid')).toBe(content.contentSid)
  expect(JSON.parse(form.get('ContentVariables')!)).toEqual(content.variables)
  expect(form.has('Body')).toBe(false)
})

test.each([
  [400, 21610, 'opted_out'],
  [400, 21211, 'invalid_number'],
  [400, 21614, 'invalid_number'],
  [400, 21606, 'invalid_sender'],
  [400, 63007, 'invalid_sender'],
  [400, 63016, 'needs_template'],
  [400, 21617, 'rejected'],
  [401, 20003, 'rejected'],
])('HTTP %d with code %d is a refusal: %s', async (status, code, reason) => {
  const { carrier } = await carrierTo((_, response) => json(response, status, { code, message: 'no' }))
  const failure = await carrier.sendMessage(message()).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(MessageRefused)
  expect(failure).toMatchObject({ reason, carrierCode: String(code), message: 'no' })
})

test('too many requests: not sent, with the time to wait', async () => {
  const { carrier } = await carrierTo((_, response) => json(response, 429, { code: 20429 }, { 'Retry-After': '7' }))
  await expect(carrier.sendMessage(message())).rejects.toMatchObject({ name: 'MessageNotSent', retryAfterSeconds: 7 })
})

test.each([500, 503, 408, 301])('HTTP %d leaves the outcome unknown, and is not retried', async (status) => {
  const { server, carrier } = await carrierTo((_, response) => json(response, status, {}))
  await expect(carrier.sendMessage(message())).rejects.toBeInstanceOf(MessageOutcomeUnknown)
  expect(server.requests).toHaveLength(1)
})

test('reset, cut or without a name: unknown; stopped before it left: not sent', async () => {
  const reset = await carrierTo((request) => request.socket.resetAndDestroy())
  await expect(reset.carrier.sendMessage(message())).rejects.toBeInstanceOf(MessageOutcomeUnknown)
  const nameless = await carrierTo((_, response) => json(response, 201, {}))
  await expect(nameless.carrier.sendMessage(message())).rejects.toBeInstanceOf(MessageOutcomeUnknown)
  const { server, carrier } = await carrierTo((_, response) => json(response, 201, resource()))
  const beforeSend = () => {
    throw new MessageNotSent('the deadline of this message is over')
  }
  await expect(carrier.sendMessage(message({ beforeSend }))).rejects.toBeInstanceOf(MessageNotSent)
  await expect(carrier.sendMessage(message({ signal: AbortSignal.abort() }))).rejects.toBeInstanceOf(MessageNotSent)
  expect(server.requests).toEqual([])
})

test('messages are looked up by their numbers alone, and those of other times left out', async () => {
  const at = (date_created: string, sid: string) => resource({ sid, date_created, status: 'new_to_us' })
  const { server, carrier } = await carrierTo((_, response) =>
    json(response, 200, {
      messages: [
        at('Mon, 23 Nov 2026 13:00:01 +0000', 'SM3'),
        at('Mon, 23 Nov 2026 12:30:00 +0000', 'SM2'),
        at('Mon, 23 Nov 2026 11:59:59 +0000', 'SM1'),
      ],
    }),
  )
  const window = { since: new Date('2026-11-23T12:00:00.500Z'), until: new Date('2026-11-23T13:00:00Z') }
  const query = { channel: 'whatsapp' as const, from: '+12025550190', to: '+12025550100', ...window }
  expect(await carrier.findMessages(query)).toMatchObject([{ carrierId: 'SM2', status: 'accepted' }])
  const asked = new URL(server.requests[0]!.url!, server.baseUrl).searchParams
  expect(Object.fromEntries(asked)).toEqual({
    ...{ From: 'whatsapp:+12025550190', To: 'whatsapp:+12025550100', PageSize: '200' },
  })
  const broken = await carrierTo((_, response) => json(response, 500, {}))
  await expect(broken.carrier.findMessages(query)).rejects.toBeInstanceOf(CarrierUnavailable)
})

test('status callbacks in our words', () => {
  const read = (MessageStatus: string, ErrorCode = '') =>
    parseMessageStatus({ MessageSid: 'SM1', MessageStatus, ErrorCode })
  expect(read('sending').status).toBe('accepted')
  expect(read('read')).toEqual({ carrierId: 'SM1', status: 'read', errorCode: null })
  expect(read('undelivered', '30003')).toEqual({ carrierId: 'SM1', status: 'undelivered', errorCode: '30003' })
  expect(() => read('exploded')).toThrow('unknown message status "exploded"')
  expect(() => parseMessageStatus({ MessageStatus: 'sent' })).toThrow('without MessageSid')
})

test('incoming messages in our words', () => {
  const sms = { MessageSid: 'SM1', From: '+905321112233', To: '+12025550190', Body: 'St\0op' }
  expect(parseIncomingMessage(sms)).toEqual({
    ...{ carrierId: 'SM1', channel: 'sms', from: '+905321112233', to: '+12025550190', body: 'Stop' },
    ...{ optsOut: false, repliesTo: null },
  })
  const whatsapp = { ...sms, From: 'whatsapp:+905321112233', To: 'whatsapp:+12025550190', OptOutType: 'STOP' }
  expect(parseIncomingMessage({ ...whatsapp, OriginalRepliedMessageSid: 'SM0' })).toMatchObject({
    ...{ channel: 'whatsapp', from: '+905321112233', to: '+12025550190', optsOut: true, repliesTo: 'SM0' },
  })
  expect(parseIncomingMessage({ ...sms, Body: 'x'.repeat(9_000) }).body).toHaveLength(4_096)
  expect(() => parseIncomingMessage({ Body: 'x' })).toThrow('without MessageSid')
  expect(() => parseIncomingMessage({ MessageSid: 'SM1', From: 'anonymous' })).toThrow('without From and To')
})
