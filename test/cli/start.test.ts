import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sandboxPeople } from '../../openapi/sandbox-people.ts'
import type { Call } from '../../openapi/schemas/call.ts'
import { freePort } from '../harness/ports.ts'
import { pricingYaml } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'
import {
  cleanUp,
  folder,
  isAlive,
  isFree,
  isRoot,
  nobody,
  postgresOf,
  postmaster,
  type Run,
  talkif,
  typed,
  withSpeech,
} from './processes.ts'

/** `npm start` as it is: a process of its own, its own folder, its own port, its own PostgreSQL. */

interface DevFile {
  url: string
  test_key: string
  webhook_secret: string
}

const devFileOf = (dataDir: string) => JSON.parse(readFileSync(join(dataDir, 'dev.json'), 'utf8')) as DevFile

async function get({ url, test_key }: DevFile, path: string) {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${test_key}` } })
  return { status: response.status, body: (await response.json()) as Call }
}

/** Where speech was rendered before: the first start of a newcomer is the business of one test. */
const usedFolder = () => withSpeech(folder())

/** The rows of the trace as they were printed: name and status. */
const milestonesIn = (output: string) =>
  [...output.matchAll(/^ {2}\d\d:\d\d:\d\d\.\d{3} {2}(\S+) +(\S+) +(\d+ms|\d+\.\d\ds)$/gm)].map(([, name, status]) => [
    name,
    status,
  ])

async function stopped(run: Run, dataDir: string, port: number): Promise<void> {
  const pid = postmaster(dataDir)!
  expect(isAlive(pid)).toBe(true)
  run.child.kill('SIGINT')
  expect(await run.ended, run.output()).toBe(0)
  expect(run.output()).toContain('Stopped.')
  expect(run.errors()).toBe('')
  expect(isAlive(pid)).toBe(false)
  expect(postmaster(dataDir)).toBe(undefined)
  expect(await isFree(port)).toBe(true)
}

describe.concurrent('talkif dev', () => {
  test('shows a newcomer the whole way, survives kill -9, and finds its data again', async () => {
    const [dataDir, otherDir] = [folder(), folder()]
    const port = await freePort()
    const env = { TALKIF_DATA_DIR: dataDir, PORT: String(port) }
    const runs: Run[] = []
    const dev = (more: Record<string, string> = {}) => {
      const run = talkif(['dev'], { env: { ...env, ...more } })
      runs.push(run)
      return run
    }
    try {
      const first = dev()
      const readyAt = await first.said('Time-lapse:')
      const done = first.said('Staying up at')

      // A port that is taken, and a folder that is: said clearly, and nothing is left behind.
      const onTakenPort = dev({ TALKIF_DATA_DIR: otherDir })
      const onTakenFolder = dev({ PORT: String(await freePort()) })
      expect(await onTakenPort.ended).toBe(1)
      expect(onTakenPort.errors()).toBe(
        `Port ${port} is taken. Stop the program that uses it, or choose another port: set PORT=${port + 1}.\n`,
      )
      expect(readdirSync(otherDir)).toEqual([])
      expect(await onTakenFolder.ended).toBe(1)
      expect(onTakenFolder.errors()).toBe(
        `Another Talkif process is using ${dataDir}. Stop it, or set TALKIF_DATA_DIR to another folder.\n`,
      )

      // Ten seconds or so where nothing else runs; thirty are promised.
      expect((await done) - readyAt, first.output()).toBeLessThan(120_000)
      const shown = first.output()
      expect(first.errors()).toBe('')
      expect(milestonesIn(shown)).toEqual([
        ['lead.received', 'ok'],
        ['flow.match', 'ok'],
        ['queue.enqueue', 'ok'],
        ['dial.start', 'ok'],
        ['call.answered', 'ok'],
        ['qualify.done', 'qualified'],
        ['outcome.write', 'booked'],
        ['webhook.out', 'ok'],
      ])
      expect(shown).toContain('WEBHOOK outcome.booked · signed · hmac-sha256, verified')
      expect(shown).toContain('8 milestones')
      expect(shown).toMatch(/Time-lapse: conversations run \d+ times/)
      const hook = JSON.parse(shown.slice(shown.indexOf('\n{\n'), shown.indexOf('\n}\n') + 2))
      expect(hook).toMatchObject({ event: 'outcome.booked', outcome: 'booked', qualified: true, test: true })

      const file = devFileOf(dataDir)
      expect(file).toEqual({
        url: `http://127.0.0.1:${port}`,
        test_key: expect.stringMatching(/^tk_test_[\w-]{32}$/),
        webhook_secret: expect.stringMatching(/^whsec_/),
      })
      expect(statSync(join(dataDir, 'dev.json')).mode & 0o777).toBe(0o600)
      expect(shown).toContain(file.test_key)
      // The curl that is shown works as it is pasted.
      const pasted = /-d '(\{.*\})'/.exec(shown)![1]!
      const posted = await fetch(`${file.url}/v1/leads`, {
        method: 'POST',
        headers: { authorization: `Bearer ${file.test_key}`, 'content-type': 'application/json' },
        body: pasted,
      })
      expect(posted.status).toBe(202)
      const before = await get(file, `/v1/calls/${hook.call_id}?include=transcript`)
      expect([before.status, before.body.outcome]).toEqual([200, 'booked'])

      // What the user made of the demo workspace is theirs.
      const ask = (method: string, path: string, type: string, body: string) =>
        fetch(`${file.url}${path}`, {
          ...{ method, body },
          headers: { authorization: `Bearer ${file.test_key}`, 'content-type': type },
        })
      const changed = pricingYaml.replace('22:00-09:00', '21:00-09:00')
      expect((await ask('POST', '/v1/flows', 'application/yaml', changed)).status).toBe(200)
      for (const url of ['http://127.0.0.1:19250/hook', 'https://example.com/dev/inbox']) {
        const body = JSON.stringify({ webhooks: [{ url, events: ['outcome.*'] }] })
        const put = await ask('PUT', '/workspace', 'application/json', body)
        expect(put.status, await put.text()).toBe(200)
      }

      // Killed, it leaves its PostgreSQL behind; the next start takes it over, with everything in it.
      const pid = postmaster(dataDir)!
      first.child.kill('SIGKILL')
      await first.ended
      expect(isAlive(pid)).toBe(true)
      const second = dev()
      await second.said('Time-lapse:')
      expect(second.output()).toContain('found running and adopted')
      expect(postmaster(dataDir)).toBe(pid)
      expect(devFileOf(dataDir)).toEqual({ ...file, webhook_secret: expect.stringMatching(/^whsec_/) })
      expect((await get(file, '/v1/flows/flow_pricing_v3')).body).toMatchObject({ version: 2 })
      const workspace = (await get(file, '/workspace')).body as unknown as { webhooks: { url: string }[] }
      expect(workspace.webhooks.map(({ url }) => url).toSorted()).toEqual([
        `${file.url}/dev/inbox`,
        'https://example.com/dev/inbox',
      ])
      expect((await get(file, `/v1/calls/${hook.call_id}?include=transcript`)).body).toMatchObject({
        id: hook.call_id,
        outcome: 'booked',
        transcript: before.body.transcript,
      })
      // A flow that takes no such lead any more is no reason not to start.
      const quotes = changed.replace('intent: pricing', 'intent: quotes')
      expect((await ask('POST', '/v1/flows', 'application/yaml', quotes)).status).toBe(200)
      // In the middle of the next demo call.
      await second.said('dial.start')
      await stopped(second, dataDir, port)

      // A start after an orderly end; the key that was lost is replaced, the old one still counts.
      rmSync(join(dataDir, 'dev.json'))
      const third = dev()
      await third.said('Time-lapse:')
      expect(third.output()).toContain('PostgreSQL from npm, started for you')
      await third.said('Staying up')
      expect(third.output()).toContain('No demo call: No flow takes this lead')
      const renewed = devFileOf(dataDir)
      expect(renewed.test_key).not.toBe(file.test_key)
      for (const { test_key } of [renewed, file]) {
        expect((await get({ ...file, test_key }, `/v1/calls/${hook.call_id}`)).body.outcome).toBe('booked')
      }
      await stopped(third, dataDir, port)
    } finally {
      await cleanUp(dataDir, ...runs)
      await cleanUp(otherDir)
    }
  })

  test('stops everything also when it is told so while it starts', async () => {
    const dataDir = usedFolder()
    const port = await freePort()
    const run = talkif(['dev'], { env: { TALKIF_DATA_DIR: dataDir, PORT: String(port) } })
    try {
      await Promise.race([listening(port), run.ended.then(() => expect.fail(run.output()))])
      run.child.kill('SIGINT')
      expect(await run.ended, run.output()).toBe(0)
      expect(postmaster(dataDir)).toBe(undefined)
      expect(await isFree(port)).toBe(true)
    } finally {
      await cleanUp(dataDir, run)
    }
  })

  /** Whether somebody without rights could run this checkout at all. */
  const isOpen = () => {
    for (let path = process.execPath; path !== '/'; path = join(path, '..'))
      if (!(statSync(path).mode & 0o001)) return false
    for (let path = import.meta.dirname; path !== '/'; path = join(path, '..'))
      if (!(statSync(path).mode & 0o001)) return false
    return true
  }

  test.runIf(isRoot && isOpen())('runs as a user without any rights', async () => {
    const dataDir = folder({ mode: 0o700, user: nobody })
    const port = await freePort()
    const run = talkif(['dev'], { env: { TALKIF_DATA_DIR: dataDir, PORT: String(port) }, user: nobody })
    try {
      await run.said('Time-lapse:')
      expect(statSync(join(dataDir, 'dev.json')).uid).toBe(nobody.uid)
      expect(statSync(join(dataDir, 'postgres')).uid).toBe(nobody.uid)
      await stopped(run, dataDir, port)
    } finally {
      await cleanUp(dataDir, run)
    }
  })

  test.runIf(isRoot && canWrite('/var/lib'))('runs as root where root alone may look', async () => {
    const above = folder({ mode: 0o700 })
    const dataDir = join(above, 'data', '.talkif')
    const port = await freePort()
    const run = talkif(['dev'], { env: { TALKIF_DATA_DIR: dataDir, PORT: String(port) } })
    try {
      await run.said('Time-lapse:')
      // PostgreSQL does not run as root, and its user cannot come here.
      expect(existsSync(join(dataDir, 'postgres'))).toBe(false)
      expect(postgresOf(dataDir)).toMatch(/^\/var\/lib\/talkif\/[0-9a-f]{16}$/)
      expect(statSync(postgresOf(dataDir)).mode & 0o777).toBe(0o700)
      expect(statSync(join(dataDir, 'postgres-password')).mode & 0o777).toBe(0o600)
      await stopped(run, dataDir, port)
    } finally {
      await cleanUp(dataDir, run)
      await cleanUp(above)
    }
  })
})

