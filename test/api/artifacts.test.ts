import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { byteRange } from '../../api/byte-range.ts'
import { artifactLinks } from '../../runtime/artifacts/links.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { attempts } from '../../runtime/db/schema.ts'
import { wavHeader } from '../../runtime/voice/recorder.ts'
import { openWorkspace, people, startServer, test, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

describe('a range of bytes', () => {
  test.each([
    [undefined, undefined],
    ['bytes=0-', { from: 0, to: 99 }],
    ['bytes=0-0', { from: 0, to: 0 }],
    ['bytes=10-19', { from: 10, to: 19 }],
    ['Bytes=90-1000', { from: 90, to: 99 }],
    ['bytes=-10', { from: 90, to: 99 }],
    ['bytes=-1000', { from: 0, to: 99 }],
    ['bytes=100-', null],
    ['bytes=100-200', null],
    [`bytes=${'9'.repeat(400)}-`, null],
    ['bytes=-0', null],
    ['bytes=20-10', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=a-b', undefined],
    ['seconds=0-1', undefined],
    ['', undefined],
  ])('%s of a hundred', (header, expected) => {
    expect(byteRange(header, 100)).toEqual(expected)
  })

  test('is within what is there, whatever is asked', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,4}-\d{0,4}$/))
    fc.assert(
      fc.property(text, fc.nat(2_000), (header, bytes) => {
        const range = byteRange(header, bytes)
        return !range || (0 <= range.from && range.from <= range.to && range.to < bytes)
      }),
    )
  })
})

describe('a recording', () => {
  /** A hundred bytes behind a link, without a call. */
  async function recorded({ served }: Workspace) {
    const { config } = served.runtime
    const id = `call_${Math.random().toString(36).slice(2).padEnd(26, '0')}`
    const file = join(config.dataDir, 'recordings', `${id}.1.wav`)
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => i))
    await mkdir(join(config.dataDir, 'recordings'), { recursive: true })
    await writeFile(file, bytes)
    const url = artifactLinks(served.runtime, { id, recorded: true }, true).recording_url!
    const ask = async (headers: Record<string, string>, method = 'GET') => {
      const response = await fetch(url, { method, headers })
      const header = (name: string) => response.headers.get(name)
      return {
        body: [...Buffer.from(await response.arrayBuffer())],
        range: header('content-range'),
        length: header('content-length'),
        etag: header('etag') ?? '',
        ...{ status: response.status, accepts: header('accept-ranges'), cache: header('cache-control') },
      }
    }
    return { file, bytes: [...bytes], ask }
  }

  test('is sent whole, in parts, and as its headers', async ({ talkif }) => {
    const { bytes, ask } = await recorded(talkif)
    const whole = await ask({})
    const always = { accepts: 'bytes', cache: 'private, no-store' }
    expect(whole).toMatchObject({ ...always, status: 200, body: bytes, length: '100', range: null })
    expect(await ask({}, 'HEAD')).toMatchObject({ ...always, status: 200, body: [], length: '100', etag: whole.etag })
    const middle = { status: 206, body: bytes.slice(10, 20), range: 'bytes 10-19/100', length: '10' }
    expect(await ask({ range: 'bytes=10-19' })).toMatchObject({ ...always, ...middle })
    expect(await ask({ range: 'bytes=-5' })).toMatchObject({ status: 206, body: bytes.slice(95) })
    expect(await ask({ range: 'bytes=100-' })).toMatchObject({ ...always, status: 416, body: [], range: 'bytes */100' })
    expect(await ask({ range: 'bytes=0-1,5-6' })).toMatchObject({ status: 200, body: bytes })
    // A range is for GET alone.
    expect(await ask({ range: 'bytes=10-19' }, 'HEAD')).toMatchObject({ status: 200, length: '100', range: null })
  })

  test('that has grown meanwhile is sent whole to a player that seeks in what it had', async ({ talkif }) => {
    const { file, bytes, ask } = await recorded(talkif)
    const { etag } = await ask({})
    expect(await ask({ range: 'bytes=10-19', 'if-range': etag })).toMatchObject({ status: 206 })
    await writeFile(file, Buffer.from([...bytes, 1, 2, 3]))
    const seeking = await ask({ range: 'bytes=10-19', 'if-range': etag })
    expect(seeking).toMatchObject({ status: 200, length: '103' })
    expect(seeking.etag).not.toBe(etag)
  })
})

