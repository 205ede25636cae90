import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { and, eq } from '../../runtime/db/drizzle.ts'
import { attempts, calls, leads, messages, numbers, optOuts } from '../../runtime/db/schema.ts'
import { newId } from '../../runtime/ids.ts'
import { listMessages } from '../../runtime/messages/list.ts'
import type { MessageRow } from '../../runtime/messages/rows.ts'
import { json, rawServer } from '../carrier/raw-server.ts'
import { openWorkspace, people, startServer, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'
import {
  type CallRow,
  cameTo,
  copyOf,
  endedCall,
  follow,
  messagesOf,
  passTime,
  postAs,
  sms,
  stepsOf,
  whatsapp,
} from './world.ts'

const live = { accountSid: `AC${'e'.repeat(32)}`, authToken: 'the-token-of-the-live-account' }
const OURS = '+12025550177'
let served: Awaited<ReturnType<typeof startServer>>
let talkif: Workspace
let over: CallRow
let token: string

/** The live carrier: it knows one number that can send. */
let carrier: Awaited<ReturnType<typeof rawServer>>
const CAN_SEND = '+12025550175'

beforeAll(async () => {
  carrier = await rawServer((request, response) => {
    const given = new URLSearchParams(carrier.requests.at(-1)!.body)
    if (request.method === 'GET') return json(response, 200, { messages: [] })
    if (given.get('From') !== CAN_SEND) return json(response, 400, { code: 21606, message: 'not message-capable' })
    json(response, 201, { sid: `SM${newId('msg')}`, status: 'queued', date_created: new Date().toUTCString() })
  })
  served = await startServer({
    chaos: { callee: { hangsUpAfterMs: 1_000 } },
    environment: {
      ...{ TWILIO_ACCOUNT_SID: live.accountSid, TWILIO_AUTH_TOKEN: live.authToken },
      TWILIO_API_BASE_URL: carrier.baseUrl,
      ...{ OPENAI_API_KEY: 'sk-nobody', PUBLIC_URL: 'https://talkif.example' },
    },
  })
  token = served.runtime.secrets.sandboxAuthToken
  talkif = await openWorkspace(served)
  const whatsappTemplate = { content_sid: `HX${'0'.repeat(32)}` }
  await talkif.configure({ templates: [{ name: 'missed', sms: 'We missed you.', whatsapp: whatsappTemplate }] })
  await talkif.deploy('id: flow_form\nmatch: {source: form}')
  over = await endedCall(talkif, { phone: people.not_a_fit })
})
afterAll(async () => {
  await talkif.inbox.close()
  await served.drop()
  await carrier.close()
})
afterEach(() => {
  expect(served.sandbox!.violations).toEqual([])
})

/** A message as it is while it is being sent, to a number of its own. */
async function sending(change: Partial<MessageRow> = {}): Promise<{ id: string; call: CallRow }> {
  const call = await copyOf(served, over, { phone: `+1202555${Math.floor(3_000 + Math.random() * 6_000)}` })
  const at = new Date()
  const id = newId('msg')
  await served.runtime.db.insert(messages).values({
    ...{ id, workspaceId: call.workspaceId, mode: 'test', callId: call.id, direction: 'out', channel: 'sms' },
    ...{ outcome: 'no_answer', position: 0, template: 'missed', body: 'We missed you.', fromPhone: sandboxNumber },
    ...{
      toPhone: call.phone,
      status: 'sending',
      fence: 'f',
      askedAt: at,
      deadlineAt: at,
      createdAt: at,
      updatedAt: at,
    },
    ...change,
  })
  return { id, call }
}

const statusPath = (id: string) => `/carrier/twilio/message-status/${id}`
const status = (MessageSid: string, MessageStatus: string, ErrorCode = '') => ({
  ...{ MessageSid, SmsSid: MessageSid, MessageStatus, SmsStatus: MessageStatus, AccountSid: live.accountSid },
  ...(ErrorCode ? { ErrorCode } : {}),
})
const rowOf = async (id: string) => (await served.runtime.db.select().from(messages).where(eq(messages.id, id)))[0]!

describe('reports', () => {
  test('in any order, and doubled, come to the same end, each step once', async () => {
    const order = ['queued', 'sending', 'sent', 'failed', 'undelivered', 'delivered', 'read']
    const rank = (it: string) => order.indexOf(it === 'sending' ? 'queued' : it)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...order), { minLength: 1, maxLength: 7 }), async (told) => {
        const { id, call } = await sending()
        const sid = `SM${id}`
        await Promise.all(
          [...told, told[0]!].map(async (it) => {
            expect((await postAs(served, token, statusPath(id), status(sid, it))).status).toBe(204)
          }),
        )
        const farthest = told.toSorted((a, b) => rank(b) - rank(a))[0]!
        const expected = ['queued', 'sending'].includes(farthest) ? 'accepted' : farthest
        expect(await rowOf(id)).toMatchObject({ status: expected, carrierId: sid })
        const steps = (await stepsOf(served, call, 'action.sms')).map((it) => it.status)
        expect(new Set(steps).size).toBe(steps.length)
        expect(steps).toContain(expected)
      }),
      { numRuns: 12 },
    )
  })

  test('without a true signature are refused, and nothing can be learned from the answer', async () => {
    const { id } = await sending()
    const body = status('SM1', 'delivered')
    const forbidden = { status: 403, text: 'Forbidden' }
    expect(await postAs(served, null, statusPath(id), body)).toMatchObject(forbidden)
    expect(await postAs(served, 'another', statusPath(id), body)).toMatchObject(forbidden)
    // The other mode's account counts nothing for a test message.
    expect(await postAs(served, live.authToken, statusPath(id), body, 'https://talkif.example')).toMatchObject(
      forbidden,
    )
    expect(await postAs(served, null, statusPath('msg_other'), body)).toMatchObject(forbidden)
    expect(await postAs(served, null, '/carrier/twilio/message', body)).toMatchObject(forbidden)
    expect(await rowOf(id)).toMatchObject({ status: 'sending', carrierId: null })
    expect(await postAs(served, token, statusPath('msg_other'), body)).toMatchObject({ status: 204 })
  })

  test('about another message of the carrier change nothing; an opt-out there is one here', async () => {
    const { id, call } = await sending()
    await postAs(served, token, statusPath(id), status('SM_a', 'sent'))
    await postAs(served, token, statusPath(id), status('SM_b', 'delivered'))
    expect(await rowOf(id)).toMatchObject({ status: 'sent', carrierId: 'SM_a' })
    await postAs(served, token, statusPath(id), status('SM_a', 'failed', '21610'))
    expect(await rowOf(id)).toMatchObject({ status: 'failed', errorCode: '21610', why: 'the carrier says 21610' })
    const blocked = await served.runtime.db.select().from(optOuts).where(eq(optOuts.phone, call.phone))
    expect(blocked).toMatchObject([{ source: 'message', mode: 'test' }])
  })
})

