import { spawn } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Chaos, Sandbox } from '../../runtime/sandbox/server.ts'
import { speechDir } from '../harness/cache.ts'
import {
  callTo,
  credentials,
  eventsOf,
  openApp,
  openSandbox,
  realtimeAt,
  telephone,
  time,
  twilioAt,
} from './harness.ts'

const chaos: Chaos = {}
let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox(chaos)
})
afterEach(() => {
  for (const name of Object.keys(chaos) as (keyof Chaos)[]) delete chaos[name]
})
afterAll(() => sandbox.close())

const failing = '+12025550112'

/** The statuses posted for one call that the carrier cannot connect. */
async function statuses(expected: number) {
  await using app = await openApp()
  await twilioAt(sandbox.carrierUrl(time)).calls.create(callTo(failing, app))
  await expect.poll(() => app.callbacks.all.length, { interval: 5 }).toBe(expected)
  return app.callbacks.all.map(({ params }) => params.CallStatus)
}

test('callbacks: doubled, shuffled, dropped, late', async () => {
  chaos.callbacks = { doubled: true }
  expect(await statuses(4)).toEqual(['initiated', 'initiated', 'failed', 'failed'])
  chaos.callbacks = { shuffled: true }
  expect(await statuses(2)).toEqual(['failed', 'initiated'])
  chaos.callbacks = { dropped: ['initiated'] }
  expect(await statuses(1)).toEqual(['failed'])
  chaos.callbacks = { delayMs: 100 }
  const before = performance.now()
  expect(await statuses(2)).toEqual(['initiated', 'failed'])
  expect(performance.now() - before).toBeGreaterThan(195)
})

test('create: refused without a call, lost or late with one', async () => {
  await using app = await openApp()
  const api = twilioAt(sandbox.carrierUrl(time))
  const to = '+12025550134'
  const create = () => api.calls.create(callTo(to, app))
  chaos.create = { refuse: 429, times: 1 }
  await expect(create()).rejects.toMatchObject({ status: 429, code: 20429 })
  chaos.create = { refuse: 500, times: 1 }
  await expect(create()).rejects.toMatchObject({ status: 500 })
  expect(await api.calls.list({ to })).toHaveLength(0)
  chaos.create = { lost: true, times: 1 }
  await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(await api.calls.list({ to })).toHaveLength(1)
  chaos.create = { lateMs: 60, times: 1 }
  await create()
  expect(await api.calls.list({ to })).toHaveLength(2)
  expect(chaos.create.times).toBe(0)
})

test('engine: refused, dropped in the middle of a sentence, slow', async () => {
  chaos.engine = { refuse: 503, times: 1 }
  const refused = realtimeAt(sandbox.engineUrl(time))
  refused.on('error', () => {})
  expect(await new Promise((resolve) => refused.socket.on('error', (error) => resolve(error.message)))).toMatch(/503/)
  chaos.engine = { dropAfterAudioMs: 600, slowMs: 50, times: 1 }
  const client = realtimeAt(sandbox.engineUrl(time))
  const events = eventsOf(client)
  const closed = new Promise((resolve) => client.socket.on('close', resolve))
  await events.find(({ type }) => type === 'session.created')
  client.send(telephone(''))
  const before = performance.now()
  client.send({
    type: 'response.create',
    response: { instructions: 'Say exactly: "This sentence will never be heard to its end."' },
  })
  await events.find(({ type }) => type === 'response.output_audio.delta')
  expect(performance.now() - before).toBeGreaterThan(49)
  expect(await closed).toBe(1006)
  expect(events.all.map(({ type }) => type)).not.toContain('response.done')
})

test('in a process of its own it logs every ringing phone, and ends when told', async () => {
  const rangLog = join(await mkdtemp(join(tmpdir(), 'talkif-rang-')), 'rang.jsonl')
  const configuration = JSON.stringify({ credentials, cacheDir: speechDir, rangLog })
  const child = spawn(process.execPath, ['runtime/sandbox/main.ts', configuration], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const line = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve))
  const { url } = JSON.parse(line) as { url: string }
  await using app = await openApp()
  const call = await twilioAt(`${url}/pace/40/waits/200`).calls.create(callTo('+12025550103', app, { timeout: 5 }))
  await app.status('ringing')
  const rang = { to: '+12025550103', callSid: call.sid, account: credentials.accountSid }
  expect(JSON.parse(await readFile(rangLog, 'utf8'))).toMatchObject(rang)
  expect(await (await fetch(`${url}/rang`)).json()).toMatchObject([rang])
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('closing in the middle of calls leaves nothing behind', async () => {
  const other = await openSandbox()
  await using app = await openApp((socket) => socket.on('error', () => {}))
  const client = twilioAt(other.carrierUrl(time))
  await Promise.all(['+12025550109', '+12025550104', '+12025550103'].map((to) => client.calls.create(callTo(to, app))))
  await app.status('in-progress')
  await other.close()
  // What had left before is here once this is answered.
  const ask = () => fetch(`${app.http}/asked`)
  await ask()
  const count = app.callbacks.all.length
  await expect(fetch(`${other.url}/rang`)).rejects.toThrow()
  await ask()
  expect(app.callbacks.all.length).toBe(count + 1)
})
