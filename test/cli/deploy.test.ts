import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { otherLines } from '../../cli/plan.ts'
import type { Deployment } from '../../runtime/plans/deploy.ts'
import { pricingYaml } from '../harness/talkif.ts'
import { command, quickly, test } from './command.ts'
import { folder } from './processes.ts'

const SECRET = 'whisper-4711'

const workspaceYaml = `business:
  name: Helena Education
calendars:
  - name: mehmet
    owner: mehmet@helena.example
    time_zone: Europe/Istanbul
    slot: 45m
webhooks:
  - name: crm
    url: https://crm.example/\${CRM_TOKEN}
    events: []
secrets:
  CRM_TOKEN: \${CRM_TOKEN}
`

const eventYaml = `id: flow_event
match:
  source: event
agent:
  prompt: Ask kindly whether they will come to the open day.
qualify:
  - coming
on:
  qualified: webhook(crm)
`

/** A folder of a team: talkif.yaml and its flows. */
function team(files: Record<string, string> = {}) {
  const cwd = folder()
  mkdirSync(join(cwd, 'flows/simulations'), { recursive: true })
  const write = (name: string, text: string) => writeFileSync(join(cwd, name), text)
  const all = {
    'talkif.yaml': workspaceYaml,
    'flows/event.yaml': eventYaml,
    'flows/pricing.yaml': pricingYaml,
    ...files,
  }
  for (const [name, text] of Object.entries(all)) write(name, text)
  return { given: { cwd, env: { CRM_TOKEN: SECRET } }, write }
}

