import { describe, expect, test } from 'vitest'
import { serve } from '../../cli/serve.ts'
import { readConfig } from '../../runtime/config.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { attempts, calls, history } from '../../runtime/db/schema.ts'
import { openLog } from '../../runtime/log.ts'
import type { Chaos } from '../../runtime/sandbox/server.ts'
import { between } from '../harness/between.ts'
import { freshDatabase } from '../harness/database.ts'
import { freePort } from '../harness/ports.ts'
import { startSandboxProcess, startServerProcess } from '../harness/processes.ts'
import { freshDataDir, openWorkspace, people, startServer, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

/** A dial whose fate nobody knows is looked up after its deadline and a grace, 13 s in all: these waits are real. */
const timeout = 120_000

const flow = (attempts: number) => `
id: flow_frozen
match:
  source: form
agent:
  greeting: Hi, an AI assistant for {business}, on a recorded call. A minute?
on:
  no_answer: retry(15m, max=${attempts})
`
const lead = { source: 'form', flow_id: 'flow_frozen', language: 'en', consent: true } as const
const allCallbacks = ['initiated', 'ringing', 'in-progress', 'completed', 'no-answer', 'busy', 'failed', 'canceled']

describe.concurrent('a carrier that is slow, silent or away', { timeout }, () => {
  /** A server with a sandbox that misbehaves, and one call through it. */
  async function play(chaos: Chaos, { phone = '+905321112233', tries = 1 } = {}) {
    const served = await startServer({ chaos: { callee: { hangsUpAfterMs: 1_000 }, ...chaos } })
    const talkif = await openWorkspace(served)
    await talkif.configure({ sandbox: { pace: 1, waits: 900 } })
    await talkif.deploy(flow(tries))
    const { call_id } = await talkif.api.createLead({ ...lead, phone })
    return {
      ...{ served, talkif, callId: call_id, db: served.runtime.db, rang: () => served.sandbox!.rang.length },
      events: async () =>
        (await served.runtime.db.select().from(history).where(eq(history.callId, call_id))).map(({ event }) => event),
      async [Symbol.asyncDispose]() {
        await talkif.inbox.close()
        await served.drop()
      },
    }
  }

  const calm = async ({ served, talkif, callId }: Awaited<ReturnType<typeof play>>) => {
    const call = await talkif.finished(callId)
    expect(served.sandbox!.violations).toEqual([])
    return call
  }

  test('whose answer never came has rung: adopted from its media stream, not dialed again', async () => {
    const world = await play({ create: { lost: true, times: 1 }, callbacks: { dropped: allCallbacks } })
    await using _ = world
    expect(await calm(world)).toMatchObject({
      outcome: 'not_fit',
      reason: 'hung_up',
      attempts: [{ result: 'answered' }],
    })
    expect(world.rang()).toBe(1)
    expect(await world.events()).toEqual(['dialed', 'placed', 'answered', 'decided'])
    expect(world.talkif.inbox.of('call.started')).toHaveLength(1)
  })

  test('whose answer never came, and nobody picked up: adopted from its list', async () => {
    const phone = people.second_try
    const world = await play({ create: { lost: true, times: 1 }, callbacks: { dropped: allCallbacks } }, { phone })
    await using _ = world
    const call = await calm(world)
    expect(call).toMatchObject({ outcome: 'no_answer', reason: 'no_answer', attempts: [{ result: 'no_answer' }] })
    expect(call.attempts[0]!.provider_call_sid).toBe(world.served.sandbox!.rang[0]!.callSid)
    expect(world.rang()).toBe(1)
    expect(await world.events()).toEqual(['dialed', 'placed', 'gave_up'])
  })

  test('whose answer comes after the deadline has rung once', async () => {
    const phone = people.second_try
    const world = await play({ create: { lateMs: 11_000, times: 1 }, callbacks: { dropped: allCallbacks } }, { phone })
    await using _ = world
    expect(await calm(world)).toMatchObject({ outcome: 'no_answer', attempts: [{ result: 'no_answer' }] })
    expect(world.rang()).toBe(1)
  })

  test('whose answer is overtaken by the whole call changes nothing any more', async () => {
    const world = await play({ create: { lateMs: 6_000, times: 1 } })
    await using _ = world
    expect(await calm(world)).toMatchObject({ outcome: 'not_fit', reason: 'hung_up' })
    // The late answer is in when the job of the dial is over.
    await until(async () => {
      const [row] = await world.served.runtime.sql`
        select 1 from pgboss.job where name = 'dial' and state = 'completed'`
      return row
    })
    expect(await world.talkif.api.getCall({ id: world.callId })).toMatchObject({ outcome: 'not_fit' })
    expect(await world.events()).toEqual(['dialed', 'placed', 'answered', 'decided'])
    expect(world.talkif.inbox.of('call.started')).toHaveLength(1)
    expect(world.rang()).toBe(1)
  })

  test('that has too much to do is asked again, and rings once', async () => {
    const world = await play({ create: { refuse: 429, times: 2 } })
    await using _ = world
    const call = await calm(world)
    expect(call).toMatchObject({ outcome: 'not_fit', attempts: [{ attempt: 1, result: 'answered' }] })
    const twice = ['dialed', 'not_placed', 'dialed', 'not_placed']
    expect(await world.events()).toEqual([...twice, 'dialed', 'placed', 'answered', 'decided'])
    expect(world.rang()).toBe(1)
  })

  test('that failed is asked what became of it, and only then dials again', async () => {
    const world = await play({ create: { refuse: 500, times: 1 } })
    await using _ = world
    expect(await calm(world)).toMatchObject({ outcome: 'not_fit', attempts: [{ attempt: 1, result: 'answered' }] })
    expect(await world.events()).toEqual(['dialed', 'not_placed', 'dialed', 'placed', 'answered', 'decided'])
    expect(world.rang()).toBe(1)
  })

  test('that cannot be asked: the phone does not ring until it can', async () => {
    const chaos: Chaos = {
      create: { lost: true, times: 1 },
      callbacks: { dropped: allCallbacks },
      reads: { lost: true, times: 3 },
    }
    const world = await play(chaos, { phone: people.second_try, tries: 2 })
    await using _ = world
    const { reads } = chaos
    await until(() => reads!.times! <= 1)
    expect(await world.talkif.api.getCall({ id: world.callId })).toMatchObject({ status: 'dialing' })
    expect(world.rang()).toBe(1)
    // It answers again: nobody had picked up, and the flow's second try follows.
    const call = await calm(world)
    expect(call.attempts.map(({ result }) => result)).toEqual(['no_answer', 'answered'])
    expect(world.rang()).toBe(2)
  })

  test('that cannot be asked for a quarter of an hour: never dialed again, whatever the flow says', {
    timeout,
  }, async () => {
    const chaos: Chaos = {
      create: { lost: true, times: 1 },
      callbacks: { dropped: allCallbacks },
      reads: { lost: true },
    }
    const world = await play(chaos, { phone: people.second_try, tries: 3 })
    await using _ = world
    await until(() => world.rang() === 1)
    const ago = new Date(world.served.runtime.clock.now() - 16 * 60_000)
    await world.db.update(attempts).set({ deadlineAt: ago }).where(eq(attempts.callId, world.callId))
    const call = await calm(world)
    expect(call).toMatchObject({ outcome: 'no_answer', reason: 'carrier_unknown' })
    expect(call.attempts.map(({ result }) => result)).toEqual(['carrier_unknown'])
    expect(world.rang()).toBe(1)
    expect(world.talkif.inbox.of('outcome.no_answer').map(({ body }) => body.retry)).toEqual([null])
  })
})

test.concurrent('a worker frozen between its attempt and the carrier, and while a phone rings, rings nobody again', {
  timeout,
}, async ({ onTestFinished }) => {
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const data = freshDataDir()
  onTestFinished(data.drop)
  const sandbox = await startSandboxProcess(database.url, { callee: { hangsUpAfterMs: 1_000 } })
  onTestFinished(sandbox.close)
  const place = { databaseUrl: database.url, sandboxUrl: sandbox.url, dataDir: data.path }
  const config = readConfig({ PORT: '0', DATABASE_URL: database.url, TALKIF_SANDBOX_URL: sandbox.url })
  const roles = { api: true, worker: false, media: false }
  const served = await serve({ ...config, allowLoopbackWebhooks: true }, { roles, log: openLog('fatal') })
  onTestFinished(() => served.close())
  const talkif = await openWorkspace(served)
  onTestFinished(() => talkif.inbox.close())
  await talkif.configure({ sandbox: { pace: 1, waits: 2 } })
  await talkif.deploy(flow(1))
  const { db } = served.runtime
  const start = async () => {
    const process = await startServerProcess(
      { ...place, port: await freePort() },
      { api: false, worker: true, media: true },
    )
    onTestFinished(process.kill)
    return process
  }
  const phones = { ringing: '+905321110001', unsent: '+905321110002', after: '+905321110003' }
  const rung = (phone: string) => sandbox.rang().filter(({ to }) => to === phone)

  const frozen = await start()
  const ringing = await talkif.api.createLead({ ...lead, phone: phones.ringing })
  await until(() => rung(phones.ringing).length === 1)
  const unsent = await freezeBeforeSending(database.url, talkif, phones.unsent, () => frozen.child.kill('SIGSTOP'))
  const before = await db.select().from(attempts).where(eq(attempts.callId, unsent))
  expect(before).toMatchObject([{ attempt: 1, carrierId: null, endedAt: null }])
  expect(rung(phones.unsent)).toEqual([])

  // Another worker looks after both: one was never placed and is dialed, the other is over.
  const other = await start()
  expect(await talkif.finished(unsent)).toMatchObject({ outcome: 'not_fit', reason: 'hung_up' })
  const told = await db.select().from(history).where(eq(history.callId, unsent)).orderBy(history.seq)
  expect(told.map(({ event }) => event)).toEqual(['dialed', 'not_placed', 'dialed', 'placed', 'answered', 'decided'])
  const left = await talkif.finished(ringing.call_id)
  expect(left).toMatchObject({ status: 'completed', outcome: 'no_answer', reason: 'media_lost' })

  // The first wakes up, long after its deadline, and what it was about to do is not its to do any more.
  frozen.child.kill('SIGCONT')
  await other.kill()
  const { call_id } = await talkif.api.createLead({ ...lead, phone: phones.after })
  expect(await talkif.finished(call_id)).toMatchObject({ outcome: 'not_fit', reason: 'hung_up' })
  expect(sandbox.rang().map(({ to }) => to)).toEqual([phones.ringing, phones.unsent, phones.after])
  expect(await db.$count(calls, eq(calls.status, 'completed'))).toBe(3)
  const outcomes = talkif.inbox.hooks.filter(({ body }) => body.event.startsWith('outcome.'))
  expect(new Set(outcomes.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
  expect(await sandbox.violations()).toEqual([])
})

/** Freezes the only worker between the commit of an attempt and its look at the fence, before the request to the carrier. */
async function freezeBeforeSending(databaseUrl: string, talkif: Workspace, phone: string, freeze: () => void) {
  return between(databaseUrl, {
    ...{ table: 'attempts', write: 'insert', when: `new.phone = '${phone}'` },
    begin: async () => (await talkif.api.createLead({ ...lead, phone })).call_id,
    act: freeze,
  })
}
