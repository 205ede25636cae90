import { describe, expect } from 'vitest'
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
    expect(await post(flow('One'))).toEqual([200, 'new_version', 1, [2, 1], 'One'])
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
