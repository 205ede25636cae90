import { afterAll, beforeAll, expect, test } from 'vitest'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import type { Sandbox } from '../../runtime/sandbox/server.ts'
import { people } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'
import { credentials, openSandbox, time, twilioAt } from './harness.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox()
})
afterAll(() => sandbox.close())

const url = () => `${sandbox.carrierUrl(time)}/2010-04-01/Accounts/${credentials.accountSid}/Messages.json`
const authorization = `Basic ${btoa(`${credentials.accountSid}:${credentials.authToken}`)}`

/** A create by hand, to send what the SDK would not. */
async function post(fields: Record<string, string>) {
  const response = await fetch(url(), { method: 'POST', headers: { authorization }, body: new URLSearchParams(fields) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const fields = (more: Record<string, string> = {}) => {
  const given = { To: '+12025550142', From: sandboxNumber, Body: 'Hello', ...more }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '-')) as Record<string, string>
}
const content = { Body: '-', ContentSid: `HX${'0'.repeat(32)}` }

test('takes and delivers a text as the SDK expects it', async () => {
  const { messages } = twilioAt(sandbox.carrierUrl(time))
  const made = await messages.create({ to: '+12025550142', from: sandboxNumber, body: 'Hello 👋' })
  expect(made).toMatchObject({ status: 'queued', direction: 'outbound-api', body: 'Hello 👋', dateSent: null })
  expect(made.sid).toMatch(/^SM[0-9a-f]{32}$/)
  const done = await until(async () => {
    const it = await messages(made.sid).fetch()
    return it.status === 'delivered' && it
  })
  expect(done.dateSent).toBeInstanceOf(Date)
  const found = await messages.list({ to: '+12025550142', from: sandboxNumber, limit: 20 })
  expect(found.map(({ sid }) => sid)).toEqual([made.sid])
  expect(await messages.list({ to: '+12025550142', dateSentAfter: new Date(Date.now() + 86_400_000) })).toEqual([])
  await expect(messages(`SM${'0'.repeat(32)}`).fetch()).rejects.toMatchObject({ status: 404, code: 20404 })
})

test.each([
  ['an unknown field', { Colour: 'red' }, 20001],
  ['a field beyond the sandbox', { MediaUrl: 'https://app.example/x.png' }, 20001],
  ['no To', { To: '-' }, 21604],
  ['no From', { From: '-' }, 21603],
  ['a bad To', { To: '555-0100' }, 21211],
  ['a From of somebody else', { From: '+12025550143' }, 21606],
  ['a WhatsApp From of somebody else', { To: 'whatsapp:+12025550142', From: 'whatsapp:+12025550143' }, 63007],
  ['two channels', { To: 'whatsapp:+12025550142' }, 21910],
  ['a To that is the From', { To: sandboxNumber }, 21266],
  ['no body', { Body: '-' }, 21619],
  ['a long body', { Body: 'x'.repeat(1601) }, 21617],
  ['a bad ContentSid', { ...content, ContentSid: 'HX1' }, 21655],
  ['variables without a template', { ContentVariables: '{}' }, 92005],
  ['variables that are no JSON', { ...content, ContentVariables: '{1:' }, 21656],
  ['an empty variable', { ...content, ContentVariables: '{"1":""}' }, 21656],
  ['a bad callback', { StatusCallback: 'app.example' }, 21609],
])('refuses %s', async (_, more, code) => {
  const { status, body } = await post(fields(more as Record<string, string>))
  expect({ status, ...body }).toMatchObject({ status: 400, code, message: expect.any(String) })
  expect(sandbox.violations.map((it) => it.code)).toContain(String(code))
})

test('WhatsApp takes a template at any time, and other words only within a day of theirs', async () => {
  const { messages } = twilioAt(sandbox.carrierUrl(time))
  const to = `whatsapp:${people.asks_for_human}`
  const from = `whatsapp:${sandboxNumber}`
  const statusOf = (sid: string) => sandbox.messages.find((it) => it.sid === sid)!
  const early = await messages.create({ to, from, body: 'Hello?' })
  await until(() => statusOf(early.sid).status === 'failed')
  expect(statusOf(early.sid).errorCode).toBe('63016')
  const template = await messages.create({ to, from, contentSid: content.ContentSid, contentVariables: '{"1":"Hugo"}' })
  await until(() => sandbox.messages.some((it) => it.direction === 'inbound' && it.from === to))
  expect(statusOf(template.sid).status).toBe('read')
  const answer = await messages.create({ to, from, body: 'Of course.' })
  await until(() => statusOf(answer.sid).status === 'read')
})

test('a phone that cannot be reached gets nothing', async () => {
  const { messages } = twilioAt(sandbox.carrierUrl(time))
  const made = await messages.create({ to: people.carrier_fails, from: sandboxNumber, body: 'Hello' })
  const record = sandbox.messages.find(({ sid }) => sid === made.sid)!
  await until(() => record.status === 'undelivered')
  expect(record.errorCode).toBe('30003')
})
