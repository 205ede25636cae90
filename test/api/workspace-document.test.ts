import { describe, expect } from 'vitest'
import { putWorkspace } from '../../runtime/access/workspace-document.ts'
import { pricingYaml } from '../harness/talkif.ts'
import { type Desk, lead, rows, somebody, test } from './desk.ts'

const caldav = (password: string, url = 'https://dav.helena.example/mehmet/') => ({
  name: 'ayse',
  owner: 'ayse@helena.example',
  time_zone: 'Europe/Istanbul',
  kind: 'caldav',
  slot_minutes: 45,
  buffer_minutes: 10,
  notice_minutes: 0,
  days_ahead: 14,
  caldav: { url, username: 'ayse', password },
})

const mehmet = { name: 'mehmet', owner: 'mehmet@helena.example', time_zone: 'Europe/Istanbul' }

/** Every section, each with everything it takes. */
const whole = {
  name: 'Helena',
  business: { name: 'Helena Education', description: 'Courses.' },
  time_zone: 'Europe/Istanbul',
  region: 'eu',
  webhooks: [
    { name: 'crm', url: 'https://crm.helena.example/hook', events: [] },
    { url: 'https://hooks.helena.example/all', events: ['*'] },
  ],
  calendars: [
    mehmet,
    caldav('a caldav password'),
    {
      ...{ name: 'cal', owner: 'o', time_zone: 'UTC', kind: 'cal_com' },
      cal_com: { event_type_id: 7, api_key: 'cal_live_key', url: 'https://cal.helena.example' },
    },
  ],
  voices: [{ name: 'voice_warm_tr', voice: 'marin', language: 'tr', speed: 1.1, manner: 'Warm.' }],
  handoffs: [{ name: 'sales', targets: [{ name: 'Mehmet', phone: '+902125550123' }], hours: '09:00-18:00' }],
  templates: [
    {
      name: 'we_missed_you',
      sms: { tr: 'Merhaba {first_name}', en: 'Hi {first_name}, {business} called; {metadata.car}' },
      whatsapp: { content_sid: { tr: `HX${'a'.repeat(32)}` }, variables: { 1: '{booking.slot}' } },
    },
    { name: 'short', sms: 'مرحبا {name}' },
  ],
  numbers: [{ phone: '+12025550123', label: 'Main' }, { phone: '+12025550124' }],
  caps: { attempts_per_number_24h: 2, attempts_per_number_30d: 9, min_gap_seconds: 90, attempts_per_day: null },
  retention: { recordings_days: 30, transcripts_days: 90 },
  secrets: { CRM_TOKEN: 'a secret of ours', OTHER: 'another secret' },
  sandbox: { pace: 30, waits: 900, clock: '11:00' },
}

const secretWords = ['a caldav password', 'cal_live_key', 'a secret of ours', 'another secret']

describe('the round trip', () => {
  test('what GET shows may be PUT again, and nothing is lost or shown', async ({ desk, served }) => {
    const made = await desk.put('/workspace', whole)
    expect(made.status).toBe(200)
    const { body } = await desk.get('/workspace')
    expect(body.calendars[1]).toEqual(caldav('set'))
    expect(body.calendars[2].cal_com).toEqual({ event_type_id: 7, api_key: 'set', url: 'https://cal.helena.example' })
    expect(body.secrets).toEqual({ CRM_TOKEN: 'set', OTHER: 'set' })
    expect(body.handoffs[0]).toMatchObject({ ...whole.handoffs[0], timeout_seconds: 20, order: 'in_turn' })
    expect(body).toMatchObject({ voices: whole.voices, templates: whole.templates, retention: whole.retention })
    for (const word of secretWords) expect(JSON.stringify([made.body, body])).not.toContain(word)

    const again = await desk.put('/workspace', body)
    expect(again.status).toBe(200)
    const untouched = ({ handoffs, ...rest }: typeof body) => ({ ...rest, handoffs: handoffs.map(withoutTimes) })
    expect(untouched(again.body)).toEqual(untouched(body))
    // The answer that shows new signing secrets may be sent back too.
    expect((await desk.put('/workspace', made.body)).status).toBe(200)

    const [row] = await served.runtime.sql`select document::text from workspaces where id = ${desk.workspaceId}`
    for (const word of secretWords) expect(row!.document).not.toContain(word)
    expect(await secretsOf(served, desk.workspaceId)).toEqual({
      'calendars.ayse.password': 'a caldav password',
      'calendars.cal.api_key': 'cal_live_key',
      CRM_TOKEN: 'a secret of ours',
      OTHER: 'another secret',
    })
  })

  test('only the secrets that are named change; null removes one, and a calendar takes its own along', async ({
    desk,
    stranger,
    served,
  }) => {
    await desk.put('/workspace', whole)
    await stranger.put('/workspace', { secrets: { CRM_TOKEN: 'theirs' } })
    const { body } = await desk.put('/workspace', { secrets: { CRM_TOKEN: 'renewed', OTHER: null, NOBODY: null } })
    expect(body.secrets).toEqual({ CRM_TOKEN: 'set' })
    await desk.put('/workspace', { calendars: [mehmet, caldav('set')] })
    expect(await secretsOf(served, desk.workspaceId)).toEqual({
      'calendars.ayse.password': 'a caldav password',
      CRM_TOKEN: 'renewed',
    })
    expect(await secretsOf(served, stranger.workspaceId)).toEqual({ CRM_TOKEN: 'theirs' })
  })

  test('a mask stands for nothing where nothing is stored, and never for another server', async ({ desk, served }) => {
    await desk.put('/workspace', whole)
    const before = await secretsOf(served, desk.workspaceId)
    const { status, body } = await desk.put('/workspace', {
      calendars: [mehmet, { ...caldav('set'), name: 'new' }, caldav('set', 'https://elsewhere.example/mehmet/')],
      secrets: { NEVER: 'set', CRM_TOKEN: 'set' },
    })
    expect([status, body.code]).toEqual([422, 'invalid_request'])
    expect(body.errors).toEqual([
      {
        pointer: '/secrets/NEVER',
        code: 'invalid_request',
        detail: 'Nothing is stored here that "set" could stand for; send the secret itself.',
      },
      { ...body.errors[0], pointer: '/calendars/1/caldav/password' },
      {
        pointer: '/calendars/2/caldav/password',
        code: 'invalid_request',
        detail: 'The address is another one; send the secret itself along with it.',
      },
    ])
    expect(await secretsOf(served, desk.workspaceId)).toEqual(before)
    // Another path on the same server is the same server.
    const moved = [mehmet, caldav('set', 'https://dav.helena.example/other/')]
    expect((await desk.put('/workspace', { calendars: moved })).status).toBe(200)
  })
})

