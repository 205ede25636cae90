import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { parseWorkspace } from '../../flows/language/workspace-file.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { workspaces } from '../../runtime/db/schema.ts'
import { rollBackFlow } from '../../runtime/flows/rollback.ts'
import { pricingYaml } from '../harness/talkif.ts'
import { lead, rows, somebody, test } from './desk.ts'

const flow = (business: string, id = 'flow_a') =>
  `id: ${id}\nmatch:\n  source: ${id}\nagent:\n  business: ${business}\n`

describe('upsertFlow', () => {
  test('the same content is the same version, another is the next, an older one is itself again', async ({ desk }) => {
    const post = async (yaml: string) => {
      const { status, body } = await desk.post('/v1/flows', { yaml })
      const versions = body.versions.map(({ version }: { version: number }) => version)
      return [status, body.change, body.version, versions, body.definition.agent.business]
    }
    const versionOfLeads = async () =>
      (await desk.post('/v1/leads', { ...lead, source: 'flow_a', phone: somebody() })).body.flow_version
    expect(await post(flow('One'))).toEqual([201, 'created', 1, [1], 'One'])
    expect(await versionOfLeads()).toBe(1)
    // Comments and spaces are not content.
    expect(await post(`# mine\n${flow('"One"')}\n`)).toEqual([200, 'unchanged', 1, [1], 'One'])
    expect(await post(flow('Two'))).toEqual([200, 'new_version', 2, [2, 1], 'Two'])
    expect(await versionOfLeads()).toBe(2)
    expect(await post(`# another comment\n${flow('One')}`)).toEqual([200, 'rolled_back', 1, [2, 1], 'One'])
    expect(await versionOfLeads()).toBe(1)
    expect(await post(flow('Three'))).toEqual([200, 'new_version', 3, [3, 2, 1], 'Three'])
    expect(await versionOfLeads()).toBe(3)
    const read = await desk.get('/v1/flows/flow_a')
    expect(read.body).toMatchObject({
      id: 'flow_a',
      version: 3,
      change: null,
      definition: { agent: { business: 'Three' } },
    })
    expect(read.body.versions.map(({ yaml }: { yaml: string }) => yaml)).toEqual([
      flow('Three'),
      flow('Two'),
      flow('One'),
    ])
  })

  test('versions never change: a call keeps the one it began with', async ({ desk }) => {
    await desk.deploy(flow('One'))
    const { body } = await desk.post('/v1/leads', { ...lead, source: 'flow_a', phone: somebody() })
    await desk.deploy(flow('Two'))
    expect((await desk.get(`/v1/calls/${body.call_id}`)).body.flow_version).toBe(1)
  })

  test('the last 50 versions are shown, and the one in force always', async ({ desk }) => {
    for (let version = 1; version <= 52; version++) await desk.deploy(flow(`Number ${version}`))
    const { body } = await desk.post('/v1/flows', { yaml: flow('Number 1') })
    expect([body.version, body.versions.length, body.versions[0].version, body.versions.at(-1).version]).toEqual([
      1, 50, 52, 3,
    ])
    expect(body.definition.agent.business).toBe('Number 1')
  })

  test('ten at once of one content make one version; of ten contents ten', async ({ desk }) => {
    const same = await Promise.all(Array.from({ length: 10 }, () => desk.post('/v1/flows', { yaml: flow('One') })))
    expect(same.map(({ body }) => body.change).toSorted()).toEqual(['created', ...Array(9).fill('unchanged')])
    expect(same.filter(({ status }) => status === 201).length).toBe(1)
    const others = await Promise.all(
      Array.from({ length: 10 }, (_, index) => desk.post('/v1/flows', { yaml: flow(`Other ${index}`) })),
    )
    expect(others.map(({ body }) => body.version).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  test('every fault at once, each with its line and column, and nothing is kept', async ({ desk, served }) => {
    const yaml = pricingYaml.replace('60s', '60 parsecs').replace('book(calendar.mehmet)', 'cook(dinner)')
    const before = await rows(served)
    for (const answer of [
      await desk.post('/v1/flows', { yaml }),
      await desk.send('/v1/flows', { method: 'POST', body: yaml, headers: { 'content-type': 'application/yaml' } }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([422, 'flow_invalid'])
      const at = (text: string) => {
        const lines = yaml.split('\n')
        const line = lines.findIndex((it) => it.includes(text))
        return { line: line + 1, column: lines[line]!.indexOf(text) + 1 }
      }
      expect(answer.body.errors).toMatchObject([
        { pointer: '/yaml', code: 'flow_invalid', ...at('60 parsecs') },
        { pointer: '/yaml', code: 'flow_invalid', ...at('cook') },
      ])
      expect(answer.body.detail).toContain(`Line ${at('60 parsecs').line}, column ${at('60 parsecs').column}`)
    }
    expect(await rows(served)).toEqual(before)
  })

  test.for([
    ['no YAML', 'id: [', 'flow_invalid'],
    ['nothing', ' ', 'flow_invalid'],
    ['no id', 'match:\n  source: a\n', 'flow_invalid'],
    ['an alias', 'id: &a flow_a\nmatch: *a\n', 'flow_invalid'],
    ['an empty text', '', 'invalid_request'],
  ])('%s is refused', async ([, yaml, code], { desk, served }) => {
    const before = await rows(served)
    const answer = await desk.send('/v1/flows', {
      method: 'POST',
      body: yaml!,
      headers: { 'content-type': 'application/yaml' },
    })
    expect([answer.status, answer.body.code]).toEqual([422, code])
    expect(await rows(served)).toEqual(before)
  })

  test('a member besides yaml is refused', async ({ desk }) => {
    const { body } = await desk.post('/v1/flows', { yaml: flow('One'), force: true })
    expect([body.code, body.param]).toEqual(['invalid_request', 'force'])
  })

  test('a flow is its workspace’s, in both modes', async ({ desk, stranger }) => {
    await desk.deploy(flow('One'))
    const live = desk.with((await desk.newKey({ mode: 'live' })).key)
    expect((await live.get('/v1/flows/flow_a')).status).toBe(200)
    expect((await stranger.get('/v1/flows/flow_a')).status).toBe(404)
    const theirs = await stranger.post('/v1/flows', { yaml: flow('Theirs') })
    expect([theirs.status, theirs.body.version]).toEqual([201, 1])
    expect((await desk.get('/v1/flows/flow_a')).body.definition.agent.business).toBe('One')
  })
})

/** The details of a refusal, each with its place. */
const told = ({
  status,
  body,
}: {
  status: number
  body: { errors?: { line: number; column: number; detail: string }[] }
}) => [status, ...(body.errors ?? []).map(({ line, column, detail }) => `${line}:${column} ${detail}`)]

describe('two flows for the same leads', () => {
  const tied = (id: string, match: string) => `id: ${id}\nmatch:\n  ${match}\n`

  test('tie and are refused, unless one is more specific; a flow never ties with itself', async ({ desk }) => {
    await desk.deploy(tied('flow_a', 'source: [x, y]'))
    await desk.deploy(tied('flow_a', 'source: [x, z]'))
    expect(told(await desk.post('/v1/flows', { yaml: tied('flow_b', 'source: x') }))).toEqual([
      422,
      '3:3 flow_a takes leads with source x too, and neither flow is more specific; let one of them name more than the other',
    ])
    expect((await desk.post('/v1/flows', { yaml: tied('flow_b', 'source: y') })).status).toBe(201)
    expect((await desk.post('/v1/flows', { yaml: tied('flow_c', 'source: x\n  intent: i') })).status).toBe(201)
    expect((await desk.post('/v1/flows', { yaml: 'id: flow_all\n' })).status).toBe(201)
    expect(told(await desk.post('/v1/flows', { yaml: 'id: flow_every\n' }))).toEqual([
      422,
      '1:1 flow_all takes any lead too, and neither flow is more specific; let one of them name more than the other',
    ])
  })

  test('are judged by what is in force: one that gives way first lets the other in, and an older one cannot come back', async ({
    desk,
  }) => {
    await desk.deploy(tied('flow_a', 'source: x'))
    expect((await desk.post('/v1/flows', { yaml: tied('flow_b', 'source: x') })).status).toBe(422)
    await desk.deploy(tied('flow_a', 'source: y'))
    expect((await desk.post('/v1/flows', { yaml: tied('flow_b', 'source: x') })).status).toBe(201)
    expect((await desk.post('/v1/flows', { yaml: tied('flow_a', 'source: x') })).status).toBe(422)
    expect((await desk.get('/v1/flows/flow_a')).body.version).toBe(2)
  })

  test('sent at once, one of them is stored', async ({ desk }) => {
    const ids = ['flow_a', 'flow_b', 'flow_c', 'flow_d']
    const answers = await Promise.all(ids.map((id) => desk.post('/v1/flows', { yaml: tied(id, 'source: x') })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422, 422, 422])
  })
})

describe('what a flow names', () => {
  const naming = `id: flow_a
match:
  source: flow_a
call:
  voice: voice_warm
tools:
  crm:
    mcp: {url: "https://mcp.example.com", headers: {Authorization: "Bearer \${CRM_TOKN}"}}
on:
  qualified: book(calendar.mehmt)
  booked: handoff(sales) sms("we_missed")
  no_answer: whatsapp("we_missed_you")
  not_fit: sms webhook(crm)
`

  test('must be there: each fault at the name, with the one that was meant', async ({ desk }) => {
    const templates = [{ name: 'we_missed_you', sms: 'Hi' }]
    await desk.configure({ secrets: { CRM_TOKEN: 'x' }, templates })
    expect(told(await desk.post('/v1/flows', { yaml: naming }))).toEqual([
      422,
      '8:68 the workspace has no secret named "CRM_TOKN"; did you mean "CRM_TOKEN"?',
      '10:19 the workspace has no calendar named "mehmt"; did you mean "mehmet"?',
      '11:19 the workspace has no queue named "sales"; add it under handoffs in talkif.yaml',
      '11:30 the workspace has no template with a text for sms named "we_missed"; add it under templates in talkif.yaml',
      '12:23 the workspace has no template for whatsapp named "we_missed_you"; add it under templates in talkif.yaml',
      '13:24 the workspace has no webhook named "crm"; add it under webhooks in talkif.yaml',
    ])
  })

  test('a voice may be one of the engine, until the workspace has voices of its own', async ({ desk }) => {
    const yaml = `${flow('One')}call:\n  voice: voice_warm\n`
    expect((await desk.post('/v1/flows', { yaml })).status).toBe(201)
    await desk.configure({ voices: [{ name: 'voice_warm_tr', voice: 'marin' }] })
    expect(told(await desk.post('/v1/flows', { yaml }))).toEqual([
      422,
      '7:10 the workspace has no voice named "voice_warm"; add it under voices in talkif.yaml',
    ])
  })

  test('once it is there, the flow is taken', async ({ desk }) => {
    await desk.configure({
      secrets: { CRM_TOKN: 'x' },
      calendars: [
        { name: 'mehmet', owner: 'm@helena.example', time_zone: 'Europe/Istanbul' },
        { name: 'mehmt', owner: 'm@helena.example', time_zone: 'Europe/Istanbul' },
      ],
      handoffs: [{ name: 'sales', targets: [{ phone: '+902125550123' }] }],
      webhooks: [{ name: 'crm', url: 'https://crm.example.com/hook', events: [] }],
      templates: [
        { name: 'we_missed', sms: 'Hi' },
        { name: 'we_missed_you', whatsapp: { content_sid: `HX${'0'.repeat(32)}` } },
      ],
    })
    expect((await desk.post('/v1/flows', { yaml: naming })).status).toBe(201)
  })
})

test('a definition is read back in the order it was written in', async ({ desk }) => {
  const yaml = `${flow('One')}tools:
  t:
    description: d
    http: {method: POST, url: "https://api.example.com", headers: {X-Z: a, X-A: b}}
    input: {type: object, required: [z], properties: {z: {type: string}, a: {type: number}}}
`
  await desk.deploy(yaml)
  const { definition } = (await desk.get('/v1/flows/flow_a')).body
  expect(Object.keys(definition)).toEqual(['id', 'match', 'call', 'agent', 'qualify', 'tools', 'on'])
  expect(Object.keys(definition.tools[0].headers)).toEqual(['X-Z', 'X-A'])
  expect(Object.keys(definition.tools[0].input)).toEqual(['type', 'required', 'properties'])
  expect(Object.keys(definition.tools[0].input.properties)).toEqual(['z', 'a'])
})

describe('rollBackFlow', () => {
  test('puts an older version in force with its own text, forward again too, and says when there is none', async ({
    desk,
  }) => {
    await desk.deploy(flow('One'))
    await desk.deploy(flow('Two'))
    const { db } = desk.served.runtime
    const caller = { workspaceId: desk.workspaceId, mode: 'test' as const }
    const back = (version?: number, id = 'flow_a') =>
      db.transaction((tx) => rollBackFlow(tx, desk.served.runtime, caller, { id, version }))
    expect(await back()).toMatchObject({
      version: 1,
      change: 'rolled_back',
      definition: { agent: { business: 'One' } },
    })
    await expect(back()).rejects.toMatchObject({ code: 'not_found' })
    expect(await back(1)).toMatchObject({ version: 1, change: 'unchanged' })
    expect(await back(2)).toMatchObject({ version: 2, change: 'rolled_back' })
    await expect(back(3)).rejects.toMatchObject({ code: 'not_found' })
    await expect(back(1, 'flow_b')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('is refused when the workspace has nothing any more that the version names', async ({ desk }) => {
    await desk.deploy(`${flow('One')}on:\n  qualified: book(calendar.mehmet)\n`)
    await desk.deploy(flow('Two'))
    const { db } = desk.served.runtime
    const caller = { workspaceId: desk.workspaceId, mode: 'test' as const }
    await db.update(workspaces).set({ document: {} }).where(eq(workspaces.id, desk.workspaceId))
    const refused = db.transaction((tx) => rollBackFlow(tx, desk.served.runtime, caller, { id: 'flow_a' }))
    await expect(refused).rejects.toMatchObject({ code: 'flow_invalid' })
    expect((await desk.get('/v1/flows/flow_a')).body.version).toBe(2)
  })
})

test('the flows of the demo fit into its workspace, in any order', async ({ desk }) => {
  const read = (name: string) => readFileSync(new URL(`../../flows/${name}`, import.meta.url), 'utf8')
  const workspace = parseWorkspace(read('talkif.yaml'), {})
  if ('faults' in workspace) throw new Error(JSON.stringify(workspace.faults))
  await desk.configure(workspace.document)
  const names = readdirSync(new URL('../../flows/', import.meta.url)).filter((it) => /-v\d+\.yaml$/.test(it))
  expect(names.length).toBe(5)
  for (const name of names.toReversed())
    expect([name, told(await desk.post('/v1/flows', { yaml: read(name) }))]).toEqual([
      name,
      [name === 'pricing-v3.yaml' ? 200 : 201],
    ])
})