test('a link opens its own artifact of its own call, until it expires', async ({ talkif }) => {
  const { runtime, url } = talkif.served
  const [own, other] = ['0', '1'].map((last) => `call_${last.padStart(26, '0')}`)
  await mkdir(join(runtime.config.dataDir, 'recordings'), { recursive: true })
  for (const id of [own, other]) await writeFile(join(runtime.config.dataDir, 'recordings', `${id}.1.wav`), 'audio')
  const linkAt = (now: number) =>
    artifactLinks({ ...runtime, clock: { ...runtime.clock, now: () => now } }, { id: own!, recorded: true }, true)
      .recording_url!
  const HOUR_MS = 3_600_000
  const now = runtime.clock.now()
  const status = async (link: string) => (await fetch(link)).status
  const valid = linkAt(now)
  expect(await status(valid)).toBe(200)
  // It holds for 104 hours, and no longer than one more.
  expect(await status(linkAt(now - 103 * HOUR_MS))).toBe(200)
  const expired = await fetch(linkAt(now - 106 * HOUR_MS))
  expect([expired.status, await expired.json()]).toMatchObject([
    404,
    { code: 'not_found', suggested_action: expect.stringMatching(/fresh links/) },
  ])
  const { searchParams } = new URL(valid)
  const later = new URL(valid)
  later.searchParams.set('expires', String(Number(searchParams.get('expires')) + 3_600))
  const forged = [
    valid.replace(own!, other!),
    valid.replace('/artifacts/r/', '/artifacts/t/'),
    later.href,
    valid.slice(0, -1),
    `${url}/artifacts/r/${own}`,
  ]
  expect(await Promise.all(forged.map(status))).toEqual(forged.map(() => 404))
})

test('a recording that a crash left behind is as long as what is there, whole and in parts', async ({ talkif }) => {
  const { config } = talkif.served.runtime
  const id = `call_${'2'.padStart(26, '0')}`
  const audio = Buffer.from(Array.from({ length: 16 * 50 + 7 }, (_, i) => i % 251))
  await mkdir(join(config.dataDir, 'recordings'), { recursive: true })
  await writeFile(join(config.dataDir, 'recordings', `${id}.1.wav`), Buffer.concat([wavHeader(null), audio]))
  const url = artifactLinks(talkif.served.runtime, { id, recorded: true }, true).recording_url!
  const ask = async (range?: string) => {
    const response = await fetch(url, { headers: range ? { range } : {} })
    return Buffer.from(await response.arrayBuffer())
  }
  const mended = Buffer.concat([wavHeader(50), audio.subarray(0, 16 * 50)])
  expect(await ask()).toEqual(mended)
  expect(await ask('bytes=40-79')).toEqual(mended.subarray(40, 80))
  expect(await ask('bytes=0-9')).toEqual(mended.subarray(0, 10))
  expect(await ask('bytes=100-')).toEqual(mended.subarray(100))
})

test('a call whose recording cannot be kept goes on without it', async ({ talkif }) => {
  const folder = join(talkif.served.runtime.config.dataDir, 'recordings')
  await mkdir(folder, { recursive: true })
  await rename(folder, `${folder}.away`)
  await writeFile(folder, 'There is no room for a folder here.')
  const { call_id } = await talkif.api.createLead({
    phone: people.stop_calling,
    source: 'web_form',
    intent: 'pricing',
    consent: true,
  })
  const call = await talkif.finished(call_id)
  await rm(folder)
  await rename(`${folder}.away`, folder)
  expect(call).toMatchObject({ outcome: 'not_fit', reason: 'opted_out' })
  expect(call.transcript).not.toEqual([])
  expect([call.artifacts.recording_url, call.attempts[0]!.recording_url]).toEqual([null, null])
})

test('a call keeps its links when a voicemail answered first, and then nobody', async ({ onTestFinished }) => {
  const chaos = { callee: {} as { answersOneOf?: number } }
  const served = await startServer({ chaos })
  onTestFinished(served.drop)
  const talkif = await openWorkspace(served)
  onTestFinished(talkif.inbox.close)
  // Two seconds to the retry: time enough to let the phone ring out from then on.
  await talkif.configure({ sandbox: { pace: 30, waits: 450 } })
  await talkif.deploy('id: flow_twice\nmatch: {source: form}\non: {no_answer: "retry(15m, max=2)"}')
  const lead = { source: 'form', flow_id: 'flow_twice', consent: true } as const
  const { call_id } = await talkif.api.createLead({ ...lead, phone: people.voicemail })
  const first = await talkif.inbox.next('outcome.no_answer', call_id)
  expect(first.body).toMatchObject({ reason: 'voicemail', retry: { attempt: 2 } })
  chaos.callee.answersOneOf = Number.POSITIVE_INFINITY
  const call = await talkif.finished(call_id)
  expect(call.attempts.map(({ result }) => result)).toEqual(['voicemail', 'no_answer'])
  const { db } = served.runtime
  expect(await db.$count(attempts, eq(attempts.callId, call_id))).toBe(2)
  const links = { transcript_url: expect.any(String), recording_url: expect.any(String), calendar_url: null }
  const events = await until(() => {
    const found = talkif.inbox.of('outcome.no_answer')
    return found.length === 2 && found
  })
  for (const { artifacts } of [call, ...events.map(({ body }) => body)]) expect(artifacts).toEqual(links)
  expect((await fetch(call.artifacts.recording_url!)).status).toBe(200)
  expect(await (await fetch(call.artifacts.transcript_url!)).json()).toEqual({ call_id, turns: call.transcript })
  expect(call.transcript).not.toEqual([])
})
