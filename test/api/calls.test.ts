import { describe, expect } from 'vitest'
import { artifactLinks, isValidLink } from '../../runtime/artifacts/links.ts'
import type { Deps } from '../../runtime/deps.ts'
import { test as base, people } from '../harness/talkif.ts'
import { type Door, door } from './checked.ts'
import { test as idle, lead, somebody } from './desk.ts'

/** `talkif` with raw HTTP whose every answer is checked. */
const test = base.extend('door', ({ talkif }): Door => door(talkif.url, talkif.key))

describe('ETag', () => {
  idle('a GET that has not changed is not sent again, whichever way the caller says so', async ({ desk }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const paths = [
      `/v1/calls/${body.call_id}`,
      '/v1/flows/flow_pricing_v3',
      '/v1/numbers',
      '/workspace',
      '/openapi.json',
    ]
    for (const path of paths) {
      const etag = (await desk.get(path)).headers.get('etag')!
      expect(etag, path).toMatch(/^(W\/)?"[\w-]{27}"$/)
      const strong = etag.replace('W/', '')
      for (const known of [etag, strong, `W/${strong}`, `"other", ${etag}`, '*']) {
        const again = await desk.get(path, { 'if-none-match': known })
        expect([path, known, again.status]).toEqual([path, known, 304])
        expect(again.headers.get('etag')).toBe(etag)
      }
      for (const unknown of ['"other"', strong.slice(0, -2), ''])
        expect((await desk.get(path, { 'if-none-match': unknown })).status).toBe(200)
    }
  })

  idle('changes with what it names', async ({ desk }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const call = `/v1/calls/${body.call_id}`
    const [before, document] = [await desk.get(call), await desk.get('/workspace')]
    await desk.delete(`/v1/leads/${body.lead_id}`)
    await desk.put('/workspace', { sandbox: { clock: '12:00' } })
    for (const [path, { headers }] of [
      [call, before],
      ['/workspace', document],
    ] as const) {
      const etag = headers.get('etag')!
      expect((await desk.get(path, { 'if-none-match': etag })).status).toBe(200)
    }
  })

  idle('answers are for the caller alone, and what makes something is not stored', async ({ desk }) => {
    const made = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    expect(made.headers.get('cache-control')).toBe('no-store')
    expect(made.headers.get('etag')).toBe(null)
    const minted = await desk.post('/workspace/keys', { mode: 'test' })
    expect(minted.headers.get('cache-control')).toBe('no-store')
    const read = await desk.get(`/v1/calls/${made.body.call_id}`)
    expect(read.headers.get('cache-control')).toBe('private, no-cache')
  })
})

describe('wait', () => {
  /** Resolves when a request has begun to wait, and lets nothing but a notification wake it. */
  function waiting({ callChanges }: Pick<Deps, 'callChanges'>): Promise<number> {
    const { next } = callChanges
    return new Promise((resolve) => {
      callChanges.next = (callId, ms, signal) => {
        callChanges.next = next
        const changed = next(callId, 60_000, signal)
        resolve(ms)
        return changed
      }
    })
  }

  idle.for([
    ['?wait=60', {}],
    ['', { prefer: 'wait=60' }],
    ['', { prefer: 'respond-async, wait="45"' }],
    ['?include=trace', { prefer: 'wait=1000' }],
    ['?wait=60', { prefer: 'wait=1' }],
  ] as const)('%s %o answers as soon as the call is terminal', async ([query, headers], { desk, served }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const begun = waiting(served.runtime)
    const answer = desk.get(`/v1/calls/${body.call_id}${query}`, headers)
    // However long it may wait, it looks again by itself every second.
    expect(await begun).toBe(1000)
    await desk.delete(`/v1/leads/${body.lead_id}`)
    expect((await answer).body.status).toBe('cancelled')
  })

  idle('a change that is not the end is not an answer', async ({ desk, served }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const begun = waiting(served.runtime)
    const answer = desk.get(`/v1/calls/${body.call_id}?wait=60`)
    await begun
    const again = waiting(served.runtime)
    await served.runtime.sql`update calls set status = 'dialing' where id = ${body.call_id}`
    await served.runtime.sql`select pg_notify('talkif_call', ${body.call_id})`
    await again
    await served.runtime.sql`update calls set status = 'queued' where id = ${body.call_id}`
    await desk.delete(`/v1/leads/${body.lead_id}`)
    expect((await answer).body.status).toBe('cancelled')
  })

  idle('without it, or when it is over, the answer is the state so far', async ({ desk, served }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const { callChanges } = served.runtime
    const { next } = callChanges
    let waits = 0
    callChanges.next = (...given) => {
      waits++
      return next(...given)
    }
    try {
      for (const query of ['', '?wait=0'])
        expect((await desk.get(`/v1/calls/${body.call_id}${query}`)).body.status).toBe('queued')
      expect(waits).toBe(0)
      expect((await desk.get(`/v1/calls/${body.call_id}?wait=1`)).body.status).toBe('queued')
      expect(waits).toBeGreaterThan(0)
    } finally {
      callChanges.next = next
    }
  })

  idle('a caller who goes away is not waited for', async ({ desk, served }) => {
    const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    const { callChanges } = served.runtime
    const { next } = callChanges
    const gone = new AbortController()
    const released = new Promise<void>((resolve) => {
      callChanges.next = async (callId, _, signal) => {
        callChanges.next = next
        const woken = next(callId, 60_000, signal)
        gone.abort()
        await woken
        resolve()
      }
    })
    await expect(desk.send(`/v1/calls/${body.call_id}?wait=60`, { signal: gone.signal })).rejects.toThrow('aborted')
    await released
  })
})

