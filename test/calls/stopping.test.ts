import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { serve } from '../../cli/serve.ts'
import { readConfig } from '../../runtime/config.ts'
import { and, asc, eq, isNotNull, isNull, or } from '../../runtime/db/drizzle.ts'
import { attempts, calls, mediaNodes, turns } from '../../runtime/db/schema.ts'
import { openLog } from '../../runtime/log.ts'
import { freshDatabase } from '../harness/database.ts'
import { freePort } from '../harness/ports.ts'
import { startSandboxProcess, startServerProcess } from '../harness/processes.ts'
import { freshDataDir, openWorkspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const engines = ['realtime', 'cascade'] as const
const flowOf = (engine: string) => `
id: flow_two
match: {source: form}
call: {record: true, engine: ${engine}}
qualify:
  - need - timing
`
const lead = { source: 'form', flow_id: 'flow_two', language: 'en', consent: true } as const

/** Takes leads, dials and decides in this process; conversations are carried in processes that the test starts and ends. */
async function open(onTestFinished: (close: () => Promise<void>) => void, engine: string) {
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const data = freshDataDir()
  onTestFinished(data.drop)
  const sandbox = await startSandboxProcess(database.url)
  onTestFinished(sandbox.close)
  const environment = { DATABASE_URL: database.url, TALKIF_SANDBOX_URL: sandbox.url, TALKIF_DATA_DIR: data.path }
  const config = { ...readConfig({ PORT: '0', ...environment }), allowLoopbackWebhooks: true }
  const served = await serve(config, { roles: { api: true, worker: true, media: false }, log: openLog('fatal') })
  onTestFinished(() => served.close())
  const talkif = await openWorkspace(served)
  onTestFinished(talkif.inbox.close)
  await talkif.configure({ sandbox: { pace: 8, waits: 900 } })
  await talkif.deploy(flowOf(engine))
  const place = { databaseUrl: database.url, sandboxUrl: sandbox.url, dataDir: data.path }
  const startMedia = async (more?: Record<string, string>) => {
    const media = await startServerProcess(
      { ...place, port: await freePort() },
      { api: false, worker: false, media: true },
      more,
    )
    onTestFinished(media.kill)
    return media
  }
  /** What was said until somebody has said so many things. */
  const said = (id: string, least: number) =>
    until(async () => {
      const rows = await served.runtime.db.select().from(turns).where(eq(turns.callId, id)).orderBy(asc(turns.seq))
      return rows.length >= least && rows
    })
  return { talkif, served, sandbox, startMedia, said }
}

test.for(engines)(
  'a process killed or stopped in mid-call (%s): nothing said is lost, every call has its outcome, no slot is kept',
  async (engine, { onTestFinished }) => {
    const { talkif, served, sandbox, startMedia, said } = await open(onTestFinished, engine)
    const { db } = served.runtime
    const phone = '+905321234567'

    const victim = await startMedia()
    const { call_id: killed } = await talkif.api.createLead({ ...lead, phone })
    const heard = await said(killed, 4)
    await victim.kill()
    const call = await talkif.finished(killed)
    expect(call).toMatchObject({ status: 'completed', outcome: 'no_answer', reason: 'media_lost' })
    const words = heard.map(({ role, text, atMs }) => ({ role, text, at_ms: atMs }))
    expect(call.transcript!.slice(0, heard.length)).toMatchObject(words)
    const wav = Buffer.from(await (await fetch(call.artifacts.recording_url!)).arrayBuffer())
    expect([wav.readUInt32LE(4), wav.readUInt32LE(46), wav.readUInt32LE(54)]).toEqual([
      ...[wav.length - 8, (wav.length - 58) / 2, wav.length - 58],
    ])
    // A crash loses the last seconds.
    expect((wav.length - 58) / 16).toBeGreaterThan(words.at(-1)!.at_ms - 4_000)

    const stopped = await startMedia()
    // The number, and the caps, are free for another call.
    const { call_id: running } = await talkif.api.createLead({ ...lead, phone })
    await said(running, 3)
    const gone = once(stopped.child, 'exit')
    stopped.child.kill('SIGTERM')
    await until(() => db.$count(mediaNodes, and(eq(mediaNodes.url, stopped.url), mediaNodes.draining)))
    const { call_id: late } = await talkif.api.createLead({ ...lead, phone: '+905321234568' })
    const [finished, [status]] = await Promise.all([talkif.finished(running), gone])
    expect(finished).toMatchObject({
      outcome: 'qualified',
      answers: { need: expect.any(String), timing: expect.any(String) },
    })
    expect([status, stopped.errors()]).toEqual([0, ''])

    // Nobody was dialed whom nobody could have talked to.
    expect(await talkif.api.getCall({ id: late })).toMatchObject({ status: 'queued', attempts: [] })
    expect(await talkif.api.cancelLead({ id: (await talkif.api.getCall({ id: late })).lead_id })).toMatchObject({
      status: 'cancelled',
    })
    expect(await db.$count(attempts, or(isNull(attempts.endedAt), isNotNull(attempts.lockKey)))).toBe(0)
    expect(await db.$count(calls, isNotNull(calls.openPhone))).toBe(0)
    expect(sandbox.rang().map(({ to }) => to)).toEqual([phone, phone])
    expect(await sandbox.violations()).toEqual([])
  },
)

test.for(engines)(
  'a call (%s) that is longer than a stopping process may wait ends with it: its outcome is decided, all that was said is kept',
  async (engine, { onTestFinished }) => {
    const { talkif, served, sandbox, startMedia, said } = await open(onTestFinished, engine)
    // The rest of the call takes many times as long as the process waits.
    await talkif.configure({ sandbox: { pace: 3, waits: 900 } })
    const media = await startMedia({ TALKIF_DRAIN_SECONDS: '1' })
    const { call_id } = await talkif.api.createLead({ ...lead, phone: '+905321234569' })
    const before = await said(call_id, 2)
    const gone = once(media.child, 'exit')
    media.child.kill('SIGTERM')
    const [status] = await gone
    expect([status, media.errors()]).toEqual([0, ''])
    const call = await talkif.finished(call_id)
    expect(call).toMatchObject({ status: 'completed', outcome: 'no_answer', reason: 'shutdown' })
    expect(call.transcript!.slice(0, before.length)).toMatchObject(before.map(({ role, text }) => ({ role, text })))
    expect(await served.runtime.db.$count(attempts, isNull(attempts.endedAt))).toBe(0)
    expect(await sandbox.violations()).toEqual([])
  },
)

test('a second signal does not wait, however fast they come', async ({ onTestFinished }) => {
  const script = `
    import { untilStopped } from ${JSON.stringify(new URL('../../cli/until-stopped.ts', import.meta.url).href)}
    const close = () => new Promise((resolve) => setTimeout(resolve, 600_000))
    const start = async () => {
      // What serves keeps the process alive.
      setInterval(() => {}, 60_000)
      console.log('It serves.')
      return { close }
    }
    await untilStopped(start, () => 600_000, () => {})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const gone = once(child, 'exit')
  await once(child.stdout, 'data')
  for (let i = 0; i < 5; i++) child.kill('SIGTERM')
  // Rarely enough that none of them meets a process that is leaving, which hears signals no more.
  const hammer = setInterval(() => child.kill('SIGTERM'), 600)
  const [status] = await gone
  clearInterval(hammer)
  expect(status).toBe(130)
})
