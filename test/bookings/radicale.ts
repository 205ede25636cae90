import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../harness/ports.ts'
import { until } from '../harness/until.ts'

/** Debian's package `radicale`: a CalDAV server as others run it. */
export const hasRadicale = spawnSync('radicale', ['--version']).status === 0

if (!hasRadicale) {
  console.warn(
    'NOT TESTED: the CalDAV adapter against a real server, as `radicale` is not here: apt-get install radicale',
  )
}

export interface Radicale {
  /** Of the user's calendar collection, with a slash at its end. */
  url: string
  username: string
  password: string
  /** Puts an event into the calendar, as its owner's own program does. `lines` go into the VEVENT. */
  put(name: string, lines: string[]): Promise<void>
  putText(name: string, text: string): Promise<void>
  /** Whole events of the calendar, by their names. */
  events(): Promise<Map<string, string>>
  clear(): Promise<void>
  stop(): Promise<void>
}

export async function startRadicale(): Promise<Radicale> {
  const folder = mkdtempSync(join(tmpdir(), 'talkif-radicale-'))
  const [username, password] = ['mehmet', 'çok gizli: 1']
  writeFileSync(join(folder, 'users'), `${username}:${password}\n`)
  const port = await freePort()
  const child = spawn('radicale', [
    ...['--config', '', '--server-hosts', `127.0.0.1:${port}`, '--storage-filesystem-folder', join(folder, 'data')],
    ...['--auth-type', 'htpasswd', '--auth-htpasswd-filename', join(folder, 'users')],
    ...['--auth-htpasswd-encryption', 'plain', '--auth-delay', '0', '--rights-type', 'owner_only'],
  ])
  const url = `http://127.0.0.1:${port}/${username}/work/`
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, url), { ...init, headers: { ...init.headers, authorization } })
  await until(() => ask('/').catch(() => undefined))
  const make = async () => {
    const made = await ask('', { method: 'MKCALENDAR' })
    if (made.status !== 201) throw new Error(`Radicale made no calendar: ${made.status}`)
  }
  await make()
  const putText = async (name: string, text: string) => {
    const headers = { 'content-type': 'text/calendar; charset=utf-8' }
    const answer = await ask(name, { method: 'PUT', headers, body: text.replaceAll(/\r?\n/g, '\r\n') })
    if (!answer.ok) throw new Error(`Radicale took no event: ${answer.status} ${await answer.text()}`)
  }
  const events = async () => {
    const listed = await ask('', { method: 'PROPFIND', headers: { depth: '1' } })
    const names = [...(await listed.text()).matchAll(/work\/([^/<]+\.ics)</g)].map((match) => match[1]!)
    const all = names.map(async (name): Promise<[string, string]> => [name, await (await ask(name)).text()])
    return new Map(await Promise.all(all))
  }
  return {
    ...{ url, username, password, putText, events },
    put: (name, lines) => {
      const event = ['BEGIN:VEVENT', `UID:${name}`, 'DTSTAMP:20260101T000000Z', ...lines, 'END:VEVENT']
      return putText(
        name,
        ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//T//T//EN', ...event, 'END:VCALENDAR', ''].join('\n'),
      )
    },
    async clear() {
      await ask('', { method: 'DELETE' })
      await make()
    },
    async stop() {
      await ended(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function ended(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill('SIGTERM')
  })
}
