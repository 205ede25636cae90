import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { eq } from '../../runtime/db/drizzle.ts'
import { attempts, calls, history } from '../../runtime/db/schema.ts'
import { sha256 } from '../../runtime/ids.ts'
import type { Chaos } from '../../runtime/sandbox/server.ts'
import { hasten } from '../harness/jobs.ts'
import { openWorkspace, people, startServer, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const lead = { source: 'web_form', intent: 'pricing', consent: true } as const
const live = { accountSid: `AC${'e'.repeat(32)}`, authToken: 'the-token-of-the-live-account' }
let served: Awaited<ReturnType<typeof startServer>>
let talkif: Workspace

beforeAll(async () => {
  served = await startServer({
    environment: {
      TWILIO_ACCOUNT_SID: live.accountSid,
      TWILIO_AUTH_TOKEN: live.authToken,
      // Nobody is called there; only signatures count.
      TWILIO_API_BASE_URL: 'http://127.0.0.1:9',
      OPENAI_API_KEY: 'sk-nobody',
      PUBLIC_URL: 'https://talkif.example',
    },
  })
  talkif = await openWorkspace(served)
})
afterAll(async () => {
  await talkif.inbox.close()
  await served.drop()
})
afterEach(() => {
  expect(served.sandbox?.violations).toEqual([])
})

describe.concurrent('callbacks', () => {
  const everything = ['initiated', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer', 'failed', 'canceled']
  const disorders: Record<string, NonNullable<Chaos['callbacks']>> = {
    'that come late': { delayMs: 400 },
    'that come twice': { doubled: true },
    'that come in reverse, after the end': { shuffled: true },
    'that come in reverse, twice and late': { shuffled: true, doubled: true, delayMs: 150 },
    'of which the last is lost': { dropped: ['completed', 'busy', 'no-answer', 'failed'] },
    'that never come': { dropped: everything },
  }

  test.for(Object.keys(disorders))('%s change nothing of what is told', async (name, { onTestFinished }) => {
    const callbacks = disorders[name]!
    const server = await startServer({ chaos: { callbacks, callee: { hangsUpAfterMs: 12_000 } } })
    onTestFinished(server.drop)
    const world = await openWorkspace(server)
    onTestFinished(world.inbox.close)
    await world.configure({ sandbox: { pace: 8, waits: 900 } })
    const post = async (phone: string) => (await world.api.createLead({ ...lead, phone })).call_id
    const ids = await Promise.all([people.books, people.busy, people.second_try].map(post))
    await until(async () => {
      // What is looked up now and then is looked up at once, so that nobody waits for it.
      if (callbacks.dropped) await hasten(server, 'reconcile')
      const open = await Promise.all(ids.map((id) => world.api.getCall({ id })))
      return open.every(({ status }) => status === 'completed')
    })
    await world.idle()
    const all = await Promise.all(ids.map((id) => world.api.getCall({ id })))
    const ends = all.map(({ outcome, reason }) => `${outcome}/${reason}`).join(' ')
    expect(ends).toBe('not_fit/hung_up no_answer/busy not_fit/hung_up')
    expect(all.map((call) => call.attempts.map(({ result }) => result))).toEqual([
      ['answered'],
      ['busy', 'busy', 'busy'],
      ['no_answer', 'answered'],
    ])
    const told = (id: string) =>
      world.inbox.hooks.filter(({ body }) => body.call_id === id).map(({ body }) => body.event)
    expect(ids.map((id) => told(id).toSorted())).toEqual([
      ['call.answered', 'call.started', 'lead.created', 'outcome.not_fit'],
      [...Array(3).fill('call.started'), 'lead.created', ...Array(3).fill('outcome.no_answer')],
      ['call.answered', 'call.started', 'call.started', 'lead.created', 'outcome.no_answer', 'outcome.not_fit'],
    ])
    expect(server.sandbox?.violations).toEqual([])
  })
})

describe('callbacks', () => {
  /** A finished call, its attempt, and how to post a callback about it. */
  async function finishedCall() {
    const { call_id } = await talkif.api.createLead({ ...lead, phone: people.hangs_up })
    await talkif.finished(call_id)
    const [attempt] = await served.runtime.db.select().from(attempts).where(eq(attempts.callId, call_id))
    return { callId: call_id, attempt: attempt! }
  }

  const params = (CallSid: string, more: Record<string, string> = {}) => ({
    ...{ CallSid, AccountSid: live.accountSid, CallStatus: 'completed', CallDuration: '3', ...more },
  })
  const pathOf = (attemptId: string) => `/carrier/twilio/status/${attemptId}`

  async function callback(
    path: string,
    body: Record<string, string>,
    sign: { token: string; base?: string; path?: string; body?: Record<string, string> } | undefined,
  ) {
    const signature =
      sign &&
      getExpectedTwilioSignature(sign.token, `${sign.base ?? served.url}${sign.path ?? path}`, sign.body ?? body)
    const response = await fetch(`${served.url}${path}`, {
      method: 'POST',
      body: new URLSearchParams(body),
      ...(signature ? { headers: { 'x-twilio-signature': signature } } : {}),
    })
    return { status: response.status, text: await response.text() }
  }
  const forbidden = { status: 403, text: 'Forbidden' }

  test('without a true signature are refused, and nothing can be learned from the answer', async () => {
    const token = served.runtime.secrets.sandboxAuthToken
    const { attempt } = await finishedCall()
    const path = pathOf(attempt.id)
    const body = params(attempt.carrierId!)
    expect(await callback(path, body, { token })).toEqual({ status: 204, text: '' })
    expect(await callback(path, body, undefined)).toEqual(forbidden)
    expect(await callback(path, body, { token: 'another' })).toEqual(forbidden)
    expect(await callback(path, body, { token, path: pathOf('att_other') })).toEqual(forbidden)
    expect(await callback(path, body, { token, body: { ...body, CallStatus: 'busy' } })).toEqual(forbidden)
    expect(await callback(path, body, { token, base: 'https://talkif.example' })).toEqual(forbidden)
    // One that does not exist answers a forger the same.
    expect(await callback(pathOf('att_other'), body, undefined)).toEqual(forbidden)
    expect(await callback(pathOf('att_other'), body, { token: 'another' })).toEqual(forbidden)
  })

  test('about an attempt that is not there (any more) are taken, and do nothing', async () => {
    const token = served.runtime.secrets.sandboxAuthToken
    const before = await served.runtime.db.$count(history)
    for (const status of ['ringing', 'in-progress', 'busy', 'completed']) {
      const body = params(`CA${'0'.repeat(32)}`, { CallStatus: status })
      expect((await callback(pathOf('att_never_there'), body, { token })).status).toBe(204)
    }
    expect(await served.runtime.db.$count(history)).toBe(before)
  })

  test('about a call that is over change nothing, whatever they say', async () => {
    const token = served.runtime.secrets.sandboxAuthToken
    const { callId, attempt } = await finishedCall()
    const before = await talkif.api.getCall({ id: callId })
    for (const CallStatus of ['initiated', 'ringing', 'in-progress', 'busy', 'no-answer', 'failed', 'completed']) {
      expect((await callback(pathOf(attempt.id), params(attempt.carrierId!, { CallStatus }), { token })).status).toBe(
        204,
      )
    }
    const stable = ({ sandbox, artifacts, ...call }: typeof before) => call
    expect(stable(await talkif.api.getCall({ id: callId }))).toEqual(stable(before))
    expect(talkif.inbox.hooks.filter(({ body }) => body.call_id === callId)).toHaveLength(4)
  })

  test("that name another call's id on an attempt's address do not touch it: not one of the same workspace, nor of another", async () => {
    const token = served.runtime.secrets.sandboxAuthToken
    const other = await openWorkspace(served)
    await other.configure({ sandbox: { pace: 1, waits: 1 } })
    const { call_id } = await other.api.createLead({ ...lead, phone: people.second_try })
    const open = await until(async () => {
      const [row] = await served.runtime.db.select().from(attempts).where(eq(attempts.callId, call_id))
      return row?.carrierId && row
    })
    const { attempt: mine } = await finishedCall()
    // Signed by the carrier, and about somebody else's call.
    for (const CallStatus of ['completed', 'busy', 'failed']) {
      expect((await callback(pathOf(open.id), params(mine.carrierId!, { CallStatus }), { token })).status).toBe(204)
      expect((await callback(pathOf(mine.id), params(open.carrierId!, { CallStatus }), { token })).status).toBe(204)
    }
    expect(await other.api.getCall({ id: call_id })).toMatchObject({
      status: 'dialing',
      attempts: [{ provider_call_sid: open.carrierId, result: null, ended_at: null }],
    })
    await other.inbox.close()
  })

  test("signed by one mode's account count nothing for the other's attempt", async () => {
    const test = { token: served.runtime.secrets.sandboxAuthToken }
    const real = { token: live.authToken, base: served.runtime.config.publicUrl }
    const { callId, attempt } = await finishedCall()
    const path = pathOf(attempt.id)
    const body = params(attempt.carrierId!)
    expect((await callback(path, body, test)).status).toBe(204)
    expect(await callback(path, body, real)).toEqual(forbidden)
    // The same call, had it been a live one.
    const { db } = served.runtime
    await db.update(calls).set({ mode: 'live', pace: 1, clockRate: 1 }).where(eq(calls.id, callId))
    expect((await callback(path, body, real)).status).toBe(204)
    expect(await callback(path, body, test)).toEqual(forbidden)
  })

  test('that cannot be read are refused without harm', async () => {
    const token = served.runtime.secrets.sandboxAuthToken
    const { attempt } = await finishedCall()
    const unreadable: Record<string, string>[] = [
      {},
      { CallSid: 'CA1', CallStatus: 'exploded' },
      { CallStatus: 'busy' },
    ]
    for (const body of unreadable) {
      const { status, text } = await callback(pathOf(attempt.id), body, { token })
      expect({ status, text }).toMatchObject({ status: expect.any(Number) })
      expect(status).toBeGreaterThanOrEqual(400)
      expect(text).not.toMatch(/at .*\.ts:/)
    }
  })
})

describe('a media stream', () => {
  /** An attempt that rings for half a minute, and the token it would be answered with. */
  async function ringing(token: string) {
    const world = await openWorkspace(served)
    await world.configure({ sandbox: { pace: 1, waits: 1 } })
    const { call_id } = await world.api.createLead({ ...lead, phone: people.second_try })
    const { db } = served.runtime
    const attempt = await until(async () => {
      const [row] = await db.select().from(attempts).where(eq(attempts.callId, call_id))
      return row?.carrierId && row
    })
    // The real one went to the carrier and is nowhere else.
    await db
      .update(attempts)
      .set({ streamTokenHash: sha256(token) })
      .where(eq(attempts.id, attempt.id))
    const now = async () => (await db.select().from(attempts).where(eq(attempts.id, attempt.id)))[0]!
    return { world, attempt, callId: call_id, now }
  }

  /** Comes as the carrier does, and resolves with the first audio, or when it is shown the door. */
  function knock(customParameters: Record<string, string>, callSid: string) {
    const socket = new WebSocket(`${served.url.replace('http', 'ws')}/carrier/twilio/media`)
    const streamSid = `MZ${'1'.repeat(32)}`
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
    const start = { streamSid, callSid, tracks: ['inbound'], mediaFormat, customParameters }
    const answer = new Promise<'admitted' | 'refused'>((resolve) => {
      socket.on('open', () => {
        socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }))
        socket.send(JSON.stringify({ event: 'start', sequenceNumber: '1', start, streamSid }))
      })
      socket.on('message', (data) => JSON.parse(String(data)).event === 'media' && resolve('admitted'))
      socket.on('close', () => resolve('refused'))
      socket.on('error', () => resolve('refused'))
    })
    return { socket, answer }
  }

  test('is admitted by the token of its attempt, once, and by no other', async () => {
    const [a, b] = await Promise.all([ringing('token-a'), ringing('token-b')])
    const sid = a.attempt.carrierId!
    const wrong: Record<string, string>[] = [
      { attempt: a.attempt.id, token: 'token-x' },
      { attempt: a.attempt.id, token: '' },
      { attempt: a.attempt.id, token: sha256('token-a') },
      { attempt: a.attempt.id, token: 'token-b' },
      { attempt: b.attempt.id, token: 'token-a' },
      { attempt: 'att_unknown', token: 'token-a' },
      { attempt: a.attempt.id },
      { token: 'token-a' },
      {},
    ]
    for (const parameters of wrong) expect(await knock(parameters, sid).answer).toBe('refused')
    for (const one of [a, b]) expect(await one.now()).toMatchObject({ streamTokenUsedAt: null, answeredAt: null })

    const first = knock({ attempt: a.attempt.id, token: 'token-a' }, sid)
    expect(await first.answer).toBe('admitted')
    expect(await a.now()).toMatchObject({ streamTokenUsedAt: expect.any(Date) })
    // The greeting does not wait for the answer to be written.
    await until(async () => (await a.now()).answeredAt)
    // The same token again, while the first stream runs.
    expect(await knock({ attempt: a.attempt.id, token: 'token-a' }, sid).answer).toBe('refused')
    expect(first.socket.readyState).toBe(WebSocket.OPEN)
    expect(await a.world.api.getCall({ id: a.callId })).toMatchObject({ status: 'in_progress' })

    // And when the attempt is over.
    first.socket.close()
    await until(async () => (await a.now()).endedAt)
    expect(await knock({ attempt: a.attempt.id, token: 'token-a' }, sid).answer).toBe('refused')
    await served.runtime.db.update(attempts).set({ streamTokenUsedAt: null }).where(eq(attempts.id, a.attempt.id))
    expect(await knock({ attempt: a.attempt.id, token: 'token-a' }, sid).answer).toBe('refused')
    await Promise.all([a, b].map(({ world }) => world.inbox.close()))
  })

  test('of another call cannot take over an attempt whose call is known, even with its token', async () => {
    const one = await ringing('token-c')
    expect(await knock({ attempt: one.attempt.id, token: 'token-c' }, `CA${'f'.repeat(32)}`).answer).toBe('refused')
    expect(await one.now()).toMatchObject({ answeredAt: null, carrierId: one.attempt.carrierId })
    expect(await one.world.api.getCall({ id: one.callId })).toMatchObject({ status: 'dialing' })
    await one.world.inbox.close()
  })

  test('has one address; nothing else takes an upgrade', async () => {
    for (const path of ['/', '/carrier/twilio/media/', '/carrier/twilio/media?token=x', '/v1/leads']) {
      const socket = new WebSocket(`${served.url.replace('http', 'ws')}${path}`)
      const status = await new Promise((resolve) => {
        socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
        socket.on('open', () => resolve('open'))
        socket.on('error', () => {})
      })
      socket.terminate()
      expect(status).toBe(404)
    }
  })
})
