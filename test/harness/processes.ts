import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from '../../runtime/db/connect.ts'

import { deploymentSecrets } from '../../runtime/db/schema.ts'
import type { DeploymentSecrets } from '../../runtime/deps.ts'
import { SANDBOX_ACCOUNT } from '../../runtime/networks.ts'
import type { Chaos, RangCall, Violation } from '../../runtime/sandbox/server.ts'
import { compiledDir, speechDir } from './cache.ts'

const root = join(import.meta.dirname, '../..')

/** A program of this repository in a process of its own. */
export interface Process {
  child: ChildProcess
  /** What it said when it was ready. */
  url: string
  /** Everything it wrote to standard error, the last 8 kB of it. */
  errors(): string
  /** Ends it as the kernel does, and resolves when it is gone. */
  kill(): Promise<void>
}

/** @throws Error with what it wrote, when it ends before it is ready. */
export async function start(script: string, argument: object): Promise<Process> {
  const child = spawn(process.execPath, [join(root, script), JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiledDir },
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(-8_000)
  })
  const gone = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await gone
  }
  const said = once(createInterface({ input: child.stdout }), 'line')
  const line = await Promise.race([said, gone.then(() => undefined)])
  if (!line) throw new Error(`${script} ended before it was ready:\n${errors}`)
  return { child, url: JSON.parse(line[0]).url, errors: () => errors, kill }
}

export interface Roles {
  api: boolean
  worker: boolean
  media: boolean
}

export interface ServerPlace {
  port: number
  databaseUrl: string
  sandboxUrl: string
  dataDir: string
}

/** A server like `talkif serve --role …`. */
export function startServerProcess(
  { port, databaseUrl, sandboxUrl, dataDir }: ServerPlace,
  roles: Roles,
  more: Record<string, string> = {},
): Promise<Process> {
  const env = {
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: databaseUrl,
    TALKIF_SANDBOX_URL: sandboxUrl,
    TALKIF_DATA_DIR: dataDir,
    ...more,
  }
  return start('test/harness/server-process.ts', { env, roles })
}

/** A sandbox in a process of its own: it outlives the servers that are killed, and knows what rang. */
export interface SandboxProcess extends Process {
  /** Every phone that rang, in order, also while nobody who asked for it lives any more. */
  rang(): RangCall[]
  violations(): Promise<Violation[]>
  close(): Promise<void>
}

export async function startSandboxProcess(databaseUrl: string, chaos: Chaos = {}): Promise<SandboxProcess> {
  const secrets = await plantSecrets(databaseUrl)
  const folder = mkdtempSync(join(tmpdir(), 'talkif-rang-'))
  const rangLog = join(folder, 'rang.jsonl')
  const credentials = {
    accountSid: SANDBOX_ACCOUNT,
    authToken: secrets.sandboxAuthToken,
    apiKey: secrets.sandboxApiKey,
  }
  const sandbox = await start('runtime/sandbox/main.ts', {
    credentials,
    rangLog,
    chaos,
    cacheDir: speechDir,
  })
  return {
    ...sandbox,
    rang: () =>
      readFileSync(rangLog, 'utf8')
        .split('\n')
        // The last is empty, or is being written.
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    violations: async () => (await fetch(`${sandbox.url}/violations`)).json() as Promise<Violation[]>,
    async close() {
      await sandbox.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The secrets that the first server of a deployment would make, made now: the sandbox has to know them before it. */
async function plantSecrets(databaseUrl: string): Promise<DeploymentSecrets> {
  const secrets = { artifactLinks: '', sandboxAuthToken: '', sandboxApiKey: '' }
  const { sql, db } = connect(databaseUrl, 1)
  const names = Object.keys(secrets) as (keyof DeploymentSecrets)[]
  for (const name of names) secrets[name] = randomBytes(32).toString('base64url')
  await db.insert(deploymentSecrets).values(names.map((name) => ({ name, value: secrets[name] })))
  await sql.end()
  return secrets
}
