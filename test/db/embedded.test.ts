import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { platform } from 'node:os'
import { dirname, join } from 'node:path'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '../../runtime/db/embedded.ts'
import { portOfRunning } from '../../runtime/db/postmaster.ts'
import { cleanUp, folder, isAlive, isRoot, nobody, postgresOf, postmaster, talkif } from '../cli/processes.ts'
import { until } from '../harness/until.ts'

/** A process of its own that starts the PostgreSQL of a folder. */
const starter = (place: string) => talkif([place], { script: starterFile })
const starterFile = join(import.meta.dirname, 'start-postgres.ts')

/** Some live process that has nothing to do with the PostgreSQL of the folder, under the same user. */
function stranger(place: string): ChildProcess {
  const { uid, gid } = statSync(postgresOf(place))
  return spawn('sleep', ['600'], { stdio: 'ignore', cwd: '/', ...(isRoot ? { uid, gid } : {}) })
}

/** As after a power loss: the file names a process that is another program's now. */
function nameInPidFile(place: string, pid: number): void {
  const file = join(postgresOf(place), 'postmaster.pid')
  const [, ...others] = readFileSync(file, 'utf8').split('\n')
  writeFileSync(file, [pid, ...others].join('\n'))
}

test('a database whose password is gone is left alone; what a killed first start left is in the way of nothing', async () => {
  const place = folder()
  try {
    mkdirSync(join(place, 'postgres.new'))
    writeFileSync(join(place, 'postgres.new', 'PG_VERSION'), '18\n')
    const server = await startEmbeddedPostgres(place)
    const sql = postgres(server.url, { max: 1 })
    await sql`create table kept (n int)`
    await sql.end()
    await server.stop()
    expect(existsSync(join(place, 'postgres.new'))).toBe(false)
    const data = postgresOf(place)
    rmSync(join(place, 'postgres-password'))
    await expect(startEmbeddedPostgres(place)).rejects.toThrow(
      `There is a database in ${data}, but its password is gone`,
    )
    expect(existsSync(join(data, 'PG_VERSION'))).toBe(true)
    if (dirname(data) !== place) await rm(data, { recursive: true })
  } finally {
    await rm(place, { recursive: true, force: true })
  }
})

test('a server that is killed is started again, and still belongs to its process', async ({ onTestFinished }) => {
  const place = folder()
  const server = await startEmbeddedPostgres(place)
  onTestFinished(async () => {
    await server.stop()
    removeEmbeddedPostgres(place)
  })
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  onTestFinished(() => sql.end())
  await sql`create table kept (n int)`
  const killed = postmaster(place)!
  process.kill(killed, 'SIGKILL')
  await until(() => postmaster(place) !== killed)
  expect(await until(() => sql`select count(*)::int as n from kept`.catch(() => undefined))).toEqual([{ n: 0 }])
  const isRefused = () =>
    startEmbeddedPostgres(place).then(
      (second) => second.stop(),
      (error: Error) => error.message.startsWith('Another Talkif process is using'),
    )
  await until(isRefused)
})

test('a pid file that names a process of somebody else is in the way of no start', async ({ onTestFinished }) => {
  const place = folder()
  const first = starter(place)
  await first.said('started')
  const other = stranger(place)
  const second = starter(place)
  onTestFinished(async () => {
    other.kill('SIGKILL')
    await cleanUp(place, first, second)
  })
  await expect(second.ended).resolves.toBe(1)
  expect(second.errors()).toMatch(/^Another Talkif process is using/)
  const left = postmaster(place)!
  first.child.kill('SIGKILL')
  await first.ended
  process.kill(left, 'SIGKILL')
  await until(() => !isAlive(left))
  nameInPidFile(place, other.pid!)

  const third = starter(place)
  onTestFinished(() => void third.child.kill('SIGKILL'))
  await third.said('started')
  const running = postmaster(place)!
  expect(running).not.toBe(other.pid)
  third.child.kill('SIGTERM')
  await expect(third.ended).resolves.toBe(0)
  expect(isAlive(running)).toBe(false)
  expect(other.exitCode ?? other.signalCode).toBe(null)
})

test('a server that stops signals no process of somebody else', async ({ onTestFinished }) => {
  const place = folder()
  const server = await startEmbeddedPostgres(place)
  const left = postmaster(place)!
  const other = stranger(place)
  onTestFinished(async () => {
    other.kill('SIGKILL')
    if (isAlive(left)) process.kill(left, 'SIGKILL')
    await cleanUp(place)
  })
  nameInPidFile(place, other.pid!)
  await server.stop()
  // A signal would have reached it by then.
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(other.signalCode).toBe(null)
})

