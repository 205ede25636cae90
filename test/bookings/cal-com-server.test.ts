import { readFileSync } from 'node:fs'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { EVENT_TYPE } from './cal-com-host.ts'
import { API_KEY, type CalComServer, startCalCom } from './cal-com-server.ts'
import { MONDAY } from './contract.ts'
import { readPublished } from './published.ts'

const file = new URL('cal-com-openapi.yaml', import.meta.url)
const published = readPublished(file)
let server: CalComServer

beforeAll(async () => {
  server = await startCalCom(() => MONDAY)
})
afterAll(() => server.close())
beforeEach(() => {
  server.reset()
  server.violations.length = 0
})

const start = '2026-05-25T08:00:00.000Z'
const attendee = { name: 'Ayşe', timeZone: 'Europe/Berlin', phoneNumber: '+905321112233' }
const versions = { slots: '2024-09-04', bookings: '2024-08-13' }

function ask(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const version = path.startsWith('/v2/slots') ? versions.slots : versions.bookings
  const always = { authorization: `Bearer ${API_KEY}`, 'cal-api-version': version, 'content-type': 'application/json' }
  const sent = body && { body: JSON.stringify(body) }
  return fetch(`${server.url}${path}`, { method, headers: { ...always, ...headers }, ...sent })
}

test('what is written down of Cal.com is an OpenAPI document', async () => {
  const source = JSON.stringify(parse(readFileSync(file, 'utf8'), { merge: true }))
  const config = await createConfig({ rules: { struct: 'error', 'no-unresolved-refs': 'error' } })
  expect(await lintFromString({ source, absoluteRef: '/cal-com.json', config })).toEqual([])
})

test.each([
  ['a path that is not there', () => ask('GET', '/v2/me'), 404, /^GET \/v2\/me$/],
  [
    'another version',
    () => ask('GET', '/v2/bookings', undefined, { 'cal-api-version': versions.slots }),
    400,
    /version/,
  ],
  ['a query without a needed name', () => ask('GET', `/v2/slots?start=${start}`), 400, /query must have .*'end'/],
  ['a name that the query has not', () => ask('GET', '/v2/bookings?limit=3'), 400, /query must NOT have additional/],
  ['text for a number', () => ask('GET', '/v2/bookings?take=many'), 400, /query\/take must be number/],
  ['no body', () => ask('POST', '/v2/slots/reservations'), 400, /body must be object/],
  ['a body where there is none', () => ask('DELETE', '/v2/slots/reservations/1', {}), 400, /has no body/],
  [
    'a name that the body has not',
    () => ask('POST', '/v2/bookings', { start, attendee, notes: '' }),
    400,
    /additional/,
  ],
  [
    'an attendee without a zone',
    () => ask('POST', '/v2/bookings', { start, attendee: { name: 'A' } }),
    400,
    /timeZone/,
  ],
  [
    'a time that is not in UTC',
    () => ask('POST', '/v2/bookings', { start: start.replace('Z', '+03:00'), attendee }),
    400,
    /start/,
  ],
  [
    'metadata too long',
    () => ask('POST', '/v2/bookings', { start, attendee, metadata: { a: 'x'.repeat(501) } }),
    400,
    /metadata/,
  ],
])('%s is refused, and a violation', async (_, request, status, says) => {
  expect((await request()).status).toBe(status)
  expect(server.violations.join('\n')).toMatch(says)
})

test('everything else that the document permits is not', async () => {
  const slots = `/v2/slots?eventTypeId=${EVENT_TYPE}&start=2026-05-25&end=2026-05-26&timeZone=UTC&format=time`
  const booking = {
    start,
    eventTypeId: EVENT_TYPE,
    attendee: { ...attendee, language: 'tr' },
    guests: ['a@example.org'],
  }
  const requests = [
    ask('GET', slots),
    ask('POST', '/v2/bookings', { ...booking, location: { type: 'attendeePhone', phone: '+905321112233' } }),
    ask('GET', `/v2/bookings?eventTypeId=${EVENT_TYPE}&status=upcoming&sortStart=asc`),
  ]
  expect((await Promise.all(requests)).map(({ status }) => status)).toEqual([200, 201, 200])
  expect(server.violations).toEqual([])
})

test('an answer that the document does not permit is thrown', () => {
  const { operation } = published('POST', '/v2/slots/reservations')!
  const slot = { eventTypeId: 1, slotStart: start, slotEnd: start, slotDuration: 30 }
  const data = { ...slot, reservationUid: 'a', reservationDuration: 5, reservationUntil: start }
  const { reservationUid: _, ...without } = data
  operation.expectAnswer(201, { status: 'success', data })
  expect(() => operation.expectAnswer(200, { status: 'success', data })).toThrow('does not answer 200')
  expect(() => operation.expectAnswer(201, { status: 'success', data: without })).toThrow("'reservationUid'")
  expect(() => operation.expectAnswer(201, { status: 'success', data: { ...data, more: 1 } })).toThrow('additional')
})