const withoutTimes = ({ updated_at: _, ...queue }: { updated_at: string }) => queue

async function secretsOf({ runtime }: { runtime: { sql: import('../../runtime/db/connect.ts').Sql } }, id: string) {
  const rows = await runtime.sql`select name, value from workspace_secrets where workspace_id = ${id}`
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

describe('what flows use', () => {
  const yaml = pricingYaml
    .replace('not_fit:     log("out_of_scope")', 'not_fit: sms("short") webhook(crm)\n  booked: handoff(sales)')
    .replace('flow_pricing_v3', 'flow_uses')
    .replace('intent: pricing', 'intent: other')

  test('is not removed, and the flow is named', async ({ desk, served }) => {
    await desk.put('/workspace', whole)
    await desk.deploy(yaml)
    const before = [(await desk.get('/workspace')).body, await rows(served)]
    const { status, body } = await desk.put('/workspace', {
      calendars: [],
      handoffs: [],
      templates: [whole.templates[0]],
      webhooks: [],
    })
    expect([status, body.code]).toEqual([422, 'invalid_request'])
    const used = (what: string, by: string) =>
      `The ${what} is used by ${by}, so it cannot be removed; deploy the flow without it first.`
    expect(body.errors.map(({ pointer, detail }: Record<string, string>) => `${pointer} ${detail}`)).toEqual([
      `/calendars ${used('calendar mehmet', 'flow_pricing_v3, flow_uses')}`,
      `/handoffs ${used('queue sales', 'flow_uses')}`,
      `/webhooks ${used('webhook crm', 'flow_uses')}`,
      `/templates ${used('text for SMS of the template short', 'flow_uses')}`,
    ])
    expect([(await desk.get('/workspace')).body, await rows(served)]).toEqual(before)
  })

  test('is removed once the current versions do without it', async ({ desk }) => {
    await desk.put('/workspace', whole)
    await desk.deploy(yaml)
    await desk.deploy('id: flow_uses\nmatch:\n  intent: other')
    await desk.deploy('id: flow_pricing_v3\nmatch:\n  intent: pricing')
    const empty = { calendars: [], handoffs: [], templates: [], webhooks: [], voices: [], numbers: [] }
    const { status, body } = await desk.put('/workspace', empty)
    expect(status).toBe(200)
    expect(body).toMatchObject(empty)
  })

  test('may go from one entry to another: a webhook keeps its name at a new address', async ({ desk }) => {
    await desk.put('/workspace', whole)
    await desk.deploy(yaml)
    const moved = [
      { name: 'crm', url: 'https://hooks.helena.example/all', events: ['*'] },
      { url: 'https://crm.helena.example/hook', events: ['outcome.*'] },
    ]
    const { body } = await desk.put('/workspace', { webhooks: moved })
    expect(body.webhooks.map(({ name, url }: Record<string, string>) => [name, url])).toEqual(
      expect.arrayContaining([
        ['crm', 'https://hooks.helena.example/all'],
        [undefined, 'https://crm.helena.example/hook'],
      ]),
    )
  })
})

test('faults of the new sections, each at its place', async ({ desk, served }) => {
  const before = await rows(served)
  const { status, body } = await desk.put('/workspace', {
    webhooks: [{ url: 'https://a.example', events: [] }],
    calendars: [
      { ...mehmet, kind: 'caldav' },
      { ...caldav('x', 'http://dav.helena.example/'), name: 'b' },
      { ...caldav('x', 'https://10.0.0.1/'), name: 'c' },
      { ...caldav('x', 'https://me:secret@dav.helena.example/'), name: 'd' },
      { ...caldav('x'), name: 'e', kind: 'embedded' },
    ],
    voices: [
      { name: 'a', voice: 'marin' },
      { name: 'a', voice: 'robot', speed: 9 },
    ],
    handoffs: [{ name: 'sales', targets: [{ phone: '123' }] }],
    templates: [
      { name: 'nothing' },
      {
        name: 'slip',
        sms: { tr: 'Merhaba {fist_name}' },
        whatsapp: { content_sid: 'HX1', variables: { 1: '{{name}}' } },
      },
    ],
    numbers: [{ phone: '+12025550123' }, { phone: '+1 (202) 555-0123' }],
    retention: { recordings_days: 0 },
    secrets: { 'lower case': 'x', EMPTY: '' },
  })
  expect(status).toBe(422)
  expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual([
    '/calendars/0/caldav',
    '/calendars/1/caldav/url',
    '/calendars/2/caldav/url',
    '/calendars/3/caldav/url',
    '/calendars/4/caldav',
    '/handoffs/0/targets/0/phone',
    '/numbers/1/phone',
    '/retention/recordings_days',
    '/secrets/EMPTY',
    '/secrets/lower case',
    '/templates/0',
    '/templates/1/sms/tr',
    '/templates/1/whatsapp/content_sid',
    '/templates/1/whatsapp/variables/1',
    '/voices/1/name',
    '/voices/1/speed',
    '/voices/1/voice',
    '/webhooks/0/events',
  ])
  const slip = body.errors.find(({ pointer }: { pointer: string }) => pointer === '/templates/1/sms/tr')
  expect(slip.detail).toBe('There is no field {fist_name}; did you mean {first_name}?')
  expect(await rows(served)).toEqual(before)
})

test('leads are taken while the document is being replaced', async ({ desk, served }) => {
  const caller = { workspaceId: desk.workspaceId, mode: 'test' as const }
  const answer = await served.runtime.db.transaction(async (tx) => {
    const webhooks = [{ name: 'inbox', url: desk.inbox.url, events: ['*'] }]
    await putWorkspace(tx, served.runtime, caller, { name: 'Later', webhooks })
    return desk.post('/v1/leads', { ...lead, phone: somebody() })
  })
  expect(answer.status).toBe(202)
})

describe('a plan', () => {
  const plan = (desk: Pick<Desk, 'post'>, workspace: object) =>
    desk.post('/workspace/deploy', { workspace, flows: [], dry_run: true })

  test('tells every field that changes, and changes nothing', async ({ desk, served }) => {
    await desk.put('/workspace', whole)
    const before = [(await desk.get('/workspace')).body, await secretsOf(served, desk.workspaceId), await rows(served)]
    expect((await plan(desk, whole)).body).toMatchObject({ workspace: [], flows: [] })
    const { status, body } = await plan(desk, {
      name: 'Other',
      calendars: [{ ...mehmet, slot_minutes: 60 }, caldav('another password')],
      webhooks: [...whole.webhooks, { url: 'https://new.example', events: ['*'] }],
      templates: [whole.templates[0], { name: 'short', sms: 'Hello {name}' }],
      secrets: { CRM_TOKEN: 'renewed', OTHER: null, NEW: 'x' },
    })
    expect(status).toBe(200)
    expect(body.workspace).toEqual([
      { path: 'name', before: 'Helena', after: 'Other' },
      {
        path: 'webhooks.https://new.example',
        before: null,
        after: { url: 'https://new.example', events: ['*'] },
      },
      { path: 'calendars.mehmet.slot_minutes', before: null, after: 60 },
      { path: 'calendars.cal', before: expect.objectContaining({ kind: 'cal_com' }), after: null },
      { path: 'templates.short.sms', before: 'مرحبا {name}', after: 'Hello {name}' },
      { path: 'secrets.NEW', before: null, after: 'set' },
      { path: 'secrets.OTHER', before: 'set', after: null },
      { path: 'secrets.CRM_TOKEN', before: 'set', after: 'set anew' },
      { path: 'calendars.ayse.caldav.password', before: 'set', after: 'set anew' },
    ])
    expect([
      (await desk.get('/workspace')).body,
      await secretsOf(served, desk.workspaceId),
      await rows(served),
    ]).toEqual(before)
  })

  test('refuses what PUT would refuse', async ({ desk }) => {
    const { status, body } = await plan(desk, { calendars: [], colour: 'red' })
    expect([status, body.code, body.errors.length]).toEqual([422, 'invalid_request', 1])
    expect(body.errors[0].pointer).toBe('/workspace/colour')
    expect((await plan(desk, { calendars: [] })).body.errors[0].pointer).toBe('/workspace/calendars')
  })
})
