import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { eq } from '../../runtime/db/drizzle.ts'
import { endpoints } from '../../runtime/db/schema.ts'
import { newId } from '../../runtime/ids.ts'
import { command, test } from './command.ts'
import { folder } from './processes.ts'

interface Report {
  ok: boolean
  findings: { what: string; state: string; found: string; mend?: string }[]
}

const of = ({ findings }: Report, what: string) => findings.filter((it) => it.what === what)

test('a server that is well, on a database that is', async ({ cli, served, talkif }) => {
  const env = {
    DATABASE_URL: served.runtime.config.databaseUrl!,
    PORT: new URL(talkif.url).port,
    TALKIF_DATA_DIR: folder(),
  }
  const { status, out, err } = await cli(['doctor', '--json'], { env })
  const report = JSON.parse(out) as Report
  expect([status, err, report.ok]).toEqual([0, '', true])
  expect(report.findings.map(({ what, state }) => [what, state])).toEqual([
    ['versions', 'ok'],
    ['configuration', 'ok'],
    ['disk', 'ok'],
    ['port', 'ok'],
    ['database', 'ok'],
    ['tables', 'ok'],
    ['database clock', 'ok'],
    ['carrier', 'ok'],
    ['server', 'ok'],
    ['server clock', 'ok'],
    ['key', 'ok'],
    ['webhook', 'ok'],
  ])
  expect(of(report, 'port')[0]!.found).toContain("is this Talkif's")
  expect(of(report, 'database')[0]!.found).toMatch(/^PostgreSQL \d+/)
})

test('what is wrong, each with its mend, and status 1', async ({ cli, served, talkif }) => {
  const { db } = served.runtime
  const disabled = { disabledAt: new Date(), disabledReason: 'it answered 410 Gone' }
  await db.update(endpoints).set(disabled).where(eq(endpoints.workspaceId, talkif.workspaceId))
  await db.insert(endpoints).values({
    ...{ id: newId('whe'), workspaceId: talkif.workspaceId, url: 'https://crm.example/', events: [], secret: 'x' },
    ...{ failingSince: new Date(), createdAt: new Date() },
  })
  await using vendor = await openVendor()
  const env = {
    DATABASE_URL: 'postgres://talkif:secret-word@127.0.0.1:9/talkif',
    PORT: String(vendor.port),
    PUBLIC_URL: 'http://talkif.example',
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: 'secret-token',
    TWILIO_API_BASE_URL: vendor.url,
    OPENAI_API_KEY: 'secret-key',
    OPENAI_BASE_URL: `${vendor.url}/v1`,
  }
  const { status, out, err } = await cli(['doctor'], { env })
  expect([status, err]).toEqual([1, ''])
  for (const [what, found, mend] of [
    ['port', `${vendor.port} is taken by another program`, `PORT=${vendor.port + 1}`],
    ['database', 'it does not answer', 'mend DATABASE_URL'],
    ['carrier', 'Twilio refuses the credentials', 'Mend TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN'],
    ['engine', 'this key has no model gpt-realtime', 'OPENAI_REALTIME_MODEL'],
    ['public URL', 'http://talkif.example is not https', 'Set PUBLIC_URL'],
    ['webhook', 'https://crm.example/ has taken nothing since', 'talkif webhooks test whe_'],
    ['webhook', 'is disabled: it answered 410 Gone', 'talkif webhooks recover whe_'],
  ])
    expect(out).toMatch(new RegExp(`✗ ${what} +.*${found}.*\\n +→ .*${mend}`))
  expect(out).not.toMatch(/secret-/)
})

test('nobody there, a key that may not look, and every fault of the environment', async ({ talkif }) => {
  const port = '0'
  const url = 'http://127.0.0.1:9'
  const found = `none answers at ${url}`
  const named = await command(['doctor', '--json'], { env: { PORT: port, TALKIF_URL: url } })
  expect(named.status).toBe(1)
  expect(of(JSON.parse(named.out), 'server')).toEqual([expect.objectContaining({ state: 'fail', found })])
  // One may ask before anything was started.
  const data = folder()
  writeFileSync(join(data, 'dev.json'), JSON.stringify({ url, test_key: 'tk_test_x' }))
  const nobody = await command(['doctor', '--json'], { env: { PORT: port, TALKIF_DATA_DIR: data } })
  expect(nobody.status).toBe(0)
  expect(of(JSON.parse(nobody.out), 'server')).toEqual([expect.objectContaining({ state: 'warn', found })])
  const { key } = await talkif.newKey({ scopes: ['calls:read'] })
  const few = await command(['doctor', '--json'], { env: { PORT: port, TALKIF_URL: talkif.url, TALKIF_KEY: key } })
  expect(of(JSON.parse(few.out), 'key')[0]).toMatchObject({ state: 'warn', mend: expect.stringContaining('scopes') })
  const wrong = await command(['doctor', '--json'], {
    env: { PORT: port, TALKIF_URL: talkif.url, TALKIF_KEY: 'tk_test_x' },
  })
  expect([wrong.status, of(JSON.parse(wrong.out), 'key')[0]!.state]).toEqual([1, 'fail'])
  const faulty = await command(['doctor'], { env: { PORT: '99999', TALKIF_LOG_LEVEL: 'loud', TALKIF_URL: talkif.url } })
  expect(faulty.status).toBe(1)
  expect(faulty.out).toMatch(/✗ configuration {2}PORT: .*\n +TALKIF_LOG_LEVEL: /)
  const astray = await command(['doctor'], { env: { PORT: port, TALKIF_URL: 'talkif.example' } })
  expect(astray.out).toMatch(
    /✗ configuration {2}TALKIF_URL talkif\.example is no URL.*\n +→ Write http:\/\/talkif\.example\./,
  )
})

/** Twilio and OpenAI as they answer wrong credentials and an unknown model; not a Talkif server. */
async function openVendor() {
  const server = createServer((request, response) => {
    const status = request.url!.startsWith('/2010-04-01/Accounts/') ? 401 : 404
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()))
  return { port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close }
}
