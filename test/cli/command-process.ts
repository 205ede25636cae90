import { Readable } from 'node:stream'
import { talkif } from '../../cli/program.ts'

/**
 * `talkif` for one command after the other, in a process whose modules are loaded: each finds the folder, environment, input and
 * output that it would have in a process of its own. Ends with the process that started it.
 */
export interface Asked {
  args: string[]
  env: Record<string, string>
  cwd: string
  input: string
}

export interface Ended {
  status: number | null
  out: string
  err: string
}

process.on('message', async ({ args, env, cwd, input }: Asked) => {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.chdir(cwd)
  Object.defineProperty(process, 'stdin', { value: Readable.from([Buffer.from(input)]), configurable: true })
  const out = keep(process.stdout)
  const err = keep(process.stderr)
  process.exitCode = undefined
  await talkif(args)
  process.send!({ status: process.exitCode ?? 0, out: out(), err: err() } satisfies Ended)
})

/** What is written from now on. */
function keep(stream: NodeJS.WriteStream): () => string {
  let text = ''
  stream.write = (chunk: string | Uint8Array, ...more: unknown[]) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    const done = more.at(-1)
    if (typeof done === 'function') done()
    return true
  }
  return () => text
}