describe('deploy', () => {
  test('shows the plan, applies it, and finds nothing to change afterwards', async ({ cli, json, talkif }) => {
    const { given, write } = team()
    const dry = await cli(['deploy', '--dry-run'], given)
    expect(dry).toMatchObject({ status: 2, err: '' })
    expect(dry.out).toContain('  + calendars.mehmet.slot_minutes: 45\n')
    expect(dry.out).toContain('flows/event.yaml  flow_event new flow\n')
    expect(dry.out).toContain('1 flow stays as it is.\n')
    expect((await cli(['diff'], given)).status).toBe(2)
    // Nobody can be asked, and nothing was changed by asking.
    expect(await cli(['deploy'], given)).toMatchObject({ status: 1, err: expect.stringContaining('--yes') })
    const done = await cli(['deploy', '--yes'], given)
    expect(done).toMatchObject({ status: 0, err: '' })
    expect(done.out).toContain('✓ talkif.yaml  workspace\n✓ flows/event.yaml  flow_event version 1\n')
    expect(done.out).toMatch(
      /https:\/\/crm\.example\/\$\{CRM_TOKEN\} signs with a secret that `talkif webhooks rotate whe_\w+`/,
    )
    expect(await cli(['deploy', '--yes'], given)).toEqual({
      status: 0,
      out: '✓ There is nothing to change.\n',
      err: '',
    })
    expect(await json(['diff'], given)).toMatchObject({ workspace: [], flows: [{ change: 'unchanged' }, {}] })
    expect((await talkif.api.getFlow({ id: 'flow_event' })).version).toBe(1)

    // Words of a prompt, one by one; a colour where there are some.
    write('flows/event.yaml', eventYaml.replace('Ask kindly', 'Ask gently'))
    const words = await cli(['diff'], given)
    expect(words.out).toContain(
      'flows/event.yaml  flow_event version 2\n  agent.prompt:\n    Ask [-kindly-]{+gently+} whether',
    )
    const coloured = await cli(['diff'], { ...given, env: { ...given.env, NO_COLOR: '', FORCE_COLOR: '1' } })
    expect(coloured.out).toContain('\u001b[31mkindly\u001b[39m\u001b[32mgently\u001b[39m')
    const applied = await json<{ applied: string[] }>(['deploy', '-y'], given)
    expect(applied.applied).toEqual(['flows/event.yaml'])

    // Of two versions, word by word too; rollback shows what it would do before it asks.
    const wording = (from: string, to: string) => `    Ask [-${from}-]{+${to}+} whether`
    const versions = await cli(['diff', 'flow_event', '1', '2'])
    expect(versions).toMatchObject({ status: 2, err: '' })
    expect(versions.out).toContain(`flow_event version 1 → 2\n  agent.prompt:\n${wording('kindly', 'gently')}`)
    expect(await json(['diff', 'flow_event', '1'])).toMatchObject({ from: 1, to: 2, diff: { settings: [] } })
    expect(await cli(['diff', 'flow_event', '2'])).toMatchObject({
      status: 0,
      out: expect.stringContaining('They mean the same.'),
    })
    expect((await cli(['diff', 'flow_event', '1', 'x'])).err).toContain('x is no version.')
    const back = await cli(['rollback', 'flow_event', '--yes'])
    expect(back).toMatchObject({ status: 0, out: expect.stringContaining('New leads get version 1 of flow_event') })
    expect(back.out).toContain(`flow_event version 2 → 1\n  agent.prompt:\n${wording('gently', 'kindly')}`)
    expect((await cli(['diff'], given)).out).toContain('flow_event version 2 again')
    expect((await cli(['rollback', 'flow_event', '--yes'])).err).toContain('no version before 1')
    expect((await cli(['rollback', 'flow_event', '9', '--yes'])).err).toContain(
      'There is no version 9 of flow_event here.',
    )
    const failed = async (...args: string[]) => (await cli(args, given)).err
    const there = '✗ There is no flow flow_evnt here.\n→ Did you mean flow_event?\n'
    expect(await failed('rollback', 'flow_evnt', '-y')).toBe(there)
    expect(await failed('diff', 'flow_evnt', '1')).toBe(there)
    expect(await failed('rollback', 'Nobody', '-y')).toContain('\n→ There are: flow_event, flow_pricing_v3.\n')
    expect(await failed('diff', 'flow_event', '3')).toContain(
      'version 3 of flow_event here.\n→ It has the versions 1 to 2.',
    )
    expect(await failed('rollback', 'flow_pricing_v3', '-y')).toContain('→ It has only version 1. Name')
    expect(await failed('diff', 'flow_event')).toContain(
      '→ For two versions of a flow, name one: `talkif diff flow_event 1`.',
    )
    expect(await json(['rollback', 'flow_event', '2', '-y'])).toMatchObject({ version: 2 })
    for (const { out, err } of [dry, done, words]) expect(out + err).not.toContain(SECRET)
  })

  test('every fault of every file at once, before a server is asked', async () => {
    const { given } = team({
      'talkif.yaml': workspaceYaml
        .replace('Europe/Istanbul', 'Europe/Stanbul')
        .replaceAll(`\${CRM_TOKEN}`, `\${CRM_TOKN}`),
      'flows/event.yaml': eventYaml.replace('qualify', 'qualfy'),
      'flows/broken.yaml': 'id: [',
    })
    const { status, out, err } = await command(['deploy', '--yes'], given)
    expect([status, out]).toEqual([1, ''])
    expect(err).toContain(
      '✗ flows/event.yaml:6:1 unknown key "qualfy"; did you mean "qualify"?\n    6 | qualfy:\n      | ^\n',
    )
    expect(err).toContain('✗ talkif.yaml:')
    expect(err).toContain('the environment has no variable CRM_TOKN')
    expect(err).toContain('✗ flows/broken.yaml:1:')
    expect(err).toMatch(/There are \d+ faults in .*talkif\.yaml, flows\/broken\.yaml, flows\/event\.yaml\./)
    const { err: json } = await quickly(['deploy', '--json'], given)
    const { files } = JSON.parse(json).error as { files: { path: string; faults: { line: number }[] }[] }
    expect(files.map(({ path }) => path)).toEqual(['talkif.yaml', 'flows/broken.yaml', 'flows/event.yaml'])
    expect(files[2]!.faults).toEqual([expect.objectContaining({ line: 6, column: 1, suggestion: 'qualify' })])
  })

  test('what only the server can know is told at its line, without what the environment holds', async ({
    cli,
    talkif,
  }) => {
    const { given, write } = team()
    // The workspace has no such calendar, and the file says nothing of calendars.
    write('talkif.yaml', 'name: Test\n')
    write('flows/pricing.yaml', pricingYaml.replace('calendar.mehmet', 'calendar.memet'))
    const reference = await cli(['deploy', '-y'], given)
    expect(reference.err).toMatch(
      /✗ flows\/pricing\.yaml:\d+:\d+ the workspace has no calendar named "memet"; did you mean "mehmet"\?/,
    )
    expect(reference.err).toContain('flows/event.yaml:9:22 the workspace has no webhook named "crm"')
    // A flow that stays needs the calendar that the file takes away.
    write('talkif.yaml', 'calendars: []\n')
    write('flows/pricing.yaml', pricingYaml)
    write('flows/event.yaml', eventYaml.replace('  qualified: webhook(crm)\n', '  no_answer: log("missed")\n'))
    const stranded = await cli(['deploy', '-y'], given)
    expect(stranded).toMatchObject({ status: 1, out: '' })
    expect(stranded.err).toContain('mehmet')
    expect((await talkif.api.getFlow({ id: 'flow_pricing_v3' })).version).toBe(1)
    const secret = { ...given, env: { CRM_TOKEN: `http://10.0.0.1/${SECRET}` } }
    write('talkif.yaml', `webhooks:\n  - url: \${CRM_TOKEN}\n    events: ["*"]\n`)
    const refused = await cli(['deploy', '-y'], secret)
    expect(refused.status).toBe(1)
    expect(refused.out + refused.err).not.toContain(SECRET)
    // Nor what stood in its place before: of a webhook with and without a name, and of a text that the file builds with it.
    const hooks = (value: string) => ({ ...given, env: { CRM_TOKEN: value } })
    write(
      'talkif.yaml',
      `business: {name: Test, description: "token \${CRM_TOKEN}"}
webhooks:
  - url: https://crm.example.com/\${CRM_TOKEN}
    events: ["*"]
`,
    )
    expect(await cli(['deploy', '-y'], hooks(SECRET))).toMatchObject({ status: 0 })
    const renewed = await cli(['deploy', '--dry-run'], hooks('another-token'))
    expect(renewed.out).toContain('webhooks.https://crm.example.com/…')
    expect(renewed.out).toContain(`webhooks.https://crm.example.com/\${CRM_TOKEN}`)
    expect(renewed.out).toContain(`business.description: (not shown) → token \${CRM_TOKEN}`)
    for (const shown of [SECRET, 'another-token']) expect(renewed.out + renewed.err).not.toContain(shown)
  })

  test('a calendar is renamed in talkif.yaml and in its flows at once; nothing is applied when one of them is refused', {
    timeout: 300_000,
  }, async ({ cli, talkif }) => {
    const { given, write } = team({ 'talkif.yaml': workspaceYaml.replaceAll('mehmet', 'ayse') })
    // On the server the page's flow still books with mehmet; here it books with ayse.
    write('flows/pricing.yaml', pricingYaml.replace('calendar.mehmet', 'calendar.ayse'))
    const done = await cli(['deploy', '--yes'], given)
    expect(done).toMatchObject({ status: 0, err: '' })
    expect(done.out).toContain('✓ flows/pricing.yaml  flow_pricing_v3 version 2\n')
    // What a flow of the server alone uses stays: told at the section of the file, and nothing goes in.
    await talkif.deploy('id: flow_other\nmatch:\n  intent: other\non:\n  qualified: webhook(crm)\n')
    write('talkif.yaml', workspaceYaml.replaceAll('mehmet', 'ayse').replaceAll('crm', 'erp'))
    write('flows/event.yaml', eventYaml.replace('crm', 'erp'))
    const refused = await cli(['deploy', '--yes'], given)
    expect(refused).toMatchObject({ status: 1, out: '' })
    expect(refused.err).toMatch(/✗ talkif\.yaml:\d+:\d+ The webhook crm is used by flow_other, so it cannot be removed/)
    expect((await talkif.api.getFlow({ id: 'flow_event' })).version).toBe(1)
  })

  test('a version that names what is gone says so once, and what to do about it', async ({ cli }) => {
    const { given, write } = team({ 'flows/event.yaml': eventYaml.replace('webhook(crm)', 'book(calendar.ece)') })
    const ece = '  - { name: ece, owner: ece, time_zone: UTC }\n'
    write('talkif.yaml', workspaceYaml.replace('webhooks:\n', `${ece}webhooks:\n`))
    expect((await cli(['deploy', '--yes'], given)).status).toBe(0)
    write('flows/event.yaml', eventYaml)
    write('talkif.yaml', workspaceYaml)
    expect((await cli(['deploy', '--yes'], given)).status).toBe(0)
    expect((await cli(['rollback', 'flow_event', '1', '--yes'])).err.replace(/\n {2}request .*/, '')).toBe(
      '✗ Version 1 of flow_event does not fit into the workspace any more.\n' +
        '  9:19  the workspace has no calendar named "ece"; add it under calendars in talkif.yaml\n' +
        '→ Add to talkif.yaml what it names and deploy that, or name another version.\n',
    )
  })

  test('flows that the folder does not have are named and kept; --prune retires them', async ({
    cli,
    json,
    talkif,
  }) => {
    const { given, write } = team()
    expect((await cli(['deploy', '--yes'], given)).status).toBe(0)
    rmSync(join(given.cwd, 'flows/event.yaml'))
    const kept = await cli(['deploy', '--yes'], given)
    expect(kept).toEqual({
      ...{ status: 0, err: '' },
      out: 'flow_event is not in this folder: kept; --prune retires it.\n✓ There is nothing to change.\n',
    })
    // Of one file nobody expects the others.
    expect((await cli(['deploy', 'flows/pricing.yaml', '--yes'], given)).out).toBe('✓ There is nothing to change.\n')
    // A flow is renamed: the new one would tie with the old one.
    write('flows/pricing.yaml', pricingYaml.replace('flow_pricing_v3', 'flow_pricing_v4'))
    const tied = await cli(['deploy', '--yes'], given)
    expect(tied.err).toMatch(/✗ flows\/pricing\.yaml:\d+:\d+ flow_pricing_v3 takes .* or retire it, .* \(--prune\)/)
    const dry = await cli(['deploy', '--prune', '--dry-run'], given)
    expect(dry).toMatchObject({ status: 2, err: '' })
    expect(dry.out).toContain('- flow_pricing_v3 version 1 is retired: new leads do not get it\n')
    // A part of a folder is no reason to retire the rest.
    expect((await cli(['deploy', 'flows/pricing.yaml', '--prune', '-y'], given)).err).toContain('is one file')
    expect((await cli(['deploy', 'talkif.yaml', '--prune', '-y'], given)).err).toContain('is one file')
    const done = await cli(['deploy', '--prune', '--yes'], given)
    expect(done).toMatchObject({ status: 0, err: '' })
    expect(done.out).toContain('✓ flow_event  retired\n✓ flow_pricing_v3  retired\n')
    expect((await talkif.api.getFlow({ id: 'flow_event' })).retired_at).toEqual(expect.any(String))
    expect(await json(['deploy', '--prune', '--yes'], given)).toMatchObject({ applied: [], others: [] })
    expect((await cli(['rollback', 'flow_event', '1', '-y'])).err).toBe(
      '✗ The flow flow_event is retired, last in version 1: new leads do not get it.\n' +
        '→ Bring it back with `talkif deploy`, from a folder that has its file; then roll it back.\n',
    )
  })

  test('where there is nothing to deploy', async ({ cli }) => {
    const cwd = folder()
    expect((await cli(['deploy'], { cwd })).err).toContain('There is neither a folder flows nor a talkif.yaml here.')
    expect((await cli(['deploy', 'elsewhere'], { cwd })).err).toContain(
      'elsewhere cannot be read: there is no such file.',
    )
    mkdirSync(join(cwd, 'flows'))
    expect((await cli(['deploy'], { cwd })).err).toContain('There is no .yaml file in flows.')
  })

  test('a file that is not UTF-8 is not read as if it were', async ({ cli }) => {
    const cwd = folder()
    mkdirSync(join(cwd, 'flows'))
    writeFileSync(join(cwd, 'flows/rene.yaml'), Buffer.from('id: flow_rene\nagent: {name: Ren\u00e9}\n', 'latin1'))
    for (const name of ['validate', 'deploy']) {
      const { status, err } = await cli([name, 'flows'], { cwd })
      expect(status).toBe(1)
      expect(err).toContain('flows/rene.yaml is not UTF-8.')
    }
  })

  test('talkif.yml is no flow: it is told to be renamed, wherever it lies', async () => {
    const { given, write } = team({ 'flows/talkif.yml': workspaceYaml })
    const told = (path: string) => ({
      ...{ status: 1, out: '' },
      err: `✗ ${path} would be the workspace by another name.\n→ Rename it to talkif.yaml.\n`,
    })
    expect(await quickly(['validate'], given)).toEqual(told('flows/talkif.yml'))
    expect(await quickly(['validate', 'flows/talkif.yml'], given)).toEqual(told('flows/talkif.yml'))
    rmSync(join(given.cwd, 'flows/talkif.yml'))
    write('talkif.yml', workspaceYaml)
    expect(await quickly(['validate'], given)).toEqual(told('talkif.yml'))
  })

  test('folders within are named when their .yaml files are passed over', async () => {
    const { given, write } = team()
    for (const name of ['tr', 'notes']) mkdirSync(join(given.cwd, 'flows', name))
    write('flows/tr/event.yaml', eventYaml)
    write('flows/simulations/event.yaml', 'people: {books: {booked: true}}\n')
    write('flows/notes/read.md', '')
    const { status, err } = await quickly(['validate'], given)
    expect({ status, err }).toEqual({
      status: 0,
      err: 'The .yaml files in flows/tr are passed over: folders within a folder are not read. Name it to read it.\n',
    })
  })
})

