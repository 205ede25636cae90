import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../harness/ports.ts'
import type { Figure } from './figures.ts'
import type { Stage } from './stage.ts'

const root = new URL('../..', import.meta.url)

/** `npm start` in an empty folder and again in the same: from the command to the first good answer of the API. */
export async function startup({ folder }: Stage): Promise<Figure[]> {
  const dataDir = join(folder, 'start')
  const first = await secondsToReady(dataDir)
  const second = await secondsToReady(dataDir)
  const name = 'npm start until ready'
  return [
    {
      name: `${name}, first time`,
      value: first,
      unit: 's',
      limit: null,
      note: 'makes the database and the demo workspace',
    },
    { name: `${name}, again`, value: second, unit: 's', limit: null, note: 'same folder' },
  ]
}

async function secondsToReady(dataDir: string): Promise<number> {
  const env = { ...process.env, PORT: String(await freePort()), TALKIF_DATA_DIR: dataDir }
  const start = performance.now()
  const child = spawn('npm', ['start'], { cwd: root, env, stdio: 'ignore', detached: true })
  const exited = once(child, 'exit')
  try {
    await ready(join(dataDir, 'dev.json'), `http://127.0.0.1:${env.PORT}`)
    return (performance.now() - start) / 1000
  } finally {
    // The group is ours alone: npm and what it started.
    process.kill(-child.pid!, 'SIGINT')
    await exited
  }
}

/** Ready is what a newcomer takes for it: the key that `dev.json` holds is answered. */
async function ready(file: string, url: string): Promise<void> {
  for (const until = performance.now() + 60_000; performance.now() < until; await pause(20)) {
    if (!existsSync(file)) continue
    const { url: written, test_key } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; test_key: string }
    if (written !== url) continue
    const headers = { authorization: `Bearer ${test_key}` }
    const answer = await fetch(`${url}/v1/numbers`, { headers }).catch(() => undefined)
    if (answer?.ok) return
  }
  throw new Error('npm start was not ready within 60 s')
}
