import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { compiledDir, speechDir } from '../harness/cache.ts'

const root = join(import.meta.dirname, '../..')

export const isRoot = process.getuid?.() === 0
/** Somebody without any rights, on every Linux. */
export const nobody = { uid: 65534, gid: 65534 }

export interface Run {
  child: ChildProcess
  /** Everything it said so far, and what of it went to standard output and to standard error. */
  output(): string
  standard(): string
  errors(): string
  /** Milliseconds on a scale of its own at which a line first held `text`; waits for it. @throws when it ends before. */
  said(text: string): Promise<number>
  /** The status it ended with; null after a signal. */
  ended: Promise<number | null>
}

interface Options {
  env?: Record<string, string>
  user?: { uid: number; gid: number }
  cwd?: string
  /** What it reads on stdin; nothing unless said. */
  input?: string
  /** Another file than this checkout's own. */
  script?: string
}

/** `talkif …` as a user would start it, with nothing of our environment but the path and what was compiled before. */
export function talkif(args: string[], options: Options = {}): Run {
  const { script = join(root, 'cli/talkif.js') } = options
  return start(process.execPath, [script, ...args], options)
}

/** A line of a shell as a terminal runs it in this checkout: all of it in one process group, which `signal` reaches. */
export function typed(line: string, options: Options = {}): Run & { signal(name: NodeJS.Signals): void } {
  const { env, ...others } = options
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`
  const run = start('/bin/sh', ['-c', line], {
    ...others,
    env: { PATH, npm_config_update_notifier: 'false', ...env },
    detached: true,
  })
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-run.child.pid!, name)
    } catch (error) {
      // Nobody of it is left.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  return { ...run, signal }
}

function start(file: string, args: string[], options: Options & { detached?: boolean }): Run {
  const { env = {}, user, cwd = root, input, detached = false } = options
  const child = spawn(file, args, {
    cwd,
    detached,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: usualEnv(env),
    ...user,
  })
  child.stdin.end(input)
  let output = ''
  let standard = ''
  let errors = ''
  const waiting = new Set<() => void>()
  const hear = (isError: boolean) => (chunk: string) => {
    output += chunk
    if (isError) errors += chunk
    else standard += chunk
    for (const look of waiting) look()
  }
  child.stdout.setEncoding('utf8').on('data', hear(false))
  child.stderr.setEncoding('utf8').on('data', hear(true))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    child,
    output: () => output,
    standard: () => standard,
    errors: () => errors,
    ended,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!output.includes(text)) return
          waiting.delete(look)
          resolve(performance.now())
        }
        waiting.add(look)
        ended.then((code) => reject(new Error(`ended with ${code} before it said "${text}":\n${output}`)))
        look()
      }),
  }
}

/** Nothing of our environment but the path and what was compiled before. */
export const usualEnv = (env: Record<string, string>): Record<string, string> => ({
  ...{ PATH: process.env.PATH!, HOME: env.TALKIF_DATA_DIR ?? tmpdir(), NO_COLOR: '1' },
  ...{ NODE_COMPILE_CACHE: compiledDir, ...env },
})

/** A folder of a test's own: in 0755 unless said, belonging to `user`. */
export function folder({ mode = 0o755, user }: { mode?: number; user?: { uid: number; gid: number } } = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'talkif-cli-'))
  chmodSync(path, mode)
  if (user) chownSync(path, user.uid, user.gid)
  return path
}

/** A data folder in which speech that other tests have rendered is not rendered again. */
export function withSpeech(dataDir: string): string {
  mkdirSync(speechDir, { recursive: true })
  mkdirSync(dataDir, { recursive: true })
  symlinkSync(speechDir, join(dataDir, 'speech'))
  return dataDir
}

/** Where the PostgreSQL of a data folder keeps its files. */
export function postgresOf(dataDir: string): string {
  const elsewhere = join(dataDir, 'postgres-is-at')
  return existsSync(elsewhere) ? readFileSync(elsewhere, 'utf8').trim() : join(dataDir, 'postgres')
}

/** The process id of the PostgreSQL of a data folder; undefined when none was started, or it was stopped in order. */
export function postmaster(dataDir: string): number | undefined {
  const file = join(postgresOf(dataDir), 'postmaster.pid')
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined
}

/** Whether a process runs. Where nobody reaps orphans, as in many containers, one that has ended stays as a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const stat = `/proc/${pid}/stat`
  return !existsSync(stat) || !/^\d+ \(.*\) Z /.test(readFileSync(stat, 'utf8'))
}

/** Ends what a failed test left behind, and removes the folder. */
export async function cleanUp(dataDir: string, ...runs: (Run | undefined)[]): Promise<void> {
  for (const run of runs) {
    run?.child.kill('SIGKILL')
    await run?.ended
  }
  const pid = postmaster(dataDir)
  if (pid && isAlive(pid)) process.kill(pid, 'SIGQUIT')
  await rm(postgresOf(dataDir), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

/** Whether somebody could listen on `port` now. */
export function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
