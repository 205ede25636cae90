import { createInterface } from 'node:readline/promises'
import { CommandError } from './failure.ts'
import type { Output } from './output.ts'
import { openServer, type Server } from './server.ts'

/** What every command takes besides its own options. */
export interface GlobalOptions {
  json?: boolean
  url?: string
  key?: string
  color?: boolean
}

/** One run of a command. */
export interface Invocation<Options extends object = object, Args extends unknown[] = []> {
  /** Its words, in the order of the table; an optional one that was not given is undefined, a list is an array. */
  args: Args
  options: Options & GlobalOptions
  out: Output
  /** The server that --url, TALKIF_URL or dev.json names. @throws CommandError without a key. */
  server(): Promise<Server>
}

/** Exit statuses of `talkif`. */
export const status = { ok: 0, failed: 1, changes: 2 } as const

export const server = (options: GlobalOptions) => async (): Promise<Server> => {
  const { clientConfig } = await import('../runtime/config.ts')
  return openServer(clientConfig(options))
}

/** Asks before something is changed that is hard to undo, unless --yes was given. @throws CommandError for a no. */
export async function sure(
  it: Pick<Invocation<{ yes?: boolean }>, 'options' | 'out'>,
  question: string,
): Promise<void> {
  if (!it.options.yes && !(await confirm(question, it.out))) throw new CommandError('Nothing was changed.')
}

/** Asks on the terminal. @throws CommandError where there is none, and nobody could answer. */
export async function confirm(question: string, { isJson, isTerminal }: Output): Promise<boolean> {
  if (isJson || !isTerminal || !process.stdin.isTTY)
    throw new CommandError('Nobody can be asked here, because this is no terminal.', 'Run it again with --yes.')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