describe('on this machine alone', () => {
  test('validate: every file and what it is; ids and leads that two files claim', async () => {
    const { given, write } = team()
    expect(await quickly(['validate'], given)).toEqual({
      status: 0,
      out: '✓ talkif.yaml  workspace\n✓ flows/event.yaml  flow_event\n✓ flows/pricing.yaml  flow_pricing_v3\n',
      err: '',
    })
    write('flows/other.yaml', eventYaml)
    write('flows/tie.yaml', eventYaml.replace('flow_event', 'flow_tie').replace('webhook(crm)', 'webhook(cmr)'))
    const { status, out } = await quickly(['validate', 'talkif.yaml', 'flows'], given)
    expect(status).toBe(1)
    expect(out).toContain('✗ flows/other.yaml:1:5 the flow flow_event is also in flows/event.yaml\n')
    expect(out).toMatch(/✗ flows\/tie\.yaml:\d+:\d+ flow_event takes leads with source event too/)
    expect(out).toContain('the workspace has no webhook named "cmr"; did you mean "crm"?')
    const people = 'flows/simulations/event.yaml'
    const told = async (simulation: string) => {
      write(people, simulation)
      return quickly(['validate', people], given)
    }
    expect(await told('people:\n  books: {outcome: booked}\n')).toMatchObject({
      status: 0,
      out: `✓ ${people}  simulation\n`,
    })
    expect(await told('people:\n  bokks: {outcome: booked}\n')).toMatchObject({
      status: 1,
      out: `✗ ${people}:2:3 There is no field bokks here; did you mean "books"?\n    2 |   bokks: {outcome: booked}\n      |   ^\n`,
    })
    const one = await quickly(['validate', 'flows/event.yaml', '--json'], given)
    expect(JSON.parse(one.out)).toEqual({
      ok: true,
      files: [{ path: 'flows/event.yaml', is: 'flow', id: 'flow_event', faults: [] }],
    })
  })

  test('of a folder that has few of the many flows of a server, the others are counted', () => {
    const others = Array.from({ length: 1_000 }, (_, at) => ({ id: `flow_${at}`, version: 1, retired: false }))
    const lines = (count: number) => otherLines({ others: others.slice(0, count) } as Deployment, (_, text) => text)
    expect(lines(10)).toHaveLength(10)
    expect(lines(1_000)).toEqual(['1000 flows of the server are not in this folder: kept; --prune retires them.'])
  })

  test('validate says when nobody is named for whom is called', async () => {
    const { given, write } = team({ 'talkif.yaml': workspaceYaml.replace(/^business:\n.*\n/, '') })
    const err =
      'talkif.yaml does not say for whom is called: unless the server knows it, people hear "the company you contacted". ' +
      'Add business: {name: …}.\n'
    expect(await quickly(['validate'], given)).toMatchObject({ status: 0, err })
    const named = (yaml: string) => yaml.replace('agent:\n', 'agent:\n  business: Helena\n')
    write('flows/event.yaml', named(eventYaml))
    expect(await quickly(['validate'], given)).toMatchObject({ status: 0, err })
    expect(await quickly(['validate', 'flows'], given)).toMatchObject({ status: 0, err: '' })
    rmSync(join(given.cwd, 'flows/pricing.yaml'))
    expect(await quickly(['validate'], given)).toMatchObject({ status: 0, err: '' })
  })

  test('validate tells every fault of talkif.yaml at once, of its shape and of what it means', async () => {
    const zone = workspaceYaml.replace('Istanbul', 'Istambul').replace('slot: 45m', 'slot: 45')
    const { given } = team({
      'talkif.yaml': `${zone}time_zone: \${ZONE}\ntemplates: [{name: a, sms: "Hi {frist_name}"}]\n`,
    })
    const { status, out, err } = await quickly(['validate', 'talkif.yaml'], given)
    expect({ status, err }).toEqual({ status: 1, err: '' })
    expect(out.split('\n').filter((line) => line.startsWith('✗'))).toEqual([
      '✗ talkif.yaml:6:16 Europe/Istambul is not an IANA time zone; did you mean "Europe/Istanbul"?',
      '✗ talkif.yaml:7:11 the duration 45 needs a unit: s, m, h or d; did you mean "45m"?',
      '✗ talkif.yaml:15:28 There is no field {frist_name}; did you mean "{first_name}"?',
    ])
  })

  test('validate and deploy say which secrets the file itself holds', async ({ cli }) => {
    const hook = '  - url: https://me:hush@crm.example/\n    events: ["*"]\n'
    const text = workspaceYaml.replace('webhooks:\n', `webhooks:\n${hook}`)
    const { given } = team({ 'talkif.yaml': `${text}  OTHER: hush\n` })
    const told = `talkif.yaml holds secrets itself: webhooks.0.url, secrets.OTHER. Write \${NAME}, and set NAME in the environment.\n`
    expect(await quickly(['validate'], given)).toMatchObject({ status: 0, err: told })
    expect(await cli(['deploy', '--dry-run'], given)).toMatchObject({ status: 2, err: told })
  })

  test('validate needs no secrets, and says which it did without; deploy needs them', async ({ cli }) => {
    const { cwd } = team().given
    const bare = await quickly(['validate'], { cwd })
    expect(bare).toMatchObject({
      status: 0,
      err: expect.stringMatching(/^Not in the environment.*: CRM_TOKEN\. .*\n$/),
    })
    expect(bare.out).toContain('✓ talkif.yaml  workspace\n')
    const deployed = await cli(['deploy', '--yes'], { cwd })
    expect(deployed).toMatchObject({ status: 1, out: '' })
    expect(deployed.err).toContain('the environment has no variable CRM_TOKEN')
  })

  test('route: which flow and why not the others; the server says the same', async ({ cli }) => {
    const { given } = team()
    const lead = JSON.stringify({ source: 'web_form', intent: 'pricing', phone: '+12025550100', consent: true })
    const here = await quickly(['route', '-', '--json'], { ...given, input: lead })
    expect(here.status).toBe(0)
    expect(JSON.parse(here.out)).toMatchObject({ flow_id: 'flow_pricing_v3' })
    expect((await cli(['deploy', '-y'], given)).status).toBe(0)
    const there = await cli(['route', '-', '--remote', '--json'], { ...given, input: lead })
    const verdicts = (text: string) =>
      (JSON.parse(text).flows as { flow_id: string; verdict: string; why: string }[]).map(
        ({ flow_id, verdict, why }) => [flow_id, verdict, why],
      )
    expect(verdicts(there.out)).toEqual(verdicts(here.out))
    const told = await quickly(['route', '-', '--dir', 'flows'], { ...given, input: lead })
    expect(told.out).toMatch(
      /^✓ flow_pricing_v3 {2}chosen {5}intent=pricing source=web_form.*\n· flow_event {7}refused {4}it wants source event/,
    )
    const anybody = await quickly(['route', '-'], {
      ...given,
      input: '{"source": "web_form", "intent": "pricing", "consent": true}',
    })
    expect(anybody).toMatchObject({ status: 0, out: expect.stringContaining('✓ flow_pricing_v3') })
    const none = await quickly(['route', '-'], { ...given, input: '{"source": "fax", "phone": "+12025550100"}' })
    expect(none).toMatchObject({ status: 1, out: expect.stringContaining('✗ No flow takes this lead.') })
    const faulty = await quickly(['route', '-'], { ...given, input: '{"sorce": "fax", "phone": "+12025550100"}' })
    expect(faulty.err).toContain('There is no field sorce here; did you mean source?')
  })

  test('route: the flow that a lead names, and what the server would refuse, here and there alike', async ({ cli }) => {
    const { given } = team()
    await cli(['deploy', '-y'], given)
    const both = async (lead: object) => {
      const input = JSON.stringify({ source: 'web_form', intent: 'pricing', ...lead })
      const here = await quickly(['route', '-'], { ...given, input })
      return [here, await cli(['route', '-', '--remote'], { ...given, input })]
    }
    for (const { status, out } of await both({ flow_id: 'flow_event' })) {
      expect(status).toBe(0)
      expect(out).toMatch(
        /^✓ flow_event +chosen +named by the lead\n· flow_pricing_v3 +outranked +the lead names flow_event\n$/,
      )
    }
    for (const { status, out, err } of await both({ flow_id: 'flow_evnt' })) {
      expect([status, out]).toEqual([1, ''])
      expect(err).toContain('There is no flow flow_evnt in th')
    }
    for (const { status, err } of await both({ phone: '+1202' })) {
      expect(status).toBe(1)
      expect(err).toMatch(/^✗ No such number exists\.\n→ For example \+12025550100\.\n/)
    }
  })
})