test('a live text comes from the first number that can send, or from none', async () => {
  const { db } = served.runtime
  // It is noon where they are.
  const behind = new Date().getUTCHours() - 12
  const zone = `Etc/GMT${behind < 0 ? '' : '+'}${behind}`
  const [lead] = await db.select().from(leads).where(eq(leads.id, over.leadId))
  const leadId = newId('lead')
  await db.insert(leads).values({ ...lead!, id: leadId, zones: [zone], country: 'TR', subdivision: null })
  const at = new Date()
  const own = async (phone: string, n: number) =>
    db
      .insert(numbers)
      .values({ id: newId('num'), workspaceId: talkif.workspaceId, phone, createdAt: new Date(+at + n) })
  const text = async () => {
    const now = { createdAt: at, clockOrigin: at, clockRate: 1, pace: 1 }
    const call = await copyOf(served, over, { ...now, leadId, mode: 'live', phone: '+905320009988' })
    await follow(served, call, [sms()])
    return call
  }
  const skipped = await cameTo(served, (await text()).id, 'skipped')
  expect(skipped.why).toBe('the workspace has no number to send from')

  await own('+12025550171', 1)
  expect(await cameTo(served, (await text()).id, 'failed')).toMatchObject({ errorCode: '21606', tries: 1 })
  await own(CAN_SEND, 2)
  const call = await text()
  const second = await until(async () => (await messagesOf(served, call.id)).find((it) => it.fromPhone === CAN_SEND))
  await passTime(served, second.id)
  expect(await cameTo(served, call.id, 'accepted')).toMatchObject({ fromPhone: CAN_SEND, tries: 2 })
  const asked = carrier.requests.map(({ body }) => new URLSearchParams(body).get('From'))
  expect(asked).toEqual(['+12025550171', '+12025550171', CAN_SEND])
  const base = `https://talkif.example/carrier/twilio/message-status/${second.id}`
  expect(new URLSearchParams(carrier.requests.at(-1)!.body).get('StatusCallback')).toBe(base)
})

