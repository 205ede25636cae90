import { describe, expect } from 'vitest'
import { pricingYaml } from '../harness/talkif.ts'
import { type Desk, lead, rows, somebody, test } from './desk.ts'

const flow = (id: string, intent: string, more = '') => `id: ${id}\nmatch:\n  intent: ${intent}\n${more}`
const calendars = (...names: string[]) => names.map((name) => ({ name, owner: 'o@helena.example', time_zone: 'UTC' }))
const books = (calendar: string) => pricingYaml.replace('calendar.mehmet', `calendar.${calendar}`)

const plan = (desk: Pick<Desk, 'post'>, folder: object) => desk.post('/workspace/deploy', { ...folder, dry_run: true })
const apply = (desk: Pick<Desk, 'post'>, folder: object) => desk.post('/workspace/deploy', folder)

const changesOf = (body: { flows: { change: string; version: number }[] }) =>
  body.flows.map(({ change, version }) => `${change} ${version}`)

/** What a deploy would have changed. */
async function state(desk: Desk, served: Parameters<typeof rows>[0]) {
  return [(await desk.get('/workspace')).body, (await desk.get('/workspace/flows')).body, await rows(served)]
}

describe('a folder is deployed as a whole', () => {
  test('a plan says what each file would change, and changes nothing', async ({ desk, served }) => {
    await desk.deploy(flow('a', 'a'))
    await desk.deploy(flow('a', 'a', 'agent:\n  prompt: Be very brief.\n'))
    const before = await state(desk, served)
    const { status, body } = await plan(desk, {
      flows: [
        { file: 'pricing.yaml', yaml: `# only a comment\n${pricingYaml}` },
        { file: 'a.yaml', yaml: flow('a', 'a', 'agent:\n  prompt: Be brief.\n') },
        { file: 'new.yaml', yaml: flow('new', 'new', 'on:\n  qualified: book(calendar.ayse)\n') },
      ],
      workspace: { calendars: calendars('mehmet', 'ayse'), webhooks: [{ url: 'https://new.example', events: ['*'] }] },
    })
    expect(status).toBe(200)
    expect(body.flows).toEqual([
      { file: 'pricing.yaml', id: 'flow_pricing_v3', change: 'unchanged', version: 1, diff: null },
      {
        ...{ file: 'a.yaml', id: 'a', change: 'new_version', version: 3 },
        diff: {
          settings: [],
          texts: [{ path: 'agent.prompt', words: expect.arrayContaining([{ text: 'very ', removed: true }]) }],
        },
      },
      { file: 'new.yaml', id: 'new', change: 'new_flow', version: 1, diff: null },
    ])
    expect(body.workspace.map(({ path }: { path: string }) => path)).toContain('calendars.ayse')
    // The secret of a plan would be one that never signs anything.
    expect(body.webhooks).toEqual([])
    expect(changesOf((await plan(desk, { flows: [{ yaml: flow('a', 'a') }] })).body)).toEqual(['rolled_back 1'])
    expect(await state(desk, served)).toEqual(before)
  })

  test('the same folder again changes nothing, and new endpoints tell their secrets once', async ({ desk, served }) => {
    const folder = {
      flows: [{ yaml: pricingYaml }, { yaml: flow('a', 'a', 'on:\n  qualified: webhook(crm)\n') }],
      workspace: { webhooks: [{ name: 'crm', url: 'https://crm.example', events: [] }] },
    }
    const first = (await apply(desk, folder)).body
    expect(changesOf(first)).toEqual(['unchanged 1', 'new_flow 1'])
    expect(first.webhooks).toEqual([
      { id: expect.any(String), url: 'https://crm.example', secret: expect.stringMatching(/^whsec_/) },
    ])
    const before = await state(desk, served)
    const again = (await apply(desk, folder)).body
    expect([again.workspace, changesOf(again), again.webhooks]).toEqual([[], ['unchanged 1', 'unchanged 1'], []])
    expect(await state(desk, served)).toEqual(before)
  })

  test('what flows name is renamed in the workspace and in them at once', async ({ desk }) => {
    const folder = {
      workspace: {
        calendars: calendars('ayse'),
        handoffs: [{ name: 'sales', targets: [{ phone: '+902125550123' }] }],
        webhooks: [{ name: 'crm', url: 'https://crm.example', events: [] }],
        templates: [{ name: 'short', sms: 'Hi' }],
      },
      flows: [
        { yaml: books('ayse') },
        { yaml: flow('uses', 'uses', 'on:\n  booked: handoff(sales)\n  not_fit: sms("short") webhook(crm)\n') },
      ],
    }
    expect((await apply(desk, folder)).status).toBe(200)
    const renamed = JSON.parse(
      JSON.stringify(folder).replaceAll('ayse', 'zeynep').replaceAll('sales', 'desk').replaceAll('crm', 'erp'),
    )
    const { status, body } = await apply(desk, renamed)
    expect([status, changesOf(body)]).toEqual([200, ['new_version 3', 'new_version 2']])
    // Removed with its last use.
    const { calendars: _, ...rest } = renamed.workspace
    const without = { workspace: { ...rest, calendars: [] }, flows: [{ yaml: flow('flow_pricing_v3', 'pricing') }] }
    expect((await apply(desk, without)).status).toBe(200)
    expect((await desk.get('/workspace')).body.calendars).toEqual([])
  })

  test('what a flow that is not sent along uses cannot go, and nothing is changed', async ({ desk, served }) => {
    const before = await state(desk, served)
    const folder = { workspace: { calendars: calendars('ayse') }, flows: [{ yaml: flow('a', 'a') }] }
    for (const { status, body } of [await plan(desk, folder), await apply(desk, folder)]) {
      expect([status, body.code]).toEqual([422, 'invalid_request'])
      expect(body.errors).toEqual([
        {
          pointer: '/workspace/calendars',
          code: 'invalid_request',
          detail: expect.stringMatching(/^The calendar mehmet is used by flow_pricing_v3, so it cannot be removed/),
        },
      ])
    }
    expect(await state(desk, served)).toEqual(before)
  })

  test('a plan is applied as it was shown, or not at all', async ({ desk, served }) => {
    await desk.deploy(flow('a', 'a'))
    const workspace = { calendars: calendars('ayse'), webhooks: [{ url: 'https://new.example', events: ['*'] }] }
    const folder = { workspace, flows: [{ yaml: flow('a', 'a', 'agent:\n  prompt: Be brief.\n') }], prune: true }
    const shown = (await plan(desk, folder)).body
    expect((await plan(desk, folder)).body.plan).toBe(shown.plan)
    // Meanwhile somebody else deploys a flow that this plan does not name among those it retires.
    await desk.deploy(flow('theirs', 'theirs'))
    const before = await state(desk, served)
    const { status, body } = await apply(desk, { ...folder, plan: shown.plan })
    expect([status, body.code]).toEqual([409, 'plan_changed'])
    expect(await state(desk, served)).toEqual(before)
    const now = (await plan(desk, folder)).body
    expect(now.others.map(({ id }: { id: string }) => id)).toEqual(['flow_pricing_v3', 'theirs'])
    const done = await apply(desk, { ...folder, plan: now.plan })
    expect([done.status, done.body.plan, changesOf(done.body)]).toEqual([200, now.plan, ['new_version 2']])
  })

  test('flows may change places: the end counts, not the order', async ({ desk }) => {
    await desk.deploy(flow('a', 'one'))
    await desk.deploy(flow('b', 'two'))
    const swapped = { flows: [{ yaml: flow('a', 'two') }, { yaml: flow('b', 'one') }] }
    expect(changesOf((await apply(desk, swapped)).body)).toEqual(['new_version 2', 'new_version 2'])
    const { body } = await desk.post('/workspace/route', { source: 'x', intent: 'two' })
    expect(body.flow_id).toBe('a')
  })

  test('every fault of every flow has its file, line and column', async ({ desk, served, stranger }) => {
    const before = await state(desk, served)
    const texts = await apply(desk, {
      flows: [
        { file: 'a.yaml', yaml: flow('a', 'a') },
        { file: 'wrong.yaml', yaml: 'id: wrong\nmacth: {}\n' },
        { file: 'twice.yaml', yaml: flow('a', 'other') },
      ],
    })
    expect([texts.status, texts.body.code]).toEqual([422, 'flow_invalid'])
    expect(texts.body.detail).toMatch(/^wrong\.yaml, line 2, column 1: /)
    expect(texts.body.errors).toEqual([
      expect.objectContaining({
        pointer: '/flows/1/yaml',
        line: 2,
        column: 1,
        detail: expect.stringContaining('match'),
      }),
      expect.objectContaining({ pointer: '/flows/2/yaml', line: 1, detail: 'the flow a is also in a.yaml' }),
    ])
    const meaning = await apply(desk, {
      flows: [
        { file: 'tie.yaml', yaml: pricingYaml.replace('flow_pricing_v3', 'flow_pricing_v4') },
        { file: 'ayse.yaml', yaml: flow('n', 'n', 'on:\n  qualified: book(calendar.ayse)\n') },
      ],
    })
    expect(meaning.body.errors.map(({ pointer, detail }: Record<string, string>) => `${pointer} ${detail}`)).toEqual([
      expect.stringMatching(/^\/flows\/0\/yaml flow_pricing_v3 takes leads with .*source web_form.* too/),
      expect.stringMatching(/^\/flows\/1\/yaml the workspace has no calendar named "ayse"/),
    ])
    const shape = await apply(desk, { workspace: { colour: 'red' }, flows: [] })
    expect(shape.body.errors.map(({ pointer }: Record<string, string>) => pointer)).toEqual(['/workspace/colour'])
    expect(await state(desk, served)).toEqual(before)
    // What another workspace has is nothing that this one has.
    await desk.put('/workspace', { calendars: calendars('mehmet', 'ayse') })
    const foreign = await apply(stranger, { flows: [{ yaml: books('ayse') }] })
    expect(foreign.status).toBe(422)
  })

  test('leads keep coming in meanwhile, and two deploys of one workspace take turns', async ({ desk }) => {
    const folder = (n: number) => ({
      workspace: { calendars: calendars(`c${n}`) },
      flows: [{ yaml: books(`c${n}`) }],
    })
    const [leads, deploys] = await Promise.all([
      Promise.all([1, 2, 3].map(() => desk.post('/v1/leads', { ...lead, phone: somebody() }))),
      Promise.all([1, 2, 3].map((n) => apply(desk, folder(n)))),
    ])
    expect([...leads.map(({ status }) => status), ...deploys.map(({ status }) => status)]).toEqual([
      ...[202, 202, 202, 200, 200, 200],
    ])
    const names = (await desk.get('/workspace')).body.calendars.map(({ name }: { name: string }) => name)
    const { definition } = (await desk.get('/v1/flows/flow_pricing_v3')).body
    expect(definition.on.qualified[0].calendar).toBe(names[0])
  })
})