describe('a call that is over', () => {
  test('is read whole, and its transcript and recording by their links', async ({ talkif, door, served }) => {
    const { call_id } = await talkif.api.createLead({ ...lead, phone: people.books })
    await talkif.finished(call_id)
    const bare = (await door.get(`/v1/calls/${call_id}`)).body
    expect(bare).not.toHaveProperty('transcript')
    expect(bare).not.toHaveProperty('trace')
    const { body: call } = await door.get(`/v1/calls/${call_id}?include=transcript,trace`)
    const repeated = await door.get(`/v1/calls/${call_id}?include=trace&include=transcript`)
    expect(repeated.body).toEqual(call)
    expect(call).toMatchObject({ ...bare, status: 'completed', outcome: 'booked' })
    expect(call.transcript.length).toBeGreaterThan(4)

    const { transcript_url, recording_url } = call.artifacts
    const transcript = await fetch(transcript_url)
    expect(transcript.status).toBe(200)
    expect(transcript.headers.get('cache-control')).toBe('private, no-store')
    expect(await transcript.json()).toEqual({ call_id, turns: call.transcript })
    const recording = await fetch(recording_url)
    expect([recording.status, recording.headers.get('content-type')]).toEqual([200, 'audio/wav'])
    const bytes = Buffer.from(await recording.arrayBuffer())
    expect(bytes.subarray(0, 4).toString()).toBe('RIFF')
    expect(bytes.length).toBe(Number(recording.headers.get('content-length')))
    expect(bytes.length).toBeGreaterThan(8000)

    await refusals(door, served.runtime, call)

    // A waiting request finds it over at once; `wait` does not matter then.
    expect((await door.get(`/v1/calls/${call_id}?wait=60`)).body).toEqual(bare)
    expect((await door.delete(`/v1/leads/${call.lead_id}`)).body.code).toBe('already_dialed')
  })
})

/** Every other link than the given ones is a thing that is not there. */
async function refusals(
  door: Door,
  { config, secrets, clock }: Deps,
  call: { id: string; artifacts: { transcript_url: string; recording_url: string } },
): Promise<void> {
  const path = (url: string) => url.replace(config.publicUrl, '')
  const transcript = path(call.artifacts.transcript_url)
  const recording = path(call.artifacts.recording_url)
  const signature = new URL(call.artifacts.transcript_url).searchParams.get('signature')!
  const expires = Number(new URL(call.artifacts.transcript_url).searchParams.get('expires'))
  const other = `call_${'0'.repeat(26)}`
  const at = (ms: number) => ({ config, secrets, clock: { ...clock, now: () => ms } })
  const someCall = { id: call.id, recorded: true }
  const yesterday = artifactLinks(at(clock.now() - 110 * 3_600_000), someCall, true)
  const links = {
    'of another signature': transcript.replace(
      signature,
      signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
    ),
    'cut short': transcript.slice(0, -1),
    'that lives longer': transcript.replace(String(expires), String(expires + 3600)),
    'of another call': transcript.replace(call.id, other),
    'of the other kind': transcript.replace('/t/', '/r/'),
    'of the other kind, the other way round': recording.replace('/r/', '/t/'),
    'without a signature': transcript.replace(/&signature=.*/, ''),
    'without an end': transcript.replace(/expires=\d+&/, ''),
    'with an end that is none': transcript.replace(/expires=\d+/, 'expires=NaN'),
    bare: transcript.replace(/\?.*/, ''),
    'that has expired': path(yesterday.transcript_url!),
    'to a recording, expired': path(yesterday.recording_url!),
    'of another deployment': path(
      artifactLinks({ ...at(clock.now()), secrets: { ...secrets, artifactLinks: 'other' } }, someCall, true)
        .transcript_url!,
    ),
    'to a call that is not there': path(
      artifactLinks(at(clock.now()), { ...someCall, id: other }, true).transcript_url!,
    ),
    'to a recording that is not there': path(
      artifactLinks(at(clock.now()), { ...someCall, id: other }, true).recording_url!,
    ),
  }
  for (const [what, link] of Object.entries(links)) {
    const { status, body } = await door.get(link)
    expect([what, status, body.code]).toEqual([what, 404, 'not_found'])
  }
  // The last second of a link, and the first after it.
  const given = { expires: String(expires), signature }
  expect(isValidLink(at(expires * 1000), 't', call.id, given)).toBe(true)
  expect(isValidLink(at(expires * 1000 + 1), 't', call.id, given)).toBe(false)
  // Webhooks are retried for 80 hours: their links live at least as long.
  expect(expires * 1000 - clock.now()).toBeGreaterThan(80 * 3_600_000)
}

test('a live key where there is no carrier is told what to do, not to wait', async ({ talkif, door: asTest }) => {
  const live = door(talkif.url, (await talkif.newKey({ mode: 'live' })).key)
  const body = { ...lead, phone: '+12125550100' }
  for (const [path, given] of [
    ['/v1/leads', body],
    ['/v1/lists', { leads: [body] }],
  ] as const) {
    const answer = await live.post(path, given)
    expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([503, 'unavailable', null])
    expect(answer.body.detail).toContain('TWILIO_ACCOUNT_SID')
    expect(answer.body.suggested_action).toMatch(/^Use a test key/)
  }
  expect((await asTest.get('/v1/numbers')).body.data).toHaveLength(1)
})
