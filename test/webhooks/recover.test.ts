import { describe, expect } from 'vitest'
import { eq, inArray } from '../../runtime/db/drizzle.ts'
import { calls, deliveries, endpoints, events } from '../../runtime/db/schema.ts'
import { newId } from '../../runtime/ids.ts'
import { announce } from '../../runtime/webhooks/announce.ts'
import { recover } from '../../runtime/webhooks/recover.ts'
import { openWorkspace, people, test, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

/** A receiver that is up or gone, and a call for events to belong to. */
async function openReceiver(served: Workspace['served']) {
  const line = { up: true }
  const talkif = await openWorkspace(served, () => (line.up ? 204 : 410))
  await talkif.configure({ webhooks: [{ url: talkif.inbox.url, events: ['outcome.*'] }] })
  const lead = { source: 'web_form', intent: 'pricing', phone: people.wrong_number, consent: true } as const
  const { call_id } = await talkif.api.createLead(lead)
  await talkif.finished(call_id)
  const { runtime } = served
  const [call] = await runtime.db.select().from(calls).where(eq(calls.id, call_id))
  const announceOne = (type: 'outcome.not_fit' | 'call.started') =>
    runtime.db.transaction((tx) => announce(tx, runtime, { type, call: call!, fields: {} }))
  // biome-ignore lint/suspicious/noExplicitAny: problems and answers
  const json = async (response: Response): Promise<any> => ({ status: response.status, body: await response.json() })
  const endpoint = async () => (await json(await talkif.fetch('/workspace'))).body.webhooks[0]
  const { id } = await endpoint()
  const recover = async (body: object, of = id) => json(await talkif.post(`/workspace/webhooks/${of}/recover`, body))
  const times = (event: string) => talkif.inbox.hooks.filter(({ headers }) => headers['webhook-id'] === event).length
  return { ...talkif, db: runtime.db, line, announceOne, endpoint, endpointId: id as string, recover, times, json }
}

describe('an endpoint that was gone', () => {
  test('says so, is brought back by its name, and gets everything of that time in one go, once', async ({
    served,
    onTestFinished,
  }) => {
    const receiver = await openReceiver(served)
    onTestFinished(receiver.inbox.close)
    const since = new Date(served.runtime.clock.now()).toISOString()
    const [first] = receiver.inbox.hooks.map(({ headers }) => headers['webhook-id']!)
    receiver.line.up = false
    const dead = await receiver.announceOne('outcome.not_fit')
    const gone = await until(async () => {
      const it = await receiver.endpoint()
      return it.disabled && it
    })
    expect(gone).toMatchObject({ disabled_reason: 'it answered 410 Gone', disabled_at: expect.any(String) })
    expect(gone.disabled_at >= since).toBe(true)
    const never = [await receiver.announceOne('outcome.not_fit'), await receiver.announceOne('outcome.not_fit')]
    // One that it did not ask for.
    const foreign = await receiver.announceOne('call.started')

    // While it is disabled nothing can be sent to it, and the answer says what to do.
    const listed = (await receiver.json(await receiver.fetch('/workspace/dead-letters'))).body.data
    expect(listed).toMatchObject([{ event_id: dead, last_error: 'HTTP 410' }])
    const refused = { status: 422, body: { code: 'invalid_request', suggested_action: /PUT \/workspace/ } }
    for (const path of [`deliveries/${listed[0].id}/resend`, `webhooks/${receiver.endpointId}/recover`]) {
      const { status, body } = await receiver.json(await receiver.post(`/workspace/${path}`, { since }))
      expect([status, body.code]).toEqual([refused.status, refused.body.code])
      expect(body.suggested_action).toMatch(refused.body.suggested_action)
    }

    receiver.line.up = true
    await receiver.configure({ webhooks: [{ url: receiver.inbox.url, events: ['outcome.*'] }] })
    expect(await receiver.endpoint()).toMatchObject({ disabled: false, disabled_at: null, disabled_reason: null })
    expect(await receiver.recover({ since })).toEqual({ status: 202, body: { resent: 3, has_more: false } })
    await until(() => [dead, ...never].every((id) => receiver.times(id) > 0))
    await receiver.idle()
    // Again, there is nothing left; and what had arrived before did not come twice.
    expect((await receiver.recover({ since })).body).toEqual({ resent: 0, has_more: false })
    expect((await receiver.recover({ since: '2020-01-01T00:00:00Z' })).body).toEqual({ resent: 0, has_more: false })
    expect([first!, dead, ...never, foreign].map(receiver.times)).toEqual([1, 2, 1, 1, 0])
  })

  test('gets them in the order in which they happened, also where some were tried and some never', async ({
    served,
    onTestFinished,
  }) => {
    const receiver = await openReceiver(served)
    onTestFinished(receiver.inbox.close)
    const since = new Date(served.runtime.clock.now() + 1).toISOString()
    await receiver.db.update(endpoints).set({ disabledAt: new Date() }).where(eq(endpoints.id, receiver.endpointId))
    const [event] = await receiver.db.select().from(events).where(eq(events.workspaceId, receiver.workspaceId))
    const missed = Array.from({ length: 4 }, (_, i) => ({
      ...{ ...event!, id: newId('evt'), type: 'outcome.not_fit' as const },
      createdAt: new Date(Date.parse(since) + i * 10),
    }))
    await receiver.db.insert(events).values(missed)
    const given = { endpointId: receiver.endpointId, status: 'dead', tries: 1, nextTryAt: new Date() } as const
    const dead = [missed[1]!, missed[3]!].map(({ id }) => ({ id: newId('dlv'), eventId: id, ...given }))
    await receiver.db.insert(deliveries).values(dead)
    await receiver.db.update(endpoints).set({ disabledAt: null }).where(eq(endpoints.id, receiver.endpointId))

    const queued: string[] = []
    const { runtime } = served
    const deps: Parameters<typeof recover>[1] = {
      clock: runtime.clock,
      sendAll: async (_tx, _queue, jobs) => {
        queued.push(...jobs.map(({ data }) => (data as { deliveryId: string }).deliveryId))
      },
    }
    const caller = { workspaceId: receiver.workspaceId, mode: 'test' } as const
    const asked = { endpointId: receiver.endpointId, since: new Date(since) }
    await runtime.db.transaction((tx) => recover(tx, deps, caller, asked))
    const rows = await receiver.db.select().from(deliveries).where(inArray(deliveries.id, queued))
    const eventOf = new Map(rows.map(({ id, eventId }) => [id, eventId]))
    expect(queued.map((id) => eventOf.get(id))).toEqual(missed.map(({ id }) => id))
  })

  test('gets a thousand at a time, each once, however often it is asked for', async ({ served, onTestFinished }) => {
    const receiver = await openReceiver(served)
    onTestFinished(receiver.inbox.close)
    const since = new Date(served.runtime.clock.now()).toISOString()
    await receiver.db.update(endpoints).set({ disabledAt: new Date() }).where(eq(endpoints.id, receiver.endpointId))
    const [event] = await receiver.db.select().from(events).where(eq(events.workspaceId, receiver.workspaceId))
    const missed = Array.from({ length: 1_100 }, () => {
      const id = newId('evt')
      return { ...event!, id, type: 'outcome.not_fit' as const, createdAt: new Date() }
    })
    await receiver.db.insert(events).values(missed)
    await receiver.configure({ webhooks: [{ url: receiver.inbox.url, events: ['*'] }] })
    const both = await Promise.all([receiver.recover({ since }), receiver.recover({ since })])
    expect(both.map(({ body }) => body).toSorted((a, b) => b.resent - a.resent)).toEqual([
      { resent: 1000, has_more: true },
      { resent: 100, has_more: false },
    ])
    await receiver.idle()
    const sent = await receiver.db.$count(deliveries, eq(deliveries.endpointId, receiver.endpointId))
    expect(sent).toBe(1101)
    expect(new Set(receiver.inbox.hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(1101)
    expect(receiver.inbox.hooks).toHaveLength(1101)
  })
})

test('what cannot be recovered: a time that is none, an endpoint that is not there, or not yours', async ({
  served,
  onTestFinished,
}) => {
  const [receiver, stranger] = await Promise.all([openReceiver(served), openReceiver(served)])
  onTestFinished(async () => void (await Promise.all([receiver.inbox.close(), stranger.inbox.close()])))
  for (const body of [{}, { since: 'yesterday' }, { since: 1 }, { since: '2026-01-01T00:00:00Z', until: 'now' }])
    expect(await receiver.recover(body)).toMatchObject({ status: 422, body: { code: 'invalid_request' } })
  const since = '2026-01-01T00:00:00Z'
  const missing = { status: 404, body: { code: 'not_found' } }
  expect(await receiver.recover({ since }, 'whe_nowhere')).toMatchObject(missing)
  expect(await receiver.recover({ since }, stranger.endpointId)).toMatchObject(missing)
  const { key } = await receiver.newKey({ scopes: ['leads:write'] })
  const path = `${receiver.url}/workspace/webhooks/${receiver.endpointId}/recover`
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  expect((await fetch(path, { method: 'POST', headers, body: JSON.stringify({ since }) })).status).toBe(403)
})
