import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { serve } from '../../cli/serve.ts'
import { readConfig } from '../../runtime/config.ts'
import { inArray } from '../../runtime/db/drizzle.ts'
import { history } from '../../runtime/db/schema.ts'
import { openLog } from '../../runtime/log.ts'
import { freshDatabase } from '../harness/database.ts'
import { freePort } from '../harness/ports.ts'
import { startSandboxProcess } from '../harness/processes.ts'
import { freshDataDir, openWorkspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const FLOW = `
id: flow_away
match: {source: form}
agent: {greeting: "Hi, an AI assistant for {business}, on a recorded call. A minute?"}
`
const phones = Array.from({ length: 6 }, (_, i) => `+1202555020${i}`)

test('a carrier that cannot be reached is tried now and then by one call; the others wait, and each rings once when it is back', async ({
  onTestFinished,
}) => {
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const sandbox = await startSandboxProcess(database.url, { callee: { hangsUpAfterMs: 500 } })
  onTestFinished(sandbox.close)
  const data = freshDataDir()
  onTestFinished(data.drop)
  const port = await freePort()
  const environment = { PORT: '0', DATABASE_URL: database.url, TALKIF_DATA_DIR: data.path }
  const config = readConfig({ ...environment, TALKIF_SANDBOX_URL: `http://127.0.0.1:${port}` })
  const served = await serve({ ...config, allowLoopbackWebhooks: true }, { log: openLog('silent') })
  onTestFinished(() => served.close())
  const { db } = served.runtime
  const talkif = await openWorkspace(served)
  onTestFinished(talkif.inbox.close)
  await talkif.configure({ sandbox: { pace: 1, waits: 60 } })
  await talkif.deploy(FLOW)
  const lead = { source: 'form', flow_id: 'flow_away', language: 'en', consent: true } as const
  const ids = await Promise.all(phones.map(async (phone) => (await talkif.api.createLead({ ...lead, phone })).call_id))
  const eventsOf = async (event: string) =>
    (await db.select().from(history).where(inArray(history.callId, ids))).filter((it) => it.event === event).length
  const all = async () => Promise.all(ids.map((id) => talkif.api.getCall({ id })))

  await until(async () => (await eventsOf('not_placed')) >= 3)
  await until(async () => (await all()).every(({ reason }) => reason === 'carrier_unavailable'))
  for (const call of await all()) expect(call).toMatchObject({ status: 'queued', attempts: [] })

  const target = new URL(sandbox.url)
  const way = createServer((socket) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [one, other] of [
      [socket, far],
      [far, socket],
    ] as const) {
      one.pipe(other)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
    }
  })
  onTestFinished(() => void way.close())
  way.listen(port, '127.0.0.1')
  await once(way, 'listening')
  for (const id of ids) expect(await talkif.finished(id)).toMatchObject({ outcome: 'not_fit', reason: 'hung_up' })
  expect(
    sandbox
      .rang()
      .map(({ to }) => to)
      .toSorted(),
  ).toEqual(phones)
  // Each once before anybody knew, one for each wait of 1, 2 and 4 seconds, and one that met its end.
  expect(await eventsOf('not_placed')).toBeLessThanOrEqual(phones.length + 4)
})
