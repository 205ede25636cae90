import { execFile } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pause, systemClock } from '../clock.ts'

const run = promisify(execFile)

const pidFile = (dataDir: string): string => join(dataDir, 'postmaster.pid')

/** What the server of a data folder wrote down. A crash of the machine may leave it empty, or naming a process of somebody else. */
function readPidFile(dataDir: string): { pid: number; port: number; isReady: boolean } | undefined {
  try {
    const lines = readFileSync(pidFile(dataDir), 'utf8').split('\n')
    return { pid: Number(lines[0]), port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' }
  } catch {
    return undefined
  }
}

/** Whether a server runs on the data folder. */
export async function isUp(dataDir: string): Promise<boolean> {
  const { pid } = readPidFile(dataDir) ?? {}
  return pid !== undefined && isAlive(pid) && (await mayServe(pid, dataDir))
}

/** Ends the server of a data folder of our own at once, and waits for up to 2 s until it writes nothing more. */
export function killServer(dataDir: string): void {
  const { pid } = readPidFile(dataDir) ?? {}
  try {
    process.kill(pid || Number.NaN, 'SIGQUIT')
  } catch {
    // It does not run, or has just ended.
    return
  }
  const wait = new Int32Array(new SharedArrayBuffer(4))
  for (let tries = 0; existsSync(pidFile(dataDir)) && tries < 100; tries++) Atomics.wait(wait, 0, 0, 20)
}

/**
 * The port of a server that runs on this data folder, e.g. left behind by `kill -9` of its starter. One that is starting or
 * stopping is waited for. A pid file that names a process of somebody else is removed: PostgreSQL would never start beside it.
 * @throws Error, in words for the user, when a process that may be the server does not answer.
 */
export async function portOfRunning(dataDir: string, patienceMs = 60_000): Promise<number | undefined> {
  const deadline = systemClock.now() + patienceMs
  for (;;) {
    const named = readPidFile(dataDir)
    // Of a process that is gone PostgreSQL removes the file itself, once none of its children is left.
    if (!named || (named.pid && !isAlive(named.pid))) return undefined
    if (!named.pid || !(await mayServe(named.pid, dataDir))) {
      rmSync(pidFile(dataDir), { force: true })
      return undefined
    }
    if (named.isReady && (await answers(named.port))) return named.port
    if (systemClock.now() >= deadline) throw new Error(silence(dataDir, named.pid))
    await pause(systemClock, 100)
  }
}

const silence = (dataDir: string, pid: number): string =>
  `PostgreSQL does not answer, though ${pidFile(dataDir)} says that process ${pid} runs it. Stop that process; or, if it is ` +
  'another program, remove that file. Then start again.'

/** As PostgreSQL judges it: a process that we may not signal is another user's, and no server of ours. */
function isAlive(pid: number): boolean {
  try {
    // 0 would be our own group.
    return pid !== 0 && process.kill(pid, 0)
  } catch {
    return false
  }
}

/** False only when it is certain that the process is no PostgreSQL on this data folder. */
async function mayServe(pid: number, dataDir: string): Promise<boolean> {
  const command = await commandOf(pid)
  if (command === undefined) return true
  const folder = /(?:^|\/)postgres -D (.+?)(?: -\w|$)/.exec(command)?.[1]
  if (!folder) return false
  try {
    return realpathSync(folder) === realpathSync(dataDir)
  } catch {
    // It was moved since, perhaps with the server running.
    return true
  }
}

/** With its arguments; empty for a process that has ended and that nobody reaps. */
async function commandOf(pid: number): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim()
  } catch {
    const asked = run('ps', ['-o', 'command=', '-p', String(pid)])
    return asked.then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    )
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 })
    const end = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.on('connect', () => end(true))
    socket.on('error', () => end(false))
    socket.on('timeout', () => end(false))
  })
}
