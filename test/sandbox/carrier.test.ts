import { get } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import type { Sandbox } from '../../runtime/sandbox/server.ts'
import { type App, callTo, credentials, openApp, openSandbox, streamTo, time, twilioAt } from './harness.ts'

let sandbox: Sandbox
let app: App
beforeAll(async () => {
  ;[sandbox, app] = await Promise.all([openSandbox(), openApp()])
})
afterAll(async () => {
  await sandbox.close()
  await app[Symbol.asyncDispose]()
})

const basic = `Basic ${btoa(`${credentials.accountSid}:${credentials.authToken}`)}`
const callsUrl = () => `${sandbox.carrierUrl(time)}/2010-04-01/Accounts/${credentials.accountSid}/Calls.json`

/** A create by hand, to send what the SDK would not. */
async function post(fields: Record<string, string>, authorization = basic, url = callsUrl()) {
  const body = new URLSearchParams(fields)
  const response = await fetch(url, { method: 'POST', headers: { authorization }, body })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const fields = (more: Record<string, string> = {}) => ({
  ...{ To: '+12025550102', From: sandboxNumber, Twiml: streamTo('wss://app.example/media') },
  ...more,
})
const codes = () => sandbox.violations.map(({ code }) => code)

test('creates a call as the SDK expects it', async () => {
  const call = await twilioAt(sandbox.carrierUrl(time)).calls.create(callTo('+12025550102', app))
  expect(call).toMatchObject({ status: 'queued', direction: 'outbound-api', to: '+12025550102', from: sandboxNumber })
  expect(call.sid).toMatch(/^CA[0-9a-f]{32}$/)
  expect(call).toMatchObject({ toFormatted: '(202) 555-0102', startTime: null, duration: null, priceUnit: 'USD' })
  expect(Math.abs(call.dateCreated.getTime() - Date.now())).toBeLessThan(5000)
})

test.each([
  ['an unknown field', { Colour: 'red' }, 20001],
  ['a field beyond the sandbox', { Url: 'https://app.example' }, 20001],
  ['no To', { To: '' }, 21201],
  ['no From', { From: '' }, 21213],
  ['a bad To', { To: '555-0100' }, 21211],
  ['a bad From', { From: 'anonymous' }, 21212],
  ['a From of somebody else', { From: '+12025550142' }, 21210],
  ['no TwiML', { Twiml: '' }, 21205],
  ['long TwiML', { Twiml: 'x'.repeat(4001) }, 21627],
  ['a bad callback', { StatusCallback: 'app.example' }, 21609],
  ['a bad callback event', { StatusCallbackEvent: 'in-progress' }, 21626],
  ['a bad method', { StatusCallbackMethod: 'PUT' }, 20001],
  ['a bad timeout', { Timeout: '0' }, 20001],
  ['detection that blocks the call', { MachineDetection: 'Enable' }, 20001],
  ['recording', { Record: 'true' }, 20001],
])('refuses %s', async (_, more, code) => {
  const { status, body } = await post(fields(more as Record<string, string>))
  expect({ status, ...body }).toMatchObject({ status: 400, code, message: expect.any(String) })
  expect(body.more_info).toBe(`https://www.twilio.com/docs/errors/${code}`)
  expect(codes()).toContain(String(code))
})

test('refuses the wrong credentials, account, method, type and size', async () => {
  expect(await post(fields(), `Basic ${btoa(`${credentials.accountSid}:wrong`)}`)).toMatchObject({
    status: 401,
    body: { code: 20003, message: 'Authenticate' },
  })
  const another = callsUrl().replace(credentials.accountSid, `AC${'2'.repeat(32)}`)
  expect(await post(fields(), basic, another)).toMatchObject({ status: 401, body: { code: 20003 } })
  expect((await fetch(another, { headers: { authorization: basic } })).status).toBe(401)
  expect((await post(fields(), basic, callsUrl().replace('Calls', 'Faxes'))).status).toBe(404)
  expect((await post(fields({ Twiml: 'x'.repeat(70_000) }))).status).toBe(413)
  const headers = { authorization: basic, 'content-type': 'application/json' }
  expect((await fetch(callsUrl(), { method: 'POST', headers, body: '{}' })).status).toBe(415)
  expect((await fetch(callsUrl(), { method: 'PUT', headers })).status).toBe(405)
})

test('the SDK reads the refusal as its own exception', async () => {
  const create = twilioAt(sandbox.carrierUrl(time)).calls.create(callTo('nonsense', app))
  await expect(create).rejects.toMatchObject({ status: 400, code: 21211, moreInfo: expect.stringContaining('21211') })
})

test('lists by number, status and time, page by page', async ({ onTestFinished }) => {
  const fresh = await openSandbox()
  onTestFinished(fresh.close)
  const api = twilioAt(fresh.carrierUrl(time))
  const since = new Date()
  for (let i = 0; i < 3; i++) {
    const { sid } = await api.calls.create(callTo('+12025550112', app))
    // One that waits in the queue has no time to be listed by.
    await app.callbacks.find(({ params }) => params.CallSid === sid)
  }
  const other = await api.calls.create(callTo('+12025550102', app))
  await app.callbacks.find(({ params }) => params.CallSid === other.sid && 'CallDuration' in params)
  const to = '+12025550112'
  expect(await api.calls.list({ to, from: sandboxNumber, startTimeAfter: since })).toHaveLength(3)
  expect(await api.calls.list({ to, pageSize: 2 })).toHaveLength(3)
  expect(await api.calls.list({ to, startTimeBefore: new Date(since.getTime() - 60_000) })).toEqual([])
  expect((await api.calls.list({ status: 'busy' })).map(({ sid }) => sid)).toEqual([other.sid])
  expect(await api.calls.list({ startTime: new Date(since.getTime() - 60_000) })).toEqual([])
  expect(await api.calls(other.sid).fetch()).toMatchObject({ status: 'busy', duration: '0' })
  const unknown = await fetch(`${callsUrl()}?Started=1`, { headers: { authorization: basic } })
  expect(unknown.status).toBe(400)
})

test('a ringing call can be canceled, once', async () => {
  const client = twilioAt(sandbox.carrierUrl({ pace: 1, waits: 60 }))
  const call = await client.calls.create(callTo('+12025550103', app, { timeout: 600 }))
  await app.callbacks.find(({ params }) => params.CallSid === call.sid && params.CallStatus === 'ringing')
  expect(await client.calls(call.sid).update({ status: 'canceled' })).toMatchObject({ status: 'canceled' })
  await expect(client.calls(call.sid).update({ status: 'completed' })).rejects.toMatchObject({ code: 21220 })
  await expect(client.calls(`CA${'0'.repeat(32)}`).update({ status: 'completed' })).rejects.toMatchObject({
    code: 20404,
  })
  const end = await app.callbacks.find(({ params }) => params.CallSid === call.sid && 'CallDuration' in params)
  expect(end.params).toMatchObject({ CallStatus: 'canceled', CallDuration: '0' })
})

test('who answers on the second try lets the first call of each conversation ring out', async () => {
  const api = twilioAt(sandbox.carrierUrl(time))
  const firstOf = async (conversation: string) => {
    const twiml = streamTo(`${app.ws}/media`, { call: conversation })
    const call = await api.calls.create(callTo('+12025550103', app, { timeout: 10, timeLimit: 10, twiml }))
    return (await app.callbacks.find(({ params }) => params.CallSid === call.sid && 'CallDuration' in params)).params
  }
  const firsts = await Promise.all(['a', 'b', 'c'].map(firstOf))
  expect(firsts.map(({ CallStatus }) => CallStatus)).toEqual(['no-answer', 'no-answer', 'no-answer'])
  expect(await firstOf('b')).toMatchObject({ CallStatus: 'completed' })
})

test('tells over HTTP what rang and what was wrong, on loopback names only', async () => {
  expect(await (await fetch(`${sandbox.url}/rang`)).json()).toEqual(sandbox.rang)
  expect(await (await fetch(`${sandbox.url}/violations`)).json()).toEqual(sandbox.violations)
  expect((await fetch(`${sandbox.url}/nothing`)).status).toBe(404)
  const rebound = await new Promise((resolve) => {
    get(`${sandbox.url}/rang`, { headers: { host: 'attacker.example' } }, (response) => resolve(response.statusCode))
  })
  expect(rebound).toBe(403)
})
