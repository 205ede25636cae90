import { once } from 'node:events'
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect } from 'vitest'
import { and, eq, isNotNull } from '../../runtime/db/drizzle.ts'
import { calls, deliveries, endpoints, events } from '../../runtime/db/schema.ts'
import { announce } from '../../runtime/webhooks/announce.ts'
import { type Hook, type Inbox, openInbox } from '../harness/inbox.ts'
import { hasten, waitingJobs } from '../harness/jobs.ts'
import { seeded } from '../harness/random.ts'
import { openWorkspace, people, test, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const lead = { source: 'web_form', intent: 'pricing', consent: true } as const
const seed = Number(process.env.TALKIF_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** A workspace whose receiver answers as `respond` says, and a call of it that is over, for events to belong to. */
async function openReceiver(served: Workspace['served'], respond: (hook: Hook) => number) {
  const talkif = await openWorkspace(served, respond)
  await talkif.deploy('id: flow_once\nmatch: {source: form}\non: {no_answer: "retry(15m, max=1)"}')
  await talkif.configure({ webhooks: [{ url: talkif.inbox.url, events: ['outcome.*'] }] })
  const consent = true as const
  const { call_id } = await talkif.api.createLead({ source: 'form', flow_id: 'flow_once', phone: people.busy, consent })
  await talkif.api.getCall({ id: call_id, wait: 30 })
  const { runtime } = served
  const [call] = await runtime.db.select().from(calls).where(eq(calls.id, call_id))
  /** Writes `n` more events of the call. */
  const announceMany = (n: number): Promise<string[]> =>
    runtime.db.transaction(async (tx) => {
      const ids = []
      for (let i = 0; i < n; i++)
        ids.push(await announce(tx, runtime, { type: 'outcome.not_fit', call: call!, fields: { i } }))
      return ids
    })
  const [endpoint] = await runtime.db.select().from(endpoints).where(eq(endpoints.workspaceId, talkif.workspaceId))
  const delivery = async (eventId: string) =>
    (await runtime.db.select().from(deliveries).where(eq(deliveries.eventId, eventId)))[0]!
  return { ...talkif, runtime, announceMany, endpointId: endpoint!.id, delivery }
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every route
const json = async (response: Response): Promise<any> => ({ status: response.status, body: await response.json() })
const tries = (inbox: Inbox, id: string) => inbox.hooks.filter(({ headers }) => headers['webhook-id'] === id)

describe('a webhook', () => {
  test('is verified by the public libraries standardwebhooks and svix, unchanged', async ({ talkif }) => {
    const { call_id } = await talkif.api.createLead({ ...lead, phone: people.wrong_number })
    await talkif.finished(call_id)
    expect(talkif.inbox.hooks.map(({ body }) => body.event).toSorted()).toEqual([
      'call.answered',
      'call.started',
      'lead.created',
      'outcome.wrong_number',
    ])
    for (const { raw, headers } of talkif.inbox.hooks) {
      for (const library of [new Webhook(talkif.webhookSecret), new SvixWebhook(talkif.webhookSecret)]) {
        expect(() => library.verify(raw, headers)).not.toThrow()
        expect(() => library.verify(raw.replace('"test":true', '"test":false'), headers)).toThrow()
        expect(() => library.verify(raw, { ...headers, 'webhook-id': 'evt_other' })).toThrow()
      }
      expect(() => new Webhook(`whsec_${btoa('x'.repeat(24))}`).verify(raw, headers)).toThrow()
    }
  })

  test('is signed with both secrets while one is rotated, and with the new one alone after a day', async ({
    served,
    talkif,
  }) => {
    const { id } = (await json(await talkif.fetch('/workspace'))).body.webhooks[0]
    const rotated = await json(await talkif.post(`/workspace/webhooks/${id}/rotate`, {}))
    expect(rotated.body.secret).not.toBe(talkif.webhookSecret)
    const secrets = { old: talkif.webhookSecret, new: rotated.body.secret }
    const verifies = ({ raw, headers }: Hook, secret: string) =>
      [new Webhook(secret), new SvixWebhook(secret)].map((library) => {
        try {
          library.verify(raw, headers)
          return true
        } catch {
          return false
        }
      })
    const first = await talkif.api.createLead({ ...lead, phone: people.carrier_fails })
    const during = await talkif.inbox.next('lead.created', first.call_id)
    expect(verifies(during, secrets.old)).toEqual([true, true])
    expect(verifies(during, secrets.new)).toEqual([true, true])

    // The answer was lost, and it is asked for again: the receiver still has the old one.
    const again = await json(await talkif.post(`/workspace/webhooks/${id}/rotate`, {}))
    const retried = await talkif.api.createLead({ ...lead, phone: people.carrier_fails })
    const between = await talkif.inbox.next('lead.created', retried.call_id)
    expect(verifies(between, secrets.old)).toEqual([true, true])
    expect(verifies(between, secrets.new)).toEqual([false, false])
    expect(verifies(between, again.body.secret)).toEqual([true, true])

    await served.runtime.db
      .update(endpoints)
      .set({ oldSecretExpiresAt: new Date(served.runtime.clock.now() - 1) })
      .where(eq(endpoints.id, id))
    const second = await talkif.api.createLead({ ...lead, phone: people.carrier_fails })
    const after = await talkif.inbox.next('lead.created', second.call_id)
    expect(verifies(after, secrets.old)).toEqual([false, false])
    expect(verifies(after, again.body.secret)).toEqual([true, true])
    // Once it is dead, the next rotation has its own day.
    const next = await json(await talkif.post(`/workspace/webhooks/${id}/rotate`, {}))
    const third = await talkif.api.createLead({ ...lead, phone: people.carrier_fails })
    const anew = await talkif.inbox.next('lead.created', third.call_id)
    expect(verifies(anew, again.body.secret)).toEqual([true, true])
    expect(verifies(anew, next.body.secret)).toEqual([true, true])
  })
})

describe('a receiver', () => {
  test(`that fails three times in ten gets everything at least once, each under its one id (seed ${seed})`, async ({
    served,
    onTestFinished,
  }) => {
    const random = seeded(seed)
    const answered = new Map<string, number[]>()
    const receiver = await openReceiver(served, ({ headers }) => {
      const status = random.next() < 0.3 ? random.pick([500, 503, 404, 429]) : 204
      const id = headers['webhook-id']!
      answered.set(id, [...(answered.get(id) ?? []), status])
      return status
    })
    onTestFinished(receiver.inbox.close)
    const ids = await receiver.announceMany(150)
    await until(async () => {
      await hasten(served, 'deliver_failing')
      const open = and(eq(deliveries.endpointId, receiver.endpointId), eq(deliveries.status, 'pending'))
      return (await served.runtime.db.$count(deliveries, open)) === 0
    })
    const statuses = ids.map((id) => answered.get(id) ?? [])
    // Tried until the first success, and not after it.
    expect(statuses.filter((all) => all.at(-1) !== 204 || all.indexOf(204) !== all.length - 1)).toEqual([])
    expect(statuses.filter((all) => all.length > 1).length).toBeGreaterThan(20)
    for (const id of ids) {
      const delivery = await receiver.delivery(id)
      expect(delivery).toMatchObject({ status: 'delivered', tries: answered.get(id)!.length, nextTryAt: null })
      expect(new Set(tries(receiver.inbox, id).map(({ raw }) => raw)).size).toBe(1)
      for (const { raw, headers } of tries(receiver.inbox, id)) new Webhook(receiver.webhookSecret).verify(raw, headers)
    }
  })

  test("that never answers holds up nobody else's webhooks", async ({ served, onTestFinished }) => {
    const holding = new Set<Socket>()
    let ended = 0
    let failing = true
    const stuck = createServer((socket) => {
      socket.on('error', () => {})
      if (failing) return void socket.destroy()
      holding.add(socket)
      socket.on('close', () => ended++)
    }).listen(0, '127.0.0.1')
    await once(stuck, 'listening')
    const url = `http://127.0.0.1:${(stuck.address() as AddressInfo).port}/`
    const slow = await openReceiver(served, () => 204)
    const quick = await openReceiver(served, () => 204)
    onTestFinished(async () => {
      for (const socket of holding) socket.destroy()
      stuck.close()
      await Promise.all([slow.inbox.close(), quick.inbox.close()])
    })
    await slow.configure({ webhooks: [{ url, events: ['outcome.*'] }] })
    await slow.announceMany(1)
    const { db } = served.runtime
    const failed = and(eq(endpoints.workspaceId, slow.workspaceId), isNotNull(endpoints.failingSince))
    await until(async () => (await db.$count(endpoints, failed)) === 1)
    failing = false
    await slow.announceMany(60)
    await until(() => holding.size > 0)
    const [id] = await quick.announceMany(1)
    await until(() => tries(quick.inbox, id!).length === 1)
    expect(ended).toBe(0)
  })

  test("that answers late holds up nobody else's either, until it is quick again", async ({
    served,
    onTestFinished,
  }) => {
    const late = await openReceiver(served, () => 204)
    const quick = await openReceiver(served, () => 204)
    const held: ServerResponse[] = []
    let release = false
    const receiver = createHttpServer((_, response) => {
      if (release) response.writeHead(204).end()
      else held.push(response)
    }).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    onTestFinished(async () => {
      receiver.closeAllConnections()
      receiver.close()
      await Promise.all([late.inbox.close(), quick.inbox.close()])
    })
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
    await late.configure({ webhooks: [{ url, events: ['outcome.*'] }] })
    const [first] = await late.announceMany(1)
    const { db } = served.runtime
    const slow = and(eq(endpoints.workspaceId, late.workspaceId), isNotNull(endpoints.slowSince))
    await until(async () => (await db.$count(endpoints, slow)) === 1)
    const ids = await late.announceMany(60)
    await until(() => held.length > 1)
    const [id] = await quick.announceMany(1)
    await until(() => tries(quick.inbox, id!).length === 1)
    // All of them arrive, late as they are; and with the first quick answer the endpoint is one like the others.
    release = true
    for (const response of held) response.writeHead(204).end()
    await until(async () => {
      const all = await Promise.all([first!, ...ids].map((it) => late.delivery(it)))
      return all.every(({ status, tries }) => status === 'delivered' && tries === 1)
    })
    await until(async () => (await db.$count(endpoints, slow)) === 0)
  })

  test('that is down is tried ten times over 75 hours and then no more: a dead letter, which can be sent again', async ({
    served,
    onTestFinished,
  }) => {
    let up = false
    const receiver = await openReceiver(served, () => (up ? 200 : 503))
    onTestFinished(receiver.inbox.close)
    const [id] = (await receiver.announceMany(1)) as [string]
    const waits: number[] = []
    for (let n = 1; n <= 10; n++) {
      const delivery = await until(async () => {
        const row = await receiver.delivery(id)
        return row.tries === n && row
      })
      expect(delivery).toMatchObject({ lastStatus: 503, status: n === 10 ? 'dead' : 'pending' })
      const next = (await waitingJobs(served, 'deliver_failing')).filter(({ data }) => data.deliveryId === delivery.id)
      if (n === 10) expect(next).toEqual([])
      else {
        expect(next).toHaveLength(1)
        expect(next[0]!.data.try).toBe(n + 1)
        waits.push(next[0]!.delayMs)
        // What an administrator sees is what the job was told.
        expect(delivery.nextTryAt!.getTime() - served.runtime.clock.now()).toBeLessThanOrEqual(next[0]!.delayMs)
        await hasten(served, 'deliver_failing')
      }
    }
    const s = 1000
    const h = 3_600 * s
    const schedule = [5 * s, 300 * s, 1_800 * s, 2 * h, 5 * h, 10 * h, 14 * h, 20 * h, 24 * h]
    expect(waits).toHaveLength(schedule.length)
    waits.forEach((wait, index) => {
      expect(wait / schedule[index]!).toBeGreaterThanOrEqual(0.799)
      expect(wait / schedule[index]!).toBeLessThanOrEqual(1.201)
    })
    expect(tries(receiver.inbox, id)).toHaveLength(10)

    const listed = (await json(await receiver.fetch('/workspace/dead-letters'))).body.data
    const letter = listed.find((it: { event_id: string }) => it.event_id === id)
    expect(letter).toMatchObject({
      event: 'outcome.not_fit',
      tries: 10,
      last_error: 'HTTP 503',
      url: receiver.inbox.url,
    })
    up = true
    expect((await receiver.post(`/workspace/deliveries/${letter.id}/resend`, {})).status).toBe(202)
    await until(async () => (await receiver.delivery(id)).status === 'delivered')
    expect(tries(receiver.inbox, id)).toHaveLength(11)
    const after = (await json(await receiver.fetch('/workspace/dead-letters'))).body.data
    expect(after.filter((it: { event_id: string }) => it.event_id === id)).toEqual([])
    // Nobody else's letters can be seen or sent.
    const stranger = await openWorkspace(served)
    onTestFinished(stranger.inbox.close)
    expect((await json(await stranger.fetch('/workspace/dead-letters'))).body.data).toEqual([])
    expect((await stranger.post(`/workspace/deliveries/${letter.id}/resend`, {})).status).toBe(404)
  })

  test('that answers 410 is disabled at once and asked no more, until it is named again', async ({
    served,
    onTestFinished,
  }) => {
    let gone = true
    const receiver = await openReceiver(served, () => (gone ? 410 : 200))
    onTestFinished(receiver.inbox.close)
    await until(async () => (await json(await receiver.fetch('/workspace'))).body.webhooks[0].disabled)
    const asked = receiver.inbox.hooks.length
    // A disabled endpoint is not subscribed to anything; what was on its way is buried.
    const [id] = await receiver.announceMany(1)
    expect(await served.runtime.db.$count(deliveries, eq(deliveries.eventId, id!))).toBe(0)
    const pending = and(eq(deliveries.endpointId, receiver.endpointId), eq(deliveries.status, 'pending'))
    await until(async () => (await served.runtime.db.$count(deliveries, pending)) === 0)
    expect(receiver.inbox.hooks).toHaveLength(asked)
    gone = false
    await receiver.configure({ webhooks: [{ url: receiver.inbox.url, events: ['*'] }] })
    const [again] = await receiver.announceMany(1)
    await until(async () => (await receiver.delivery(again!)).status === 'delivered')
  })

  test('that fails for five days is disabled; one success before that starts the count again', async ({
    served,
    onTestFinished,
  }) => {
    let status = 500
    const receiver = await openReceiver(served, () => status)
    onTestFinished(receiver.inbox.close)
    const { db } = served.runtime
    const endpoint = async () => (await db.select().from(endpoints).where(eq(endpoints.id, receiver.endpointId)))[0]!
    await until(async () => (await endpoint()).failingSince)
    const days = (n: number) => new Date(served.runtime.clock.now() - n * 86_400_000)
    await db
      .update(endpoints)
      .set({ failingSince: days(4.9) })
      .where(eq(endpoints.id, receiver.endpointId))
    status = 200
    const [first] = await receiver.announceMany(1)
    await until(async () => (await receiver.delivery(first!)).status === 'delivered')
    await until(async () => (await endpoint()).failingSince === null)
    expect(await endpoint()).toMatchObject({ disabledAt: null })
    status = 500
    await db
      .update(endpoints)
      .set({ failingSince: days(5.1) })
      .where(eq(endpoints.id, receiver.endpointId))
    const [second] = await receiver.announceMany(1)
    await until(async () => (await receiver.delivery(second!)).status === 'dead')
    expect(await endpoint()).toMatchObject({ disabledReason: 'it failed for 5 days' })
  })

  test('that redirects has failed: nobody follows', async ({ served, onTestFinished }) => {
    const elsewhere = await openInbox()
    onTestFinished(elsewhere.close)
    let status = 307
    const receiver = await openReceiver(served, () => status)
    onTestFinished(receiver.inbox.close)
    receiver.inbox.location = elsewhere.url
    for (status of [301, 302, 303, 307, 308]) {
      const [id] = await receiver.announceMany(1)
      const delivery = await until(async () => {
        const row = await receiver.delivery(id!)
        return row.tries === 1 && row
      })
      expect(delivery).toMatchObject({ status: 'pending', lastStatus: status, lastError: 'redirects are not followed' })
    }
    expect(elsewhere.hooks).toEqual([])
    expect(await served.runtime.db.$count(events, eq(events.workspaceId, receiver.workspaceId))).toBeGreaterThan(5)
  })
})
