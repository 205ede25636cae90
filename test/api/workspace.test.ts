import { describe, expect } from 'vitest'
import { scopes } from '../../openapi/operation.ts'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { lead, rows, somebody, test } from './desk.ts'

const pointersOf = (body: { errors?: { pointer: string; code: string }[] }) =>
  (body.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`).toSorted()

describe('PUT /workspace', () => {
  test('replaces the sections present, and leaves the others as they are', async ({ desk }) => {
    const before = (await desk.get('/workspace')).body
    const caps = {
      attempts_per_number_24h: 2,
      attempts_per_number_30d: 10,
      min_gap_seconds: 120,
      attempts_per_day: null,
    }
    const { status, body } = await desk.put('/workspace', { name: 'Helena', caps })
    expect(status).toBe(200)
    expect(body).toEqual({ ...before, name: 'Helena', caps })
    expect((await desk.get('/workspace')).body).toEqual(body)
    expect((await desk.put('/workspace', {})).body).toEqual(body)
    // An empty section is present.
    expect((await desk.put('/workspace', { webhooks: [] })).body).toEqual({ ...body, webhooks: [] })
  })

  test('does not touch another workspace', async ({ desk, stranger }) => {
    const before = (await stranger.get('/workspace')).body
    await desk.put('/workspace', { name: 'Mine', webhooks: [], numbers: [{ phone: '+12025550123' }] })
    expect((await stranger.get('/workspace')).body).toEqual(before)
  })

  test('shows the secret of a new endpoint once, and never again', async ({ desk }) => {
    const [kept, added] = ['http://127.0.0.1:1/kept', 'https://hooks.example/added']
    const put = async (webhooks: object[]) => (await desk.put('/workspace', { webhooks })).body.webhooks
    const [first] = await put([{ url: kept, events: ['outcome.*'] }])
    expect(first).toMatchObject({ url: kept, events: ['outcome.*'], disabled: false })
    expect(first.secret).toMatch(/^whsec_[A-Za-z0-9+/]{32,}=*$/)
    const both = await put([
      { url: kept, events: ['*'] },
      { url: added, events: ['lead.created', 'call.*'] },
    ])
    expect(both.map(({ id }: { id: string }) => id)).toContain(first.id)
    expect(both.find(({ url }: { url: string }) => url === kept)).not.toHaveProperty('secret')
    const shown = both.find(({ url }: { url: string }) => url === added)
    expect(shown.secret).not.toBe(first.secret)
    for (const { webhooks } of [(await desk.get('/workspace')).body, (await desk.put('/workspace', {})).body]) {
      expect(webhooks.map(({ secret }: { secret?: string }) => secret)).toEqual([undefined, undefined])
    }
    // One that is gone gets no more events, and a new secret when it comes back.
    expect(await put([{ url: added, events: ['*'] }])).toHaveLength(1)
    const again = await put([
      { url: kept, events: ['*'] },
      { url: added, events: ['*'] },
    ])
    const back = again.find(({ url }: { url: string }) => url === kept)
    expect(back).toMatchObject({ id: first.id, disabled: false, secret: expect.stringMatching(/^whsec_/) })
    expect(back.secret).not.toBe(first.secret)
  })

  test('an endpoint that was disabled is back when it is named again, with its secret', async ({ desk, served }) => {
    const { sql } = served.runtime
    const before = (await desk.get('/workspace')).body.webhooks[0]
    await sql`update endpoints set disabled_at = now(), disabled_reason = 'failing', failing_since = now() where id = ${before.id}`
    expect((await desk.get('/workspace')).body.webhooks[0].disabled).toBe(true)
    // Another section does not bring it back.
    await desk.put('/workspace', { name: 'Other' })
    expect((await desk.get('/workspace')).body.webhooks[0].disabled).toBe(true)
    const [secret] = await sql`select secret from endpoints where id = ${before.id}`
    await desk.put('/workspace', { webhooks: [{ url: before.url, events: ['*'] }] })
    expect((await desk.get('/workspace')).body.webhooks).toEqual([before])
    const [row] = await sql`select secret, disabled_reason, failing_since from endpoints where id = ${before.id}`
    expect(row).toEqual({ ...secret, disabled_reason: null, failing_since: null })
  })

  test('rotating a secret shows the new one, and keeps the old for a while', async ({ desk, served }) => {
    const [{ id }] = (await desk.get('/workspace')).body.webhooks
    const { body } = await desk.send(`/workspace/webhooks/${id}/rotate`, { method: 'POST' })
    expect(body.secret).toMatch(/^whsec_/)
    const [row] = await served.runtime.sql`select secret, old_secret from endpoints where id = ${id}`
    expect(row).toEqual({ secret: body.secret, old_secret: desk.webhookSecret })
  })

  test('every fault of the shape at once, and nothing is stored', async ({ desk, served }) => {
    const [before, counts] = [(await desk.get('/workspace')).body, await rows(served)]
    const { status, body } = await desk.put('/workspace', {
      name: '',
      region: 'mars',
      colour: 'red',
      webhooks: [{ url: 'ftp://x.example', events: ['outcome.*', 'outcome.bookd'] }],
      calendars: [{ name: 'Mehmet', owner: 'm', time_zone: 'UTC', slot_minutes: 1 }],
      caps: { attempts_per_number_24h: 4 },
      sandbox: { pace: 0, clock: '25:00' },
    })
    expect([status, body.code]).toEqual([422, 'invalid_request'])
    expect([...new Set(pointersOf(body).map((it) => it.split(' ')[0]))]).toEqual([
      '/calendars/0/name',
      '/calendars/0/slot_minutes',
      '/caps/attempts_per_number_24h',
      '/colour',
      '/name',
      '/region',
      '/sandbox/clock',
      '/sandbox/pace',
      '/webhooks/0/events/1',
      '/webhooks/0/url',
    ])
    expect((await desk.get('/workspace')).body).toEqual(before)
    expect(await rows(served)).toEqual(counts)
  })

  test('a region that no server has yet is refused, not stored without effect', async ({ desk }) => {
    const answers = [
      [await desk.put('/workspace', { region: 'us' }), '/region'],
      [await desk.put('/workspace', { region: 'tr' }), '/region'],
      [await desk.post('/workspace/deploy', { workspace: { region: 'tr' }, flows: [] }), '/workspace/region'],
    ] as const
    for (const [{ status, body }, pointer] of answers)
      expect([status, body.errors]).toEqual([
        422,
        [expect.objectContaining({ pointer, detail: expect.stringContaining('write region: eu') })],
      ])
    expect((await desk.put('/workspace', { region: 'eu' })).body.region).toBe('eu')
  })

  test('every fault of the meaning at once, and nothing is stored', async ({ desk, served }) => {
    const [before, counts] = [(await desk.get('/workspace')).body, await rows(served)]
    const calendar = { name: 'm', owner: 'm' }
    const { status, body } = await desk.put('/workspace', {
      name: 'Not stored',
      time_zone: 'Mars/Olympus',
      calendars: [
        { ...calendar, time_zone: 'Nowhere' },
        { ...calendar, time_zone: 'UTC', working_hours: { from: '18:00', to: '09:00', days: [1] } },
      ],
      numbers: [{ phone: '123' }, { phone: '+12025550123' }],
      webhooks: [
        { url: 'http://10.0.0.1/x', events: ['*'] },
        { url: 'http://[fe80::1]/x', events: ['*'] },
        { url: 'http://169.254.169.254/latest', events: ['*'] },
        { url: 'https://twice.example/', events: ['*'] },
        { url: 'https://twice.example/', events: ['lead.*'] },
      ],
    })
    expect([status, body.code]).toEqual([422, 'invalid_request'])
    expect(pointersOf(body)).toEqual(
      [
        '/calendars/0/time_zone',
        '/calendars/1/name',
        '/calendars/1/working_hours',
        '/numbers/0/phone',
        '/time_zone',
        '/webhooks/0/url',
        '/webhooks/1/url',
        '/webhooks/2/url',
        '/webhooks/4/url',
      ].map((pointer) => `${pointer} invalid_request`),
    )
    expect((await desk.get('/workspace')).body).toEqual(before)
    expect(await rows(served)).toEqual(counts)
  })
})

test('faults of shape and of meaning are told together', async ({ desk }) => {
  const { status, body } = await desk.put('/workspace', {
    name: '',
    time_zone: 'Mars/Olympus',
    calendars: [
      { name: 'm', owner: 5, time_zone: 'Nowhere', working_hours: { from: '18:00', to: '09:00', days: [] } },
      7,
    ],
    numbers: [{ phone: '123' }, { phone: 5 }, null],
    webhooks: [{ url: 'http://10.0.0.1/x', events: ['outcome.bookd'] }, { url: 'nowhere', events: ['*'] }, 'x'],
    webhook: [],
  })
  expect([status, body.code]).toEqual([422, 'invalid_request'])
  expect(body.errors.map(({ pointer, detail }: { pointer: string; detail: string }) => `${pointer} ${detail}`)).toEqual(
    expect.arrayContaining([
      '/name name must not be empty.',
      '/calendars/0/owner calendars.0.owner must be text.',
      '/calendars/0/working_hours/days calendars.0.working_hours.days must not be empty.',
      '/calendars/1 calendars.1 must be an object.',
      '/webhooks/1/url webhooks.1.url must be a URL that begins with https:// or http://.',
      '/webhook There is no field webhook here; did you mean webhooks?',
      '/time_zone Mars/Olympus is not an IANA time zone.',
      '/calendars/0/time_zone Nowhere is not an IANA time zone.',
      '/calendars/0/working_hours They end before they begin.',
      '/webhooks/0/url Webhooks never go to private, loopback or link-local addresses; `talkif dev` alone delivers to loopback.',
    ]),
  )
  expect(pointersOf(body)).toContain('/numbers/0/phone invalid_request')
})

describe('keys', () => {
  test('are made with the scopes asked for, shown once, and listed by their ends', async ({ desk }) => {
    const made = await desk.post('/workspace/keys', { mode: 'live', scopes: ['calls:read'] })
    expect(made.status).toBe(201)
    expect(made.body).toEqual({
      id: expect.stringMatching(/^key_[0-9a-z]{26}$/),
      key: expect.stringMatching(/^tk_live_[\w-]{32}$/),
    })
    const ordinary = await desk.post('/workspace/keys', { mode: 'test' })
    await desk.delete(`/workspace/keys/${ordinary.body.id}`)
    const { body } = await desk.get('/workspace/keys')
    expect(JSON.stringify(body)).not.toContain(made.body.key)
    const time = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
    expect(body.data).toContainEqual({
      id: made.body.id,
      mode: 'live',
      hint: made.body.key.slice(-4),
      scopes: ['calls:read'],
      created_at: time,
      revoked_at: null,
    })
    expect(body.data).toContainEqual({
      id: ordinary.body.id,
      mode: 'test',
      hint: ordinary.body.key.slice(-4),
      scopes: scopes.filter((scope) => scope !== 'workspace:admin'),
      created_at: time,
      revoked_at: time,
    })
  })

  test('refuse what they cannot be', async ({ desk, served }) => {
    const before = await rows(served)
    const { body } = await desk.post('/workspace/keys', { mode: 'prod', scopes: ['everything'], name: 'x' })
    expect(pointersOf(body)).toEqual(['/mode invalid_request', '/name invalid_request', '/scopes/0 invalid_request'])
    expect((await desk.post('/workspace/keys', { mode: 'test', scopes: [] })).status).toBe(422)
    expect(await rows(served)).toEqual(before)
  })
})

describe('the do-not-call list', () => {
  test('takes any spelling, counts each number once, and may be sent again', async ({ desk }) => {
    const phone = somebody()
    const spelled = `${phone.slice(0, 3)} (${phone.slice(3, 6)}) ${phone.slice(6)}`
    const other = somebody()
    const added = await desk.post('/workspace/dnc', { phones: [phone, spelled, other] })
    expect([added.status, added.body]).toEqual([201, { added: 2 }])
    expect((await desk.post('/workspace/dnc', { phones: [other] })).status).toBe(201)
    const { body } = await desk.get('/workspace/dnc')
    expect(body.data.map((row: { phone: string }) => row.phone).toSorted()).toEqual([phone, other].toSorted())
    expect(body.data[0]).toEqual({
      phone: expect.any(String),
      source: 'import',
      created_at: expect.stringMatching(/Z$/),
    })
  })

  test('refuses a list with any number that is none, and keeps nothing of it', async ({ desk, served }) => {
    const before = await rows(served)
    const { body } = await desk.post('/workspace/dnc', { phones: [somebody(), '123', somebody(), 'nobody'] })
    expect(body.code).toBe('phone_invalid')
    expect(pointersOf(body)).toEqual(['/phones/1 phone_invalid', '/phones/3 phone_invalid'])
    expect(await rows(served)).toEqual(before)
  })
})

describe('numbers', () => {
  test('a test key sees the sandbox’s own', async ({ desk }) => {
    await desk.put('/workspace', { numbers: [{ phone: '+12025550123' }] })
    const { body } = await desk.get('/v1/numbers')
    expect(body).toMatchObject({
      data: [{ phone: sandboxNumber, test: true, can_dial: true, cannot_dial_reason: null }],
      has_more: false,
      next_cursor: null,
    })
  })

  test('a live key sees the workspace’s, page by page, each once', async ({ desk, stranger }) => {
    const phones = Array.from({ length: 7 }, (_, index) => `+1202555012${index}`)
    const numbers = phones.map((phone, index) => ({ phone, ...(index ? {} : { label: 'Sales' }) }))
    await desk.put('/workspace', { numbers })
    await stranger.put('/workspace', { numbers: [{ phone: '+12025550177' }] })
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    const seen: string[] = []
    const sizes: number[] = []
    for (let cursor: string | null = '', pages = 0; cursor !== null && pages < 9; pages++) {
      const { body } = await live.get(`/v1/numbers?limit=3${cursor && `&cursor=${cursor}`}`)
      seen.push(...body.data.map((it: { phone: string }) => it.phone))
      sizes.push(body.data.length)
      expect(body.has_more).toBe(body.next_cursor !== null)
      cursor = body.next_cursor
    }
    expect(sizes).toEqual([3, 3, 1])
    expect(seen.toSorted()).toEqual(phones)
    const { body } = await live.get('/v1/numbers')
    expect(body.data[0]).toMatchObject({ phone: phones[0], label: 'Sales', country: 'US', test: false, can_dial: true })
    // Replaced: what stays keeps its id, what is gone is gone.
    await desk.put('/workspace', { numbers: [{ phone: '+1 202 555 0120', label: 'Support' }] })
    expect((await live.get('/v1/numbers')).body.data).toEqual([{ ...body.data[0], label: 'Support' }])
  })
})

describe('upsertHandoff', () => {
  const queue = { name: 'sales', targets: [{ name: 'Mehmet', phone: '+90 212 555 01 23' }] }

  test('makes a queue, fills what is not said, and replaces it by its name', async ({ desk, stranger }) => {
    const made = await desk.post('/v1/handoffs', queue)
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      name: 'sales',
      targets: [{ name: 'Mehmet', phone: '+902125550123' }],
      order: 'in_turn',
      hours: null,
      languages: [],
      timeout_seconds: 20,
      fallback: 'callback',
    })
    const fuller = {
      name: 'sales',
      targets: [{ sip: 'sip:sales@helena.example' }, ...queue.targets],
      order: 'all_at_once',
      hours: '09:00-18:00',
      languages: ['tr', 'en-GB'],
      timeout_seconds: 30,
      fallback: 'voicemail',
    }
    const replaced = await desk.post('/v1/handoffs', fuller)
    expect(replaced.status).toBe(200)
    expect(replaced.body).toMatchObject({ ...fuller, targets: [fuller.targets[0], made.body.targets[0]] })
    expect([replaced.body.id, replaced.body.created_at]).toEqual([made.body.id, made.body.created_at])
    expect((await desk.post('/v1/handoffs', queue)).body.order).toBe('in_turn')
    const theirs = await stranger.post('/v1/handoffs', queue)
    expect([theirs.status, theirs.body.id === made.body.id]).toEqual([201, false])
  })

  test('ten at once make one', async ({ desk }) => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => desk.post('/v1/handoffs', queue)))
    expect(answers.filter(({ status }) => status === 201).length).toBe(1)
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
  })

  test('every fault at once: of the shape, of targets without a way to ring them, of their phones', async ({
    desk,
    served,
  }) => {
    const before = await rows(served)
    const { status, body } = await desk.post('/v1/handoffs', {
      name: 'Sales!',
      targets: [
        { name: 'Nobody' },
        { phone: '123' },
        { phone: '+902125550123', sip: 'sip:a@b.example' },
        { sip: 'http://b.example' },
        { phone: '+902125550123', fax: 1 },
      ],
      hours: 'always',
      timeout_seconds: 1,
    })
    expect([status, body.code]).toEqual([422, 'invalid_request'])
    expect(pointersOf(body)).toEqual([
      '/hours invalid_request',
      '/name invalid_request',
      '/targets/0 invalid_request',
      '/targets/1/phone phone_invalid',
      '/targets/2 invalid_request',
      '/targets/3/sip invalid_request',
      '/targets/4/fax invalid_request',
      '/timeout_seconds invalid_request',
    ])
    const phones = await desk.post('/v1/handoffs', { name: 'sales', targets: [{ phone: '123' }] })
    expect([phones.body.code, phones.body.param]).toEqual(['phone_invalid', 'targets.0.phone'])
    expect(await rows(served)).toEqual(before)
  })
})

test('leads of a workspace that was just configured are judged by it', async ({ desk }) => {
  await desk.put('/workspace', { sandbox: { pace: 12, waits: 34, clock: '23:30' } })
  const { body } = await desk.post('/v1/leads', { ...lead, phone: somebody() })
  expect(body).toMatchObject({ status: 'held', reason: 'quiet_hours', sandbox: { pace: 12, waits: 34 } })
})
