import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test as base } from '../harness/talkif.ts'
import type { Asked, Ended } from './command-process.ts'
import { folder, talkif, usualEnv } from './processes.ts'

type Given = NonNullable<Parameters<typeof talkif>[1]>

/** Runs a command to its end, in a folder that holds nothing unless said, and in a process of its own. */
export async function command(args: string[], { env = {}, ...given }: Given = {}): Promise<Ended> {
  const run = talkif(args, { cwd: empty, ...given, env })
  const status = await run.ended
  return { status, out: run.standard(), err: run.errors() }
}

/** The same in a process that runs one after the other: loading the modules takes much longer than most commands. */
export async function quickly(args: string[], { env = {}, cwd = empty, input = '' }: Given = {}): Promise<Ended> {
  const host = idle.pop() ?? fork(join(import.meta.dirname, 'command-process.ts'), { env: usualEnv({}) })
  const gone = new AbortController()
  host.once('exit', () => gone.abort())
  host.send({ args, env: usualEnv(env), cwd, input } satisfies Asked)
  const [ended] = (await once(host, 'message', { signal: gone.signal })) as [Ended]
  host.removeAllListeners('exit')
  idle.push(host)
  return ended
}

const idle: ChildProcess[] = []
const empty = folder()

type Cli = (args: string[], given?: Given) => Promise<Ended>

/** `cli` runs a command against the workspace of the test; `json` reads its answer. */
export const test = base
  .extend('cli', async ({ talkif }) => {
    const cli: Cli = (args, { env, ...given } = {}) =>
      quickly(args, { ...given, env: { TALKIF_URL: talkif.url, TALKIF_KEY: talkif.key, ...env } })
    return cli
  })
  .extend('json', async ({ cli }) => {
    return async <T = Record<string, unknown>>(args: string[], given?: Given): Promise<T> => {
      const { out, err } = await cli([...args, '--json'], given)
      if (!out) throw new Error(`talkif ${args.join(' ')} printed nothing: ${err}`)
      return JSON.parse(out) as T
    }
  })
