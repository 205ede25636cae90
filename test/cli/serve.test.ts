import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { serve } from '../../cli/serve.ts'
import { systemClock } from '../../runtime/clock.ts'
import { readConfig } from '../../runtime/config.ts'
import { openLog } from '../../runtime/log.ts'
import { freshDatabase } from '../harness/database.ts'
import { freePort } from '../harness/ports.ts'
import { freshDataDir, openWorkspace, people, startServer } from '../harness/talkif.ts'
import { talkif } from './processes.ts'

describe('with port 0', () => {
  test('the addresses that were configured stand', async ({ onTestFinished }) => {
    const environment = { PUBLIC_URL: 'https://talkif.example', TALKIF_MEDIA_URL: 'https://media-1.talkif.example' }
    const { url, runtime, drop } = await startServer({ environment })
    onTestFinished(drop)
    expect(runtime.config).toMatchObject({
      port: Number(new URL(url).port),
      publicUrl: environment.PUBLIC_URL,
      mediaUrl: environment.TALKIF_MEDIA_URL,
    })
    const node = await runtime.networks.mediaNode('live')
    expect(node?.mediaUrl).toBe('wss://media-1.talkif.example/carrier/twilio/media')
  })

  test('those that were not are the port it was given', async ({ onTestFinished }) => {
    const { url, runtime, drop } = await startServer()
    onTestFinished(drop)
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    expect(runtime.config).toMatchObject({ publicUrl: url, mediaUrl: url })
  })
})

test('which processes carry media is told by the clock they share, not by their own', async ({ onTestFinished }) => {
  const database = await freshDatabase()
  onTestFinished(database.drop)
  /** A process whose machine's clock is so many hours off. */
  const start = async (hours: number, media: boolean) => {
    const config = readConfig({ PORT: '0', DATABASE_URL: database.url, TALKIF_SANDBOX_URL: 'http://127.0.0.1:9' })
    const clock = { ...systemClock, now: () => systemClock.now() + hours * 3_600_000 }
    const served = await serve(config, { roles: { api: false, worker: false, media }, clock, log: openLog('fatal') })
    onTestFinished(() => served.close())
    return served
  }
  const late = await start(-1, true)
  const dialer = await start(+1, false)
  const chosen = async () => (await dialer.runtime.networks.mediaNode('live'))?.mediaUrl
  expect(await chosen()).toBe(`${late.url.replace('http', 'ws')}/carrier/twilio/media`)
  // One that died without a word; a dialer whose clock is behind must not believe that it lives.
  await late.close()
  const { sql } = dialer.runtime
  await sql`insert into media_nodes values ('node_dead', 'http://127.0.0.1:9', now() - interval '10 seconds')`
  const behind = await start(-1, false)
  expect(await behind.runtime.networks.mediaNode('live')).toBe(undefined)
  expect(await chosen()).toBe(undefined)
})

test('`talkif worker` does the calls of a server that only takes them, and is no API itself', {
  timeout: 300_000,
}, async ({ onTestFinished }) => {
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const data = freshDataDir()
  onTestFinished(data.drop)
  const common = { DATABASE_URL: database.url, TALKIF_DATA_DIR: data.path }
  const roles = { api: true, worker: false, media: false }
  const config = { ...readConfig({ ...common, PORT: '0' }), allowLoopbackWebhooks: true }
  const served = await serve(config, { roles, log: openLog('fatal') })
  onTestFinished(() => served.close())
  const port = String(await freePort())
  const worker = talkif(['worker'], { env: { ...common, PORT: port, TALKIF_SANDBOX_URL: served.sandbox!.url } })
  onTestFinished(async () => {
    worker.child.kill('SIGKILL')
    await worker.ended
  })
  const workspace = await openWorkspace(served)
  onTestFinished(workspace.inbox.close)
  const lead = { source: 'web_form', intent: 'pricing', phone: people.busy, consent: true } as const
  const { call_id } = await workspace.api.createLead(lead)
  // Not by its webhooks: a worker of its own delivers none to loopback.
  expect(await workspace.api.getCall({ id: call_id, wait: 30 })).toMatchObject({ outcome: 'no_answer', reason: 'busy' })
  expect((await fetch(`http://127.0.0.1:${port}/v1/calls/${call_id}`)).status).toBe(404)
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toBe(0)
})

