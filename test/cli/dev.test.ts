import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { dev } from '../../cli/dev.ts'
import { readConfig } from '../../runtime/config.ts'
import { freshDatabase } from '../harness/database.ts'
import { freshDataDir, openWorkspace, people, startServer } from '../harness/talkif.ts'
import { command } from './command.ts'

test('a demo call that may not ring yet is told to be held, and the start is over', async ({ onTestFinished }) => {
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const data = freshDataDir()
  onTestFinished(data.drop)
  const config = readConfig({ PORT: '0', DATABASE_URL: database.url, TALKIF_DATA_DIR: data.path })
  const lines: string[] = []
  const start = (signal: AbortSignal) => dev(config, (line) => void lines.push(line), signal)
  const first = await start(AbortSignal.abort())
  const set = first.runtime.sql`
    update workspaces set document = jsonb_set(document::jsonb, '{sandbox,clock}', '"23:00"')`
  await set
  await first.close()
  lines.length = 0
  const second = await start(new AbortController().signal)
  onTestFinished(() => second.close())
  const shown = lines.join('\n')
  expect(shown).toMatch(
    /\nThe demo call is held until \d{4}-\S+Z: quiet_hours\. It rings by itself then;\nnpm run talkif/,
  )
  expect(shown).toContain('Staying up at')
})

test('HOST that is elsewhere is refused with what to set instead', async () => {
  const started = startServer({ environment: { HOST: '192.0.2.7' } })
  await expect(started).rejects.toMatchObject({
    message: 'HOST=192.0.2.7 is no address of this machine.',
    next: expect.stringContaining('HOST=0.0.0.0 listens at'),
  })
})

test('a port that is taken is told with what to set, to people and to programs', async ({ onTestFinished }) => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const env = { PORT: String(port), HOST: '127.0.0.1', DATABASE_URL: database.url }
  const next = `Stop the program that uses it, or choose another port: set PORT=${port + 1}.`
  const people = await command(['serve'], { env })
  expect(people).toMatchObject({ status: 1, err: `Port ${port} is taken. ${next}\n` })
  const programs = await command(['serve', '--json'], { env })
  expect(JSON.parse(programs.err).error).toEqual({ detail: `Port ${port} is taken.`, suggested_action: next })
})

test('a server that listens at one address is reached there, and finds itself', async ({ onTestFinished }) => {
  const served = await startServer({ environment: { HOST: '127.0.0.2' } })
  onTestFinished(served.drop)
  expect((await fetch(`${served.url.replace('127.0.0.1', '127.0.0.2')}/healthz`)).status).toBe(200)
  const talkif = await openWorkspace(served)
  onTestFinished(talkif.inbox.close)
  const lead = { source: 'web_form', intent: 'pricing', phone: people.wrong_number, consent: true } as const
  const { call_id } = await talkif.api.createLead(lead)
  expect(await talkif.finished(call_id)).toMatchObject({ outcome: 'wrong_number' })
})
