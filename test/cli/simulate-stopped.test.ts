import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../harness/until.ts'
import { cleanUp, folder, isAlive, postgresOf, postmaster, typed } from './processes.ts'

/** A simulation at the pace of life, typed at a terminal, in a temporary folder that is known. */
function simulation() {
  const temporary = folder()
  const file = join(temporary, 'x.yaml')
  writeFileSync(file, 'id: x\nmatch: {source: form}\nqualify: [need]\n')
  const run = typed(`exec '${process.execPath}' cli/talkif.js simulate ${file} --pace 1`, {
    env: { TMPDIR: temporary, TALKIF_DATA_DIR: join(temporary, 'none') },
  })
  const own = () => readdirSync(temporary).filter((name) => name.startsWith('talkif-simulate-'))
  const stage = () => join(temporary, own()[0] ?? 'none')
  onTestFinished(() => cleanUp(stage(), run))
  const running = () => until(() => postmaster(stage()))
  return { ...run, own, stage, running }
}

test('two signals at once are one: what was begun is stopped in order', { timeout: 60_000 }, async () => {
  const run = simulation()
  const pid = await run.running()
  run.signal('SIGINT')
  await setTimeout(50)
  run.signal('SIGINT')
  expect(await run.ended).toBe(130)
  expect(run.own()).toEqual([])
  expect(isAlive(pid)).toBe(false)
})

test('a second signal does not wait, and leaves nothing either', { timeout: 60_000 }, async () => {
  const run = simulation()
  const pid = await run.running()
  const data = postgresOf(run.stage())
  run.signal('SIGINT')
  await setTimeout(600)
  run.signal('SIGINT')
  expect(await run.ended).toBe(130)
  expect(run.own()).toEqual([])
  await until(() => !isAlive(pid))
  expect(existsSync(data)).toBe(false)
})

test('Ctrl-C while the database is being made is no fault of the database', { timeout: 60_000 }, async () => {
  const run = simulation()
  await until(() => existsSync(join(`${postgresOf(run.stage())}.new`, 'global/pg_control')))
  run.signal('SIGINT')
  expect(await run.ended).toBe(130)
  expect(run.output()).toBe('Stopped before the first call.\n')
  expect(run.own()).toEqual([])
})