test('an empty pid file is in the way of no start; a server that does not answer is told', async ({
  onTestFinished,
}) => {
  const place = folder()
  onTestFinished(() => rm(place, { recursive: true }))
  const file = join(place, 'postmaster.pid')
  writeFileSync(file, '')
  expect(await portOfRunning(place)).toBe(undefined)
  expect(existsSync(file)).toBe(false)

  // A program by that name and on that folder, which listens nowhere.
  writeFileSync(join(place, 'postgres'), '#!/bin/sh\nread line\n', { mode: 0o755 })
  const deaf = spawn(join(place, 'postgres'), ['-D', place, '-p', '1'], { stdio: ['pipe', 'ignore', 'ignore'] })
  onTestFinished(() => void deaf.kill('SIGKILL'))
  writeFileSync(file, [deaf.pid, place, '0', '1', '', '127.0.0.1', '', 'ready   '].join('\n'))
  await expect(portOfRunning(place, 200)).rejects.toThrow(
    `PostgreSQL does not answer, though ${file} says that process ${deaf.pid} runs it. Stop that process`,
  )
  expect(existsSync(file)).toBe(true)
})

test('of two first starts at once one has the folder, and the other says so', async ({ onTestFinished }) => {
  // Neither finds it made.
  const place = join(folder(), 'data')
  const both = [starter(place), starter(place)]
  onTestFinished(async () => {
    await cleanUp(place, ...both)
    await rm(dirname(place), { recursive: true })
  })
  const tried = await Promise.all(
    both.map((run) =>
      run.said('started').then(
        () => true,
        () => false,
      ),
    ),
  )
  expect(tried.toSorted(), both.map((run) => run.output()).join()).toEqual([false, true])
  const [winner, loser] = tried[0] ? both : both.toReversed()
  expect(await loser!.ended).toBe(1)
  expect(loser!.errors()).toBe(
    `Another Talkif process is using ${place}. Stop it, or set TALKIF_DATA_DIR to another folder.\n`,
  )
  winner!.child.kill('SIGTERM')
  expect(await winner!.ended, winner!.output()).toBe(0)
  const third = starter(place)
  onTestFinished(() => void third.child.kill('SIGKILL'))
  await third.said('started')
  third.child.kill('SIGTERM')
  expect(await third.ended).toBe(0)
})

test('a data folder that cannot be used is told with what to do', async ({ onTestFinished }) => {
  const place = folder()
  onTestFinished(() => rm(place, { recursive: true }))
  const file = join(place, 'file')
  writeFileSync(file, '')
  const refusal = (path: string) =>
    startEmbeddedPostgres(path).then(
      () => 'started',
      (error: Error) => error.message,
    )
  const next = 'Set it to a folder that this user may write.'
  expect(await refusal(file)).toBe(`TALKIF_DATA_DIR=${file} cannot be used: it is no folder. ${next}`)
  const below = join(file, 'data')
  expect(await refusal(below)).toBe(`TALKIF_DATA_DIR=${below} cannot be used: ${file} is no folder. ${next}`)
  const loop = join(place, 'loop')
  symlinkSync(loop, loop)
  expect(await refusal(loop)).toMatch(`TALKIF_DATA_DIR=${loop} cannot be used: ELOOP`)
  // Where one is root, rights bar nobody.
  const theirs = folder({ mode: 0o500 })
  onTestFinished(() => rm(theirs, { recursive: true }))
  const barred = talkif([theirs], { script: starterFile, ...(isRoot ? { user: nobody } : {}) })
  expect(await barred.ended).toBe(1)
  expect(barred.errors()).toBe(
    `TALKIF_DATA_DIR=${theirs} cannot be used: this user may not read and write it. ${next}\n`,
  )
})

test.runIf(platform() === 'linux')('a data folder where nothing can be made is told too', async () => {
  const made = starter('/proc/nope')
  const tooLong = setTimeout(() => made.child.kill('SIGKILL'), 60_000)
  expect(await made.ended).toBe(1)
  clearTimeout(tooLong)
  expect(made.errors()).toMatch(/^TALKIF_DATA_DIR=\/proc\/nope cannot be used: it cannot be made there\. Set it to/)
})
