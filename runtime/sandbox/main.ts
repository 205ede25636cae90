import { openSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { elastic, systemClock } from '../clock.ts'
import { type SandboxOptions, startSandbox } from './server.ts'

/**
 * A sandbox in a process of its own, for tests that kill the others:
 *   node runtime/sandbox/main.ts '{"credentials": {…}, "rangLog": "rang.jsonl", "cacheDir": "…", "port": 0, "chaos": {…}}'
 * Prints one line, `{"url": …}`, when it is ready. Every phone that rings is a line of `rangLog` before anybody is told of it.
 */
interface Configuration extends Omit<SandboxOptions, 'clock' | 'log'> {
  rangLog?: string
  /** Everything that happens, to standard error. */
  verbose?: boolean
}

const { positionals } = parseArgs({ allowPositionals: true })
const { rangLog, verbose, ...options } = JSON.parse(positionals[0] ?? '{}') as Configuration
const file = rangLog === undefined ? undefined : openSync(rangLog, 'a')

const sandbox = await startSandbox({
  ...options,
  clock: elastic(systemClock),
  log(line) {
    const text = `${JSON.stringify(line)}\n`
    if (file !== undefined && 'event' in line && line.event === 'rang') writeSync(file, text)
    if (verbose) process.stderr.write(text)
  },
})
process.stdout.write(`${JSON.stringify({ url: sandbox.url })}\n`)
process.once('SIGTERM', () => void sandbox.close())
process.once('SIGINT', () => void sandbox.close())