describe('flows that are not among those sent', () => {
  const v4 = () => pricingYaml.replace('flow_pricing_v3', 'flow_pricing_v4')

  test('are named and kept; `prune` retires them in the same transaction, so that an id can be renamed', async ({
    desk,
    served,
  }) => {
    await desk.deploy(flow('a', 'a'))
    const kept = (await plan(desk, { flows: [{ yaml: flow('a', 'a') }] })).body
    expect(kept.others).toEqual([{ id: 'flow_pricing_v3', version: 1, retired: false }])
    const before = await state(desk, served)
    const tied = await apply(desk, { flows: [{ yaml: v4() }, { yaml: flow('a', 'a') }] })
    expect(tied.body.errors[0].detail).toMatch(/^flow_pricing_v3 takes .* or retire it, as it is not among these files/)
    // Neither the plan nor a deploy that is refused retires anything.
    const folder = { flows: [{ yaml: v4() }, { yaml: flow('a', 'a') }], prune: true }
    expect((await plan(desk, folder)).body.others).toEqual([{ id: 'flow_pricing_v3', version: 1, retired: true }])
    const broken = { ...folder, flows: [...folder.flows, { yaml: flow('n', 'n', 'on:\n  booked: handoff(nobody)\n') }] }
    expect((await apply(desk, broken)).status).toBe(422)
    expect(await state(desk, served)).toEqual(before)

    const done = await apply(desk, folder)
    expect([done.status, changesOf(done.body)]).toEqual([200, ['new_flow 1', 'unchanged 1']])
    expect(done.body.others).toEqual([{ id: 'flow_pricing_v3', version: 1, retired: true }])
    expect((await apply(desk, folder)).body.others).toEqual([])
    const routed = await desk.post('/v1/leads', { ...lead, phone: somebody() })
    expect(routed.body.flow_id).toBe('flow_pricing_v4')
    const named = await desk.post('/v1/leads', { ...lead, phone: somebody(), flow_id: 'flow_pricing_v3' })
    expect(named.body.code).toBe('no_flow_matches')
  })

  test('a retired flow can still be read, and what it used can go; deploying it brings it back', async ({ desk }) => {
    await desk.deploy(`${pricingYaml}  wrong_number: log("v2")\n`)
    const called = (await desk.post('/v1/leads', { ...lead, phone: somebody() })).body
    const done = await apply(desk, { flows: [{ yaml: flow('a', 'a') }], workspace: { calendars: [] }, prune: true })
    expect(done.status).toBe(200)
    const { body } = await desk.get('/v1/flows/flow_pricing_v3')
    expect(body).toMatchObject({ version: 2, retired_at: expect.stringMatching(/Z$/), versions: [{}, {}] })
    const listed = (await desk.get('/workspace/flows')).body.data
    expect(listed.map(({ id, retired_at }: Record<string, unknown>) => [id, retired_at])).toEqual([
      ['a', null],
      ['flow_pricing_v3', body.retired_at],
    ])
    // A call that came before keeps its version.
    expect((await desk.get(`/v1/calls/${called.call_id}`)).body).toMatchObject({ flow_version: 2, status: 'queued' })
    const back = await desk.post('/workspace/flows/flow_pricing_v3/rollback', { version: 1 })
    expect([back.status, back.body.detail]).toEqual([404, expect.stringContaining('is retired')])

    await desk.put('/workspace', { calendars: calendars('mehmet') })
    const again = { flows: [{ yaml: `${pricingYaml}  wrong_number: log("v2")\n` }] }
    expect(changesOf((await plan(desk, again)).body)).toEqual(['rolled_back 2'])
    expect(changesOf((await apply(desk, again)).body)).toEqual(['rolled_back 2'])
    expect((await desk.get('/v1/flows/flow_pricing_v3')).body).toMatchObject({ version: 2, retired_at: null })
    expect((await desk.post('/workspace/route', lead)).body.flow_id).toBe('flow_pricing_v3')
    // One by one too, and with new content.
    await apply(desk, { flows: [], prune: true })
    expect((await desk.get('/workspace/flows')).body.data.every((it: { retired_at: unknown }) => it.retired_at)).toBe(
      true,
    )
    const alone = await desk.post('/v1/flows', { yaml: pricingYaml })
    expect(alone.body).toMatchObject({ version: 1, change: 'rolled_back', retired_at: null })
  })
})
