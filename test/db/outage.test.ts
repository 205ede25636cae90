import { chmodSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { test as base, expect } from 'vitest'
import { serve } from '../../cli/serve.ts'
import { readConfig } from '../../runtime/config.ts'
import { and, asc, eq } from '../../runtime/db/drizzle.ts'
import { startEmbeddedPostgres } from '../../runtime/db/embedded.ts'
import { attempts, calls, events, optOuts, turns } from '../../runtime/db/schema.ts'
import { hasten } from '../harness/jobs.ts'
import { freshDataDir, openWorkspace, people } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const settings = ['fsync=off', 'full_page_writes=off']

/** A server on a database that can be stopped and started again below it. */
const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the pattern to learn what a fixture needs
  .extend('world', { scope: 'file' }, async ({}, { onCleanup }) => {
    const folder = mkdtempSync(join(tmpdir(), 'talkif-outage-'))
    // As in `postgres.ts`: otherwise root's files would stay behind, elsewhere.
    chmodSync(folder, 0o755)
    let postgres = await startEmbeddedPostgres(folder, settings)
    const port = Number(new URL(postgres.url).port)
    const data = freshDataDir()
    const config = readConfig({ PORT: '0', DATABASE_URL: postgres.url, TALKIF_DATA_DIR: data.path })
    const told: string[] = []
    const lines = new Writable({
      write(chunk, _, done) {
        told.push(JSON.parse(String(chunk)).msg)
        done()
      },
    })
    const log = pino({ level: 'warn' }, lines)
    const served = await serve({ ...config, allowLoopbackWebhooks: true }, { log })
    onCleanup(async () => {
      await served.close()
      await postgres.stop().catch(() => {})
      await data.drop()
      await rm(folder, { recursive: true, force: true })
    })
    return {
      served,
      /** What a log of the usual level says. */
      told,
      stop: () => postgres.stop(),
      async start() {
        postgres = await startEmbeddedPostgres(folder, settings, port)
        await until(async () => (await fetch(`${served.url}/readyz`)).status === 200)
      },
    }
  })

const lead = { source: 'form', flow_id: 'flow_once', consent: true } as const

test('the database stops and starts again below a running server: 503 meanwhile, then everything goes on, and nobody is rung twice', {
  timeout: 300_000,
}, async ({ world, onTestFinished }) => {
  const { served } = world
  // The receiver is down too, until the end: deliveries wait in the database.
  let receiving = false
  const talkif = await openWorkspace(served, () => (receiving ? 204 : 500))
  onTestFinished(talkif.inbox.close)
  world.told.splice(0)
  await talkif.deploy('id: flow_once\nmatch: {source: form}\nqualify: [need]\non: {no_answer: "retry(15m, max=1)"}')
  await talkif.configure({ sandbox: { pace: 10, waits: 60 } })
  const post = (phone: string, more: object = {}) => talkif.api.createLead({ ...lead, phone, ...more })

  // Four calls at four stages: talking, ringing, held until the database is back, and about to be dialed.
  const talking = await post('+905331000001')
  await until(() => served.runtime.media!.active === 1)
  const ringing = await post(people.second_try)
  await until(() => served.sandbox!.rang.length === 2)
  const held = await post('+905331000003', { not_before: new Date(Date.now() + 600_000).toISOString() })
  const queued = await Promise.all(Array.from({ length: 10 }, (_, i) => post(`+90533200000${i}`)))
  await world.stop()

  const ask = (path: string, init?: RequestInit) => talkif.fetch(path, init)
  const body = JSON.stringify({ ...lead, phone: '+905331000004' })
  const headers = { 'content-type': 'application/json' }
  const refused = await Promise.all([
    ...Array.from({ length: 20 }, () => ask('/v1/leads', { method: 'POST', body, headers })),
    ask(`/v1/calls/${talking.call_id}`),
    ask(`/v1/leads/${held.lead_id}`, { method: 'DELETE' }),
    ask('/workspace'),
    ask('/v1/numbers'),
  ])
  for (const response of refused) {
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    expect(await response.json()).toMatchObject({ code: 'unavailable', status: 503 })
  }
  expect((await ask('/healthz')).status).toBe(200)
  expect((await ask('/readyz')).status).toBe(503)
  // The conversation goes on without it, to its end.
  await until(() => served.runtime.media!.active === 0)

  await world.start()
  await until(() => world.told.includes('the database is back'))
  expect(world.told.filter((line) => line !== 'a conversation had trouble')).toEqual([
    'the database is away: calls that run go on, everything else waits for it',
    'the database is back',
  ])
  const after = await until(() => post('+905331000005').catch(() => undefined))
  receiving = true
  const ids = [talking, ringing, held, ...queued, after].map(({ call_id }) => call_id)
  // A delivery that failed twice would wait for five minutes.
  await until(async () => {
    await hasten(served, 'deliver_failing')
    const open = await Promise.all(ids.map((id) => talkif.api.getCall({ id })))
    return open.every(({ status }) => status === 'completed')
  })
  await hasten(served, 'deliver_failing')
  const all = await Promise.all(ids.map((id) => talkif.finished(id)))
  const told = JSON.stringify(all.map(({ phone, outcome, reason }) => [phone, outcome, reason]))
  expect(
    all.map(({ status }) => status),
    told,
  ).toEqual(all.map(() => 'completed'))
  expect(all.at(-1), told).toMatchObject({ outcome: 'qualified' })

  const { db } = served.runtime
  // What was refused was not stored.
  expect(await db.$count(calls), told).toBe(ids.length)
  const rang = served.sandbox!.rang.map(({ to }) => to)
  expect(rang.length, told).toBe(new Set(rang).size)
  expect((await db.select().from(attempts)).filter(({ endedAt, lockKey }) => !endedAt || lockKey)).toEqual([])
  // Every event of every call arrived.
  const written = await db.select().from(events)
  const arrived = new Set(talkif.inbox.hooks.map(({ headers: some }) => some['webhook-id']))
  expect(written.filter(({ id }) => !arrived.has(id))).toEqual([])
  expect(written.filter(({ type }) => type.startsWith('outcome.'))).toHaveLength(ids.length)
  expect(served.sandbox!.violations).toEqual([])
})

test('what is said while the database is away is not lost, and nobody is rung again for it', {
  timeout: 300_000,
}, async ({ world, onTestFinished }) => {
  const { runtime, sandbox } = world.served
  const { db } = runtime
  const talkif = await openWorkspace(world.served)
  onTestFinished(talkif.inbox.close)
  await talkif.configure({ sandbox: { pace: 6, waits: 900 } })
  // The flow of the page: three dials for whom nobody reached.
  const post = async (phone: string) =>
    (await talkif.api.createLead({ source: 'web_form', intent: 'pricing', consent: true, phone })).call_id
  const row = async (id: string) => (await db.select().from(calls).where(eq(calls.id, id)))[0]!
  const talking = (least: number) => runtime.media!.active === least
  const rings = (phone: string) => sandbox!.rang.filter(({ to }) => to === phone).length
  /** Its transcript, whole: numbers are given when something is said, so that what is lost leaves a gap. */
  const said = async (callId: string) => {
    const rows = await db.select().from(turns).where(eq(turns.callId, callId)).orderBy(asc(turns.seq))
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, at) => at))
    return rows.map(({ role, text }) => `${role}: ${text}`)
  }

  // Away in the middle of one call, and from the answer to the end of another.
  const phones = { goesOn: '+905331000011', stops: people.stop_calling, books: people.books }
  const goesOn = await post(phones.goesOn)
  await until(async () => Object.keys((await row(goesOn)).answers).length > 0)
  const stops = await post(phones.stops)
  await until(async () => (await row(stops)).status === 'in_progress')
  await world.stop()
  expect(talking(2)).toBe(true)
  await until(() => !talking(2))
  await world.start()
  const stopped = await talkif.finished(stops)
  expect(stopped).toMatchObject({ outcome: 'not_fit', reason: 'opted_out', attempts: [{ result: 'answered' }] })
  expect(await said(stops)).toContainEqual(expect.stringMatching(/^lead: .*stop calling me/i))
  const mine = and(eq(optOuts.workspaceId, talkif.workspaceId), eq(optOuts.phone, phones.stops))
  expect(await db.select().from(optOuts).where(mine)).toMatchObject([{ source: 'call' }])
  const went = await talkif.finished(goesOn)
  expect(went.attempts).toMatchObject([{ result: 'answered' }])
  expect(Object.keys(went.answers)).toEqual(['need', 'timing', 'budget', 'location'])
  expect((await said(goesOn)).at(-1)).toMatch(/^agent: .*bye/i)

  // Away over the end.
  const books = await post(phones.books)
  await until(async () => (await row(books)).booking)
  await world.stop()
  expect(talking(1)).toBe(true)
  await until(() => talking(0))
  await world.start()
  const booked = await talkif.finished(books)
  expect(booked).toMatchObject({ outcome: 'booked', attempts: [{ result: 'answered' }] })
  expect((await said(books)).at(-1)).toMatch(/^agent: .*bye/i)

  for (const phone of Object.values(phones)) expect([phone, rings(phone)]).toEqual([phone, 1])
  const outcomes = talkif.inbox.hooks.filter(({ body }) => body.event.startsWith('outcome.'))
  const told = new Map(outcomes.map(({ headers, body }) => [headers['webhook-id'], body.call_id]))
  expect([...told.values()].toSorted()).toEqual([goesOn, stops, books].toSorted())
})
