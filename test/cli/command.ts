import { test as base } from '../harness/talkif.ts'
import { folder, talkif } from './processes.ts'

export interface Ended {
  status: number | null
  out: string
  err: string
}

type Given = NonNullable<Parameters<typeof talkif>[1]>

/** Runs a command to its end, in a folder that holds nothing unless said. */
export async function command(args: string[], { env = {}, ...given }: Given = {}): Promise<Ended> {
  const run = talkif(args, { cwd: empty, ...given, env })
  const status = await run.ended
  return { status, out: run.standard(), err: run.errors() }
}

const empty = folder()

type Cli = (args: string[], given?: Given) => Promise<Ended>

/** `cli` runs a command against the workspace of the test; `json` reads its answer. */
export const test = base
  .extend('cli', async ({ talkif }) => {
    const cli: Cli = (args, { env, ...given } = {}) =>
      command(args, { ...given, env: { TALKIF_URL: talkif.url, TALKIF_KEY: talkif.key, ...env } })
    return cli
  })
  .extend('json', async ({ cli }) => {
    return async <T = Record<string, unknown>>(args: string[], given?: Given): Promise<T> => {
      const { out, err } = await cli([...args, '--json'], given)
      if (!out) throw new Error(`talkif ${args.join(' ')} printed nothing: ${err}`)
      return JSON.parse(out) as T
    }
  })