test('a server that stops answers those who wait, with what it knows', async ({ onTestFinished }) => {
  const served = await startServer()
  onTestFinished(served.drop)
  const talkif = await openWorkspace(served)
  onTestFinished(talkif.inbox.close)
  const lead = { source: 'web_form', intent: 'pricing', phone: people.books, consent: true }
  const not_before = new Date(Date.now() + 86_400_000).toISOString()
  const { call_id } = await talkif.api.createLead({ ...lead, not_before })
  const { callChanges } = served.runtime
  const { next } = callChanges
  const waits = new Promise<void>((resolve) => {
    callChanges.next = (...given) => {
      resolve()
      return next(...given)
    }
  })
  const answer = talkif.fetch(`/v1/calls/${call_id}?wait=60`)
  await waits
  await served.close()
  const response = await answer
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ id: call_id, status: 'held', reason: 'not_before' })
})

describe('a database that cannot be used', () => {
  /** What a start with this database says; it must not succeed. */
  const told = (databaseUrl: string, port = 0): Promise<string> =>
    serve(readConfig({ PORT: String(port), DATABASE_URL: databaseUrl }), { log: openLog('fatal') }).then(
      async (served) => {
        await served.close()
        return 'It started.'
      },
      (error: Error) => error.message,
    )
  const place = (url: string) => `PostgreSQL at ${new URL(url).host} (DATABASE_URL)`

  test('is told in a sentence: where it is, what it said, what to do; never the password', async ({
    onTestFinished,
  }) => {
    const { url, drop } = await freshDatabase()
    const role = `nobody_${randomBytes(4).toString('hex')}`
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    await sql.unsafe(`create role ${role} login password 'hush'`)
    onTestFinished(async () => {
      await sql.unsafe(`drop role ${role}`)
      await sql.end()
      await drop()
    })
    const given = (change: Partial<URL>) => Object.assign(new URL(url), change).href
    const name = new URL(url).pathname.slice(1)
    const nowhere = given({ port: String(await freePort()) })
    expect(await told(nowhere)).toBe(
      `${place(nowhere)} cannot be reached: connect ECONNREFUSED ${new URL(nowhere).host}. Start it, or mend host and port.`,
    )
    expect(await told(given({ password: 'hush-hush' }))).toBe(
      `${place(url)} does not let talkif in: password authentication failed for user "talkif". Mend user and password.`,
    )
    expect(await told(given({ pathname: '/of_nobody' }))).toBe(
      `${place(url)} has no such database: database "of_nobody" does not exist. Create it, or mend the name.`,
    )
    expect(await told(given({ username: role, password: 'hush' }))).toBe(
      `${place(url)} does not let ${role} make tables: permission denied for database ${name}. Grant CREATE on the database, or use its owner.`,
    )
    await sql.unsafe(`alter database ${name} set default_transaction_read_only = on`)
    expect(await told(url)).toBe(
      `${place(url)} cannot be written to: cannot execute CREATE SCHEMA in a read-only transaction. Use the primary server, not a copy of it.`,
    )
  })

  test('while it is waited for, requests are told so as everything is told', async ({ onTestFinished }) => {
    const silent = createServer()
    const sockets: Socket[] = []
    silent.on('connection', (socket) => sockets.push(socket))
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const close = () => {
      silent.close()
      for (const socket of sockets) socket.destroy()
    }
    onTestFinished(close)
    const port = await freePort()
    const ended = told(`postgres://talkif:hush@127.0.0.1:${(silent.address() as AddressInfo).port}/talkif`, port)
    await once(silent, 'connection')
    const response = await fetch(`http://127.0.0.1:${port}/v1/numbers`)
    const problem = (await response.json()) as { request_id: string }
    const header = (name: string) => response.headers.get(name)
    expect([response.status, header('retry-after'), header('content-type')]).toEqual([
      ...[503, '1', 'application/problem+json'],
    ])
    expect(problem).toMatchObject({
      type: `http://127.0.0.1:${port}/docs/problems/unavailable`,
      ...{ status: 503, code: 'unavailable', detail: 'The server is starting.' },
      suggested_action: 'Wait 1 seconds, then send the request again.',
    })
    expect(problem.request_id).toMatch(/^req_/)
    expect(header('request-id')).toBe(problem.request_id)
    close()
    expect(await ended).toContain('cannot be reached')
  })
})
