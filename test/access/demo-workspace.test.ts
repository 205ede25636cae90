import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test as base, expect } from 'vitest'
import { demoWorkspace } from '../../cli/demo-workspace.ts'
import { parseFlow } from '../../flows/language/parse.ts'
import { parseWorkspace } from '../../flows/language/workspace-file.ts'
import { withoutAdded } from '../../openapi/schemas/workspace.ts'
import { changesBetween } from '../../runtime/plans/changes.ts'
import { door } from '../api/checked.ts'
import { command } from '../cli/command.ts'
import { folder } from '../cli/processes.ts'
import { startServer } from '../harness/talkif.ts'

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the pattern to learn what a fixture needs
  .extend('served', { scope: 'file' }, async ({}, { onCleanup }) => {
    const served = await startServer()
    onCleanup(() => served.drop())
    return served
  })

test('an untouched checkout changes nothing of the demo, at whatever port it runs', async ({ served }) => {
  const { file } = await demoWorkspace(served.runtime, served.url)
  const cwd = folder()
  mkdirSync(join(cwd, '.talkif'))
  writeFileSync(join(cwd, '.talkif/dev.json'), JSON.stringify(file))
  const flows = fileURLToPath(new URL('../../flows', import.meta.url))
  expect(await command(['deploy', flows, '--dry-run'], { cwd })).toEqual({
    ...{ status: 0, err: '' },
    out: '✓ There is nothing to change.\n',
  })
  // Another receiver is another receiver.
  const own = await command(['deploy', flows, '--dry-run'], { cwd, env: { CRM_URL: 'https://crm.example/hook' } })
  expect(own).toMatchObject({ status: 2, out: expect.stringContaining(`webhooks.\${CRM_URL}`) })
})

test('the demo workspace is flows/talkif.yaml and every flow beside it; later starts keep what the user made', async ({
  served,
}) => {
  const flowsFolder = new URL('../../flows/', import.meta.url)
  const { file, sandbox } = await demoWorkspace(served.runtime, served.url)
  const desk = door(served.url, file.test_key)
  const view = (await desk.get('/workspace')).body
  const inbox = `${served.url}/dev/inbox`
  const read = parseWorkspace(readFileSync(new URL('talkif.yaml', flowsFolder), 'utf8'), { CRM_URL: inbox })
  const wanted = 'document' in read ? read.document : {}
  expect(sandbox).toMatchObject(wanted.sandbox!)
  // All of the file is there, phones in their usual spelling; what is more was filled in.
  const spelled = { ...wanted, handoffs: [{ ...wanted.handoffs![0]!, targets: view.handoffs[0].targets }] }
  const lost = changesBetween(withoutAdded(view), { ...spelled, secrets: { CRM_TOKEN: 'set' } })
  expect(lost.filter(({ after }) => after !== null)).toEqual([])
  expect(view.webhooks).toMatchObject([{ name: 'crm', url: inbox, events: ['*'] }])
  const ids = globSync('*.yaml', { cwd: flowsFolder })
    .filter((name) => name !== 'talkif.yaml')
    .map((name) => parseFlow(readFileSync(new URL(name, flowsFolder), 'utf8')))
    .map((parsed) => ('flow' in parsed ? parsed.flow.id : 'a flow with faults'))
  const deployed = async () =>
    (await desk.get('/workspace/flows?limit=100')).body.data.map(
      ({ id, version }: { id: string; version: number }) => `${id} ${version}`,
    )
  expect(await deployed()).toEqual(ids.map((id) => `${id} 1`).toSorted())

  await desk.put('/workspace', {
    name: 'Mine',
    templates: [...wanted.templates!, { name: 'own', sms: 'Hi' }],
    voices: [],
  })
  await desk.post('/v1/flows', { yaml: 'id: flow_recovery_v1\nmatch:\n  source: elsewhere\n' })
  const [mine, flows] = [(await desk.get('/workspace')).body, await deployed()]
  expect((await demoWorkspace(served.runtime, served.url)).file).toEqual(file)
  expect([(await desk.get('/workspace')).body, await deployed()]).toEqual([mine, flows])

  // One that an earlier version made knows nothing of voices, templates and queues.
  const { sql } = served.runtime
  await sql`update workspaces set document = ((document::jsonb) - 'voices' - 'templates' - 'retention')::json where id = ${mine.id}`
  await sql`update endpoints set name = null where workspace_id = ${mine.id}`
  await sql`delete from handoff_queues where workspace_id = ${mine.id}`
  await sql`delete from workspace_secrets where workspace_id = ${mine.id}`
  await demoWorkspace(served.runtime, served.url)
  const { handoffs, ...grown } = (await desk.get('/workspace')).body
  expect(handoffs).toMatchObject([{ name: 'sales' }])
  const { voices, templates } = view
  expect(grown).toEqual({ ...mine, voices, templates, handoffs: undefined })
})

test('an inbox that a deploy has brought back at another port: the next start receives at its own, under the same name', async ({
  served,
}) => {
  const { file } = await demoWorkspace(served.runtime, served.url)
  const desk = door(served.url, file.test_key)
  const inbox = `${served.url}/dev/inbox`
  const elsewhere = [{ name: 'crm', url: 'http://127.0.0.1:1/dev/inbox', events: ['*'] }]
  const own = [{ name: 'own', url: 'http://127.0.0.1:1/own', events: ['outcome.*'] }]
  expect((await desk.put('/workspace', { webhooks: [...elsewhere, ...own] })).status).toBe(200)

  const again = await demoWorkspace(served.runtime, served.url)
  const { webhooks } = (await desk.get('/workspace')).body
  expect(webhooks).toHaveLength(2)
  expect(webhooks).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'crm', url: inbox })]))
  expect(webhooks).toEqual(expect.arrayContaining([expect.objectContaining(own[0]!)]))
  expect(again.file.webhook_secret).toBe(file.webhook_secret)
})

test('a newcomer’s own endpoint takes the place of the demo’s without a name', async ({ served }) => {
  const { file } = await demoWorkspace(served.runtime, served.url)
  const webhooks = [{ url: 'http://127.0.0.1:19250/hook', events: ['outcome.*'] }]
  const { status, body } = await door(served.url, file.test_key).put('/workspace', { webhooks })
  expect([status, body]).toMatchObject([200, { webhooks }])
})