describe('npm start stops everything when', () => {
  test.for([
    { how: 'Ctrl-C, also where another program keeps what it prints', line: 'npm start | tee log', signal: 'SIGINT' },
    { how: 'its terminal is closed', line: 'npm start', signal: 'SIGHUP' },
    { how: 'nobody reads what it prints any more', line: 'npm start | head -15' },
  ] as { how: string; line: string; signal?: NodeJS.Signals }[])('$how', async ({ line, signal }) => {
    const dataDir = usedFolder()
    const port = await freePort()
    const env = { TALKIF_DATA_DIR: dataDir, PORT: String(port) }
    const run = typed(line.replace('log', join(dataDir, 'log')), { env })
    try {
      await run.said('PostgreSQL from npm')
      const pid = postmaster(dataDir)!
      expect(isAlive(pid)).toBe(true)
      if (signal) {
        await run.said('dial.start')
        run.signal(signal)
      }
      await run.ended
      expect(isAlive(pid)).toBe(false)
      expect(postmaster(dataDir)).toBe(undefined)
      expect(await isFree(port)).toBe(true)
      expect(run.errors()).toBe('')
    } finally {
      run.signal('SIGKILL')
      await cleanUp(dataDir, run)
    }
  })
})

describe('what cannot start says why', () => {
  test('every fault of the environment at once', async () => {
    const dataDir = folder()
    const env = {
      TALKIF_DATA_DIR: dataDir,
      PORT: '99999',
      DATABASE_URL: 'mysql://localhost/x',
      TALKIF_LOG_LEVEL: 'loud',
      TWILIO_ACCOUNT_SID: 'AC-secret-looking',
      OPENAI_BASE_URL: 'not a url',
      OPENAI_TEXT_BASE_URL: 'http://127.0.0.1:11434/v1',
    }
    try {
      for (const command of ['dev', 'serve']) {
        const run = talkif([command], { env })
        expect(await run.ended).toBe(1)
        expect(run.output()).toBe(run.errors())
        const [heading, ...faults] = run.errors().trimEnd().split('\n')
        expect(heading).toBe('The environment has faults; mend them and start again:')
        const names = faults.map((line) => /^ {2}([A-Z_]+): ./.exec(line)?.[1])
        expect(new Set(names)).toEqual(
          new Set([
            'PORT',
            'DATABASE_URL',
            'TALKIF_LOG_LEVEL',
            'TWILIO_ACCOUNT_SID',
            'OPENAI_BASE_URL',
            'TWILIO_AUTH_TOKEN',
            'OPENAI_API_KEY',
            'OPENAI_TEXT_API_KEY',
            'PUBLIC_URL',
          ]),
        )
        expect(run.errors()).not.toContain('AC-secret-looking')
      }
      expect(readdirSync(dataDir)).toEqual([])
    } finally {
      await cleanUp(dataDir)
    }
  })

  test('a role that does not exist, a command that does not exist', async () => {
    const role = talkif(['serve', '--role', 'api,dj'])
    expect(await role.ended).toBe(1)
    expect(role.errors()).toContain('There is no role dj.')
    const asJson = talkif(['serve', '--role', 'api,dj', '--json'])
    expect(await asJson.ended).toBe(1)
    expect(JSON.parse(asJson.errors())).toMatchObject({
      error: { detail: expect.stringContaining('There is no role dj.') },
    })
    const command = talkif(['dance'])
    expect(await command.ended).toBe(1)
    expect(command.errors()).toContain("Unknown command 'dance'")
  })
})

describe('talkif sandbox', () => {
  test('lists the people of the sandbox, for people and for scripts', async () => {
    const [text, json] = [talkif(['sandbox']), talkif(['sandbox', '--json'])]
    expect([await text.ended, await json.ended]).toEqual([0, 0])
    const lines = text.output().trimEnd().split('\n')
    expect(lines.length).toBe(sandboxPeople.length + 1)
    for (const [index, { number, summary }] of sandboxPeople.entries()) {
      expect(lines[index]).toContain(number)
      expect(lines[index]).toContain(summary)
    }
    expect(JSON.parse(json.output())).toEqual(sandboxPeople)
    expect(text.errors() + json.errors()).toBe('')
  })
})

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Resolves once a server answers at `port`, ready or not. */
const listening = (port: number) => until(() => fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))
