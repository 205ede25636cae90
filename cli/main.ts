#!/usr/bin/env node
import { Command } from 'commander'
import { scopes } from '../openapi/operation.ts'
import { sandboxPeople } from '../openapi/sandbox-people.ts'
import { createKey } from '../runtime/access/keys.ts'
import { createWorkspace } from '../runtime/access/workspaces.ts'
import { ownConfig } from '../runtime/config.ts'
import { workspaces } from '../runtime/db/schema.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { version } from '../runtime/version.ts'
import { dev } from './dev.ts'
import { type McpOptions, mcp } from './mcp.ts'
import { type Served, serve } from './serve.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** How long running calls may take to end after SIGTERM; a second signal does not wait. */
const DRAIN_MS = { dev: 0, serve: 120_000 }

const program = new Command('talkif')
  .description('Wire a lead event, Talkif dials it.')
  .version(version)
  .showHelpAfterError()

program
  .command('dev')
  .description('start everything on this machine: database, demo workspace, sandbox phone network, one demo call')
  .action(() => run((signal) => dev(ownConfig(), print, signal), DRAIN_MS.dev))

program
  .command('serve')
  .description('run the server; its configuration is in the environment (see docs/operating.md)')
  .option(
    '--role <roles>',
    'what this process does: api, worker, media, or several separated by commas',
    'api,worker,media',
  )
  .action(({ role }: { role: string }) => run(() => serveForever(role), DRAIN_MS.serve))

program
  .command('sandbox')
  .description('list the people of the sandbox phone network, whom a test key calls')
  .option('--json', 'as JSON')
  .action(({ json }: { json?: boolean }) => {
    if (json) return print(JSON.stringify(sandboxPeople, null, 2))
    for (const { number, summary, outcome } of sandboxPeople) print(`${number}  ${summary}  → ${outcome}`)
    print('Every other number behaves like the first.')
  })

program
  .command('mcp')
  .description('serve the tools to an agent over stdin and stdout (MCP); the work is done by the server at --url')
  .option('--url <url>', 'of the Talkif server; TALKIF_URL, else http://127.0.0.1:8787')
  .option('--key <key>', 'API key; better in TALKIF_KEY, where other users of the machine cannot read it')
  .option('--readonly', 'offer only the tools that change nothing')
  .action((options: McpOptions) => {
    try {
      mcp(options)
    } catch (error) {
      program.error((error as Error).message)
    }
  })

async function serveForever(role: string): Promise<Served> {
  const names = role.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !['api', 'worker', 'media'].includes(name))
  if (unknown) throw new Error(`There is no role ${unknown}. Use api, worker, media, or several separated by commas.`)
  const has = (name: string) => names.includes(name)
  const served = await serve(ownConfig(), { roles: { api: has('api'), worker: has('worker'), media: has('media') } })
  await firstKey(served.runtime)
  print(`Talkif ${version} serves ${names.join(', ')} at ${served.url}`)
  return served
}

/** An empty database has nobody who could ask for a key: the first administrator's is printed, once. */
async function firstKey(runtime: Runtime): Promise<void> {
  const [any] = await runtime.db.select({ id: workspaces.id }).from(workspaces).limit(1)
  if (any) return
  const workspaceId = await createWorkspace(runtime, { name: 'Workspace' })
  const { key } = await createKey(runtime, { workspaceId, mode: 'test', scopes: [...scopes] })
  print(`A workspace was created. Its first key, shown only now: ${key}`)
  print('With it, PUT /workspace configures it and POST /workspace/keys makes others, also for live calls.')
}

/** npm that is told to stop leaves its child running, with another parent: what it started stops too. */
function whenOrphaned(stop: () => void): NodeJS.Timeout {
  const parent = process.ppid
  return setInterval(() => process.ppid !== parent && stop(), 500)
}

/** Runs until a signal, then closes what was opened. The second Ctrl-C does not wait. */
async function run(start: (signal: AbortSignal) => Promise<Served>, drainMs: number): Promise<void> {
  const stopping = new AbortController()
  let firstAt = 0
  const onSignal = () => {
    // Terminals deliver one Ctrl-C to npm and to us, and npm hands its own on.
    if (stopping.signal.aborted && performance.now() - firstAt > 500) process.exit(130)
    firstAt = performance.now()
    stopping.abort()
  }
  process.on('SIGINT', onSignal)
  const orphaned = whenOrphaned(onSignal)
  process.on('SIGTERM', onSignal)
  try {
    const served = await start(stopping.signal)
    if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve))
    clearInterval(orphaned)
    print('\nStopping …')
    await served.close(drainMs)
    print('Stopped.')
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(1)
  }
}

await program.parseAsync()
