#!/usr/bin/env node
import { Command } from 'commander'
import { version } from '../runtime/version.ts'
import type { McpOptions } from './mcp.ts'
import { untilStopped } from './until-stopped.ts'

// Each command loads what it needs when it runs: the server behind some of them takes a second to load.

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
  .action(async () => {
    const { ownConfig } = await import('../runtime/config.ts')
    const { dev } = await import('./dev.ts')
    await untilStopped((signal) => dev(ownConfig(), print, signal), DRAIN_MS.dev, print)
  })

program
  .command('serve')
  .description('run the server; its configuration is in the environment (see docs/operating.md)')
  .option(
    '--role <roles>',
    'what this process does: api, worker, media, or several separated by commas',
    'api,worker,media',
  )
  .action(async ({ role }: { role: string }) => {
    const { ownConfig } = await import('../runtime/config.ts')
    const { serveForever } = await import('./serve-forever.ts')
    await untilStopped(() => serveForever(ownConfig(), role, print), DRAIN_MS.serve, print)
  })

program
  .command('sandbox')
  .description('list the people of the sandbox phone network, whom a test key calls')
  .option('--json', 'as JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const { sandboxPeople } = await import('../openapi/sandbox-people.ts')
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
  .action(async (options: McpOptions) => {
    const { mcp } = await import('./mcp.ts')
    try {
      mcp(options)
    } catch (error) {
      program.error((error as Error).message)
    }
  })

await program.parseAsync()