describe('STOP', () => {
  test('by text ends what waits for the person: calls, and texts that are held', async () => {
    // A call that is held, and a text that waits for the morning: 23:00 in Washington, D.C.
    const later = new Date(Date.now() + 86_400_000).toISOString()
    const lead = { source: 'form', consent: true, phone: people.not_a_fit, not_before: later } as const
    const waiting = await talkif.api.createLead(lead)
    const night = { createdAt: new Date(), clockOrigin: new Date('2026-07-14T03:00:00Z'), clockRate: 1 }
    const asleep = await copyOf(served, over, night)
    await follow(served, asleep, [sms()])
    await cameTo(served, asleep.id, 'held')

    const call = await copyOf(served, over)
    await follow(served, call, [whatsapp()])
    await until(async () => {
      const { status } = await talkif.api.getCall({ id: waiting.call_id })
      return status === 'completed'
    })
    const ended = await talkif.api.getCall({ id: waiting.call_id })
    expect(ended).toMatchObject({ outcome: 'not_fit', reason: 'opted_out', attempts: [] })
    expect(await messagesOf(served, asleep.id)).toMatchObject([{ status: 'skipped', why: 'the person opted out' }])
    expect((await stepsOf(served, asleep, 'action.sms')).at(-1)).toMatchObject({ status: 'skipped' })
    const [blocked] = await served.runtime.db.select().from(optOuts).where(eq(optOuts.phone, people.not_a_fit))
    expect(blocked).toMatchObject({ workspaceId: talkif.workspaceId, mode: 'test', source: 'message' })

    const caller = { workspaceId: talkif.workspaceId, mode: 'test' as const }
    const { data } = await listMessages(served.runtime, caller)
    expect(data.find(({ direction }) => direction === 'in')).toMatchObject({
      ...{ channel: 'whatsapp', status: 'received', body: 'STOP', from: people.not_a_fit, to: sandboxNumber },
    })
    const stranger = await openWorkspace(served)
    expect((await listMessages(served.runtime, { ...caller, workspaceId: stranger.workspaceId })).data).toEqual([])
    const live = await listMessages(served.runtime, { ...caller, mode: 'live' })
    expect(live.data.filter(({ direction }) => direction === 'in')).toEqual([])
    await stranger.inbox.close()
    // And nobody writes to them again.
    await follow(served, await copyOf(served, over), [sms()])
    expect(served.sandbox!.messages.filter(({ to, body }) => to === people.not_a_fit && body)).toEqual([])
  })

  const inbound = (From: string, Body: string, more: Record<string, string> = {}) => ({
    ...{ MessageSid: newId('msg'), From, To: OURS, Body, NumMedia: '0', SmsStatus: 'received', ...more },
  })
  const receive = (body: Record<string, string>) =>
    postAs(served, live.authToken, '/carrier/twilio/message', body, 'https://talkif.example')
  const blockedBy = async (phone: string) =>
    (
      await served.runtime.db
        .select()
        .from(optOuts)
        .where(and(eq(optOuts.phone, phone), eq(optOuts.mode, 'live')))
    ).map((row) => row.workspaceId)

  test('to a live number is for the workspaces that own it; other words are kept, whatever is posted twice is kept once', async () => {
    const { db } = served.runtime
    const owner = await openWorkspace(served)
    const at = new Date()
    await db.insert(numbers).values({ id: newId('num'), workspaceId: owner.workspaceId, phone: OURS, createdAt: at })
    const call = await copyOf(served, over, { workspaceId: owner.workspaceId, mode: 'live', phone: '+905320001122' })
    const kept = async (phone: string) =>
      (
        await db
          .select()
          .from(messages)
          .where(and(eq(messages.fromPhone, phone), eq(messages.mode, 'live')))
      ).map(({ workspaceId, callId, body }) => ({ workspaceId, callId, body }))

    const question = inbound(call.phone, 'Saat kaçta arayacaksınız?')
    for (const _ of [1, 2]) {
      const answer = await receive(question)
      expect(answer).toMatchObject({ status: 200, type: 'text/xml; charset=utf-8' })
      expect(answer.text).toBe('<?xml version="1.0" encoding="UTF-8"?><Response></Response>')
    }
    expect(await kept(call.phone)).toEqual([
      { workspaceId: owner.workspaceId, callId: call.id, body: 'Saat kaçta arayacaksınız?' },
    ])
    for (const words of ['HELP', 'START']) await receive(inbound(call.phone, words))
    expect(await blockedBy(call.phone)).toEqual([])

    await receive(inbound(call.phone, ' İptal. '))
    expect(await blockedBy(call.phone)).toEqual([owner.workspaceId])
    // For good: the carrier may write to them again, we do not.
    await receive(inbound(call.phone, 'START'))
    expect(await blockedBy(call.phone)).toEqual([owner.workspaceId])

    await receive(inbound('+905320001133', 'whatever their words', { OptOutType: 'STOP' }))
    expect(await blockedBy('+905320001133')).toEqual([owner.workspaceId])
    expect((await stepsOf(served, call, 'message.in')).map((it) => it.status)).toEqual([
      ...['received', 'received', 'received', 'opted_out', 'received'],
    ])
    // WhatsApp's names for numbers of Mexico and Brazil are not the numbers.
    for (const [id, phone] of [
      ['+5215512345678', '+525512345678'],
      ['+551187654321', '+5511987654321'],
    ] as const) {
      const known = await copyOf(served, over, { workspaceId: owner.workspaceId, mode: 'live', phone })
      await receive(inbound(`whatsapp:${id}`, 'STOP', { To: `whatsapp:${OURS}` }))
      expect(await blockedBy(phone)).toEqual([owner.workspaceId])
      expect(await kept(phone)).toEqual([{ workspaceId: owner.workspaceId, callId: known.id, body: 'STOP' }])
    }
    // A number that nobody owns.
    expect(await receive(inbound('+905320001144', 'STOP', { To: '+12025550178' }))).toMatchObject({ status: 200 })
    expect(await blockedBy('+905320001144')).toEqual([])
    expect(await db.$count(calls, eq(calls.id, call.id))).toBe(1)
    await owner.inbox.close()
  })

  test('to a number of two workspaces is for both, the words only for whoever was last in touch with the person', async () => {
    const { db } = served.runtime
    const [first, second] = [await openWorkspace(served), await openWorkspace(served)]
    const shared = { To: '+12025550179' }
    const own = ({ workspaceId }: Workspace, createdAt: Date) =>
      db.insert(numbers).values({ id: newId('num'), workspaceId, phone: shared.To, createdAt })
    await own(second, new Date())
    await own(first, new Date(Date.now() - 1_000))
    const phone = '+905320001155'
    const ours = { mode: 'live', phone } as const
    const bodies = async ({ workspaceId }: Workspace) =>
      (await listMessages(served.runtime, { workspaceId, mode: 'live' })).data.map(({ body, call_id }) => [
        body,
        call_id,
      ])

    // Nobody was: whoever had the number first.
    await receive(inbound(phone, 'Who are you?', shared))
    expect([await bodies(first), await bodies(second)]).toEqual([[['Who are you?', null]], []])

    // The second one called, and the first one then wrote.
    const called = await copyOf(served, over, { ...ours, workspaceId: second.workspaceId })
    const [dial] = await db.select().from(attempts).where(eq(attempts.callId, over.id))
    const again = { id: newId('att'), callId: called.id, carrierId: newId('att'), lockKey: null, askedAt: new Date() }
    await db.insert(attempts).values({
      ...{ ...dial!, ...again, workspaceId: second.workspaceId, mode: 'live', phone, fromPhone: shared.To },
    })
    const answer = inbound(phone, 'You called me?', shared)
    await receive(answer)
    expect([(await bodies(first)).length, await bodies(second)]).toEqual([1, [['You called me?', called.id]]])
    const known = await copyOf(served, over, { ...ours, workspaceId: first.workspaceId })
    const wrote = { mode: 'live', fromPhone: shared.To, toPhone: phone, workspaceId: first.workspaceId } as const
    await sending({ ...wrote, status: 'sent', carrierId: newId('msg'), askedAt: new Date(Date.now() + 1_000) })
    // Posted again, it stays where it was kept.
    await receive(answer)
    await receive(inbound(phone, 'STOP', shared))
    expect((await bodies(first)).filter(([body]) => body !== 'We missed you.')).toEqual([
      ['STOP', known.id],
      ['Who are you?', null],
    ])
    expect(await bodies(second)).toEqual([['You called me?', called.id]])
    expect((await blockedBy(phone)).toSorted()).toEqual([first.workspaceId, second.workspaceId].toSorted())
    await Promise.all([first.inbox.close(), second.inbox.close()])
  })
})
