import { expect, test } from 'vitest'
import { serve } from '../../cli/serve.ts'
import { readConfig } from '../../runtime/config.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { messages } from '../../runtime/db/schema.ts'
import { openLog } from '../../runtime/log.ts'
import type { MessageRecord } from '../../runtime/sandbox/server.ts'
import { between } from '../harness/between.ts'
import { freshDatabase } from '../harness/database.ts'
import { freePort } from '../harness/ports.ts'
import { startSandboxProcess, startServerProcess } from '../harness/processes.ts'
import { freshDataDir, openWorkspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'
import { cameTo, messagesOf, passTime } from './world.ts'

const flow = `
id: flow_missed
match: {source: form}
on: {no_answer: 'sms("missed")'}
`
const lead = { source: 'form', flow_id: 'flow_missed', language: 'en', consent: true } as const
/** Everybody lets it ring, and the first text is accepted long after whoever sent it is dead. */
const chaos = {
  callee: { answersOneOf: 1_000_000 },
  messages: { lateMs: 600_000, times: 1 },
  callbacks: { dropped: ['sent', 'delivered'] },
}
const afterTheRequest = '+905321110001'
const beforeTheRequest = '+905321110002'

test('a worker killed after it asked for a text, and one killed before: nobody gets two, and nobody none', {
  timeout: 300_000,
}, async ({ onTestFinished }) => {
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const data = freshDataDir()
  onTestFinished(data.drop)
  const sandbox = await startSandboxProcess(database.url, chaos)
  onTestFinished(sandbox.close)
  const config = readConfig({ PORT: '0', DATABASE_URL: database.url, TALKIF_SANDBOX_URL: sandbox.url })
  const roles = { api: true, worker: false, media: false }
  const served = await serve({ ...config, allowLoopbackWebhooks: true }, { roles, log: openLog('fatal') })
  onTestFinished(() => served.close())
  const talkif = await openWorkspace(served)
  onTestFinished(() => talkif.inbox.close())
  await talkif.configure({ templates: [{ name: 'missed', sms: 'We tried to call you.' }] })
  await talkif.deploy(flow)
  const startWorker = async () => {
    const place = { databaseUrl: database.url, sandboxUrl: sandbox.url, dataDir: data.path, port: await freePort() }
    const process = await startServerProcess(place, { api: false, worker: true, media: true })
    onTestFinished(process.kill)
    return process
  }
  const miss = async (phone: string) => (await talkif.api.createLead({ ...lead, phone })).call_id
  /** The carrier's own list of what it was asked to send. */
  const textsTo = async (phone: string) => {
    const all = (await (await fetch(`${sandbox.url}/messages`)).json()) as MessageRecord[]
    return all.filter(({ to }) => to === phone)
  }

  const first = await startWorker()
  const asked = await miss(afterTheRequest)
  await until(async () => (await textsTo(afterTheRequest)).length > 0)
  await first.kill()
  const [unheard] = await messagesOf(served, asked)
  expect(unheard).toMatchObject({ status: 'sending', tries: 1, carrierId: null })

  const second = await startWorker()
  const unasked = await between(database.url, {
    ...{ table: 'messages', write: 'update' },
    when: `new.status = 'sending' and new.to_phone = '${beforeTheRequest}'`,
    begin: () => miss(beforeTheRequest),
    act: second.kill,
  })
  const [claimed] = await messagesOf(served, unasked)
  expect(claimed).toMatchObject({ status: 'sending', tries: 1, carrierId: null })
  expect(await textsTo(beforeTheRequest)).toEqual([])

  // The next one asks the carrier first: it has one of them, and that is adopted; the other is sent now.
  await startWorker()
  await passTime(served, unheard!.id)
  await passTime(served, claimed!.id)
  const [text] = await textsTo(afterTheRequest)
  const [adopted, again] = await Promise.all([cameTo(served, asked, 'delivered'), cameTo(served, unasked, 'queued')])
  expect(adopted).toMatchObject({ tries: 1, carrierId: text!.sid })
  expect(again).toMatchObject({ why: 'the carrier knows of no such message' })
  await passTime(served, claimed!.id)
  expect(await cameTo(served, unasked, 'accepted', 'sent', 'delivered')).toMatchObject({ tries: 2 })
  expect(await textsTo(afterTheRequest)).toHaveLength(1)
  expect(await textsTo(beforeTheRequest)).toHaveLength(1)
  expect(await served.runtime.db.$count(messages, eq(messages.direction, 'out'))).toBe(2)
  expect(await sandbox.violations()).toEqual([])
})
