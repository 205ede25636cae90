import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { whenOver } from '../../cli/commands/call.ts'
import { recoveredLine, testLines } from '../../cli/commands/webhooks.ts'
import { groups } from '../../cli/table.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { deliveries } from '../../runtime/db/schema.ts'
import { openWorkspace, people } from '../harness/talkif.ts'
import { command, quickly, test } from './command.ts'
import { folder } from './processes.ts'

const plain = (_style: string, text: string) => text
const lead = ['--source', 'web_form', '--intent', 'pricing', '--consent']

describe('leads and calls', () => {
  test('a lead of flags is waited for; its call, its trace and the list tell of it', async ({ cli, json, talkif }) => {
    const phone = people.books
    const made = await cli(['lead', 'create', ...lead, '--phone', phone, '--name', 'سارة', '--wait'])
    expect(made).toMatchObject({ status: 0, err: '' })
    expect(made.out).toMatch(/^lead {4}lead_\w+\ncall {4}call_\w+\nstatus {2}queued\n/)
    expect(made.out).toMatch(/outcome +booked/)
    const { data } = await json<{ data: { id: string; outcome: string }[] }>(['calls', '--outcome', 'booked'])
    const { id } = data[0]!
    const call = await json<{ id: string; transcript: object[] }>(['call', 'get', id, '--transcript'])
    expect(call).toMatchObject({ id, status: 'completed', outcome: 'booked', phone })
    expect(call.transcript.length).toBeGreaterThan(3)
    await talkif.finished(id)
    for (const wait of [['--wait'], ['--wait', '500']])
      expect(await cli(['call', 'get', id, ...wait])).toMatchObject({
        status: 0,
        out: expect.stringMatching(/outcome +booked/),
      })
    const told = await cli(['call', 'get', id, '--transcript'])
    expect(told.out).toContain('\ntranscript\n')
    expect(told.out).toMatch(/booking +\d{4}-\d\d-\d\d \d\d:\d\d (UTC|GMT|[A-Z]{2,4})\S* with /)
    expect(told.out).toMatch(/agent {2}\S/)
    const trace = await cli(['trace', id, '--watch'])
    const rows = [...trace.out.matchAll(/^ {2}\d\d:\d\d:\d\d\.\d{3} {2}(\S+) +(\S+) +(?:\d+ms|\d+\.\d\ds)$/gm)]
    expect(rows.slice(0, 3).map(([, name, status]) => [name, status])).toEqual([
      ['lead.received', 'ok'],
      ['flow.match', 'ok'],
      ['queue.enqueue', 'ok'],
    ])
    expect(trace.out).toMatch(/\d+ milestones, \d+ spans · [\d.]+ s · status: booked\n$/)
    expect(await json(['trace', id])).toMatchObject({ milestones: expect.any(Array), total_ms: expect.any(Number) })
    const list = await cli(['calls', '--phone', phone, '--limit', '1'])
    expect(list.out).toMatch(new RegExp(`^created +call +phone .*\\n.* ${id} .*booked`))
  })

  test('a lead of a file, of stdin, and flags beside it; ids at once, the same for the same key', async ({
    cli,
    json,
  }) => {
    const file = join(folder(), 'lead.json')
    const body = { source: 'web_form', intent: 'pricing', phone: people.busy, consent: true, metadata: { car: 'a=b' } }
    writeFileSync(file, JSON.stringify(body))
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
    const args = ['lead', 'create', '-f', file, '--idempotency-key', 'once', '--not-before', tomorrow]
    const first = await json(args)
    expect(first).toMatchObject({ lead_id: expect.stringMatching(/^lead_/), status: 'held', reason: 'not_before' })
    expect(await json(args)).toEqual(first)
    const other = await cli(['lead', 'create', '--file', '-', '--phone', people.falls_silent], {
      input: JSON.stringify(body),
    })
    expect(other).toMatchObject({ status: 0, err: '' })
    expect(other.out).toContain('--wait shows how it ends')
  })

  test('every fault of a lead, and what is no JSON', async ({ cli, json }) => {
    const faulty = await cli(['lead', 'create', '--phone', '12', '--call-within', 'soon'])
    expect(faulty).toMatchObject({ status: 1, out: '' })
    for (const flag of ['--source', '--consent', '--phone', '--call-within'])
      expect(faulty.err).toMatch(new RegExp(` ${flag}:? `))
    // In the words of a command line, with one that works as the next step.
    expect(faulty.err).not.toMatch(/see errors|request again|call_within/)
    expect(faulty.err).toMatch(/^✗ .*\n(.*\n)*→ For example: talkif lead create .*\n {2}request req_\w+\n$/)
    const [, example] = /→ For example: talkif (.*)\n/.exec(faulty.err)!
    expect((await cli(example!.split(' '))).status).toBe(0)
    for (const pair of ['x', '=x'])
      expect(await cli(['lead', 'create', '--phone', people.books, '--metadata', pair])).toEqual({
        ...{ status: 1, out: '' },
        err: `✗ --metadata ${pair} is no pair.\n→ Write --metadata key=value.\n`,
      })
    const inFile = await cli(['lead', 'create', '--file', '-'], { input: '{"phone": "12"}' })
    expect(inFile.err).toContain('✗ --source is required.\n  consent  The person')
    const slips = '{"source": "web_form", "phone": "+12025550100", "consent": true, "campagn": "x", "tim_zone": "y"}'
    expect((await cli(['lead', 'create', '--file', '-'], { input: slips })).err).toContain(
      '✗ There is no field campagn here; did you mean campaign?\n  There is no field tim_zone here; did you mean time_zone?\n→ ',
    )
    const asJson = await cli(['lead', 'create', '--phone', '12', '--json'])
    expect(asJson.out).toBe('')
    expect(JSON.parse(asJson.err).error).toMatchObject({
      code: 'invalid_request',
      status: 422,
      errors: expect.any(Array),
    })
    const noJson = await cli(['lead', 'create', '--file', '-'], { input: '{"phone": ' })
    expect(noJson.err).toMatch(/^✗ What came on stdin is no JSON: /)
    const list = await cli(['lead', 'create', '--file', '-'], { input: '[]' })
    expect(list.err).toContain('no JSON object')
    expect((await cli(['lead', 'create', '--file', '/nowhere/lead.json'])).err).toBe(
      '✗ /nowhere/lead.json cannot be read: there is no such file.\n→ Check the path; it counts from the folder you are in.\n',
    )
    await expect(json(['call', 'get', 'call_01kb4t2m7ye8q9v3x5z6c7d8f9'])).rejects.toThrow('not_found')
    expect((await cli(['call', 'get', 'call_01kb4t2m7ye8q9v3x5z6c7d8f9', '--wait', 'long'])).err).toContain('e.g. 300')
    const calls = await cli(['calls', '--phone', '', '--limit', '1000'])
    expect(calls.err).toMatch(
      /^✗ --(phone|limit) must .*\.\n {2}--(phone|limit) must .*\n→ Mend what is named, then run it again\.\n/,
    )
    expect((await cli(['calls', '--phone', '12'])).err).toMatch(/^✗ --phone: Write it with \+ and the country code\.\n/)
    for (const args of [
      ['calls', '--status', 'lost'],
      ['keys', 'create', '--scope', 'lost'],
    ])
      expect((await cli(args)).err).toMatch(/^✗ Option '--\w+ <\w+>' argument 'lost' is invalid\. Allowed choices are /)
    expect((await cli(['calls', '--url', '127.0.0.1:28101'])).err).toBe(
      '✗ --url 127.0.0.1:28101 is no URL of a server.\n→ Write http://127.0.0.1:28101.\n',
    )
    expect((await cli(['calls', '--key', 'tk_\u0007'])).err).toBe(
      '✗ --key is no API key: it holds characters that no key has.\n→ Give it as `talkif keys create` showed it.\n',
    )
    const env = { TALKIF_URL: 'talkif.example', TALKIF_KEY: 'tk_…' }
    expect((await cli(['calls'], { env })).err).toBe(
      '✗ TALKIF_URL talkif.example is no URL of a server. TALKIF_KEY is no API key: it holds characters that no key has.\n' +
        '→ Write http://talkif.example. Give it as `talkif keys create` showed it.\n',
    )
    const astray = await cli(['calls', '--json'], { env: { TALKIF_URL: 'ftp://x' } })
    expect(JSON.parse(astray.err)).toEqual({
      error: {
        detail: 'TALKIF_URL ftp://x is no URL of a server.',
        suggested_action: 'Write one such as http://127.0.0.1:8787.',
      },
    })
  })
})

describe('the workspace', () => {
  test('keys: made, listed without themselves, ended', async ({ cli, json }) => {
    const made = await json<{ id: string; key: string }>(['keys', 'create', '--mode', 'live', '--scope', 'calls:read'])
    expect(made.key).toMatch(/^tk_live_/)
    const shown = await cli(['keys', 'create'])
    expect(shown.out).toMatch(/^id {3}key_\w+\nkey {2}tk_test_[\w-]{32}\nIt is shown only now/)
    const list = await cli(['keys', 'list'])
    expect(list.out).toContain(`${made.id}  tk_live_…${made.key.slice(-4)}  valid`)
    expect(list.out).not.toContain(made.key)
    // Nobody can be asked here.
    const unasked = await cli(['keys', 'revoke', made.id])
    expect(unasked).toMatchObject({ status: 1, err: expect.stringContaining('--yes') })
    expect(await json(['keys', 'revoke', made.id, '--yes'])).toEqual({ id: made.id, revoked: true })
    const keys = await json<{ data: { id: string; revoked_at: string | null }[] }>(['keys', 'list'])
    expect(keys.data.find(({ id }) => id === made.id)?.revoked_at).toEqual(expect.any(String))
    expect(await cli(['keys', 'revoke', made.id, '--yes'])).toMatchObject({ status: 1, out: '' })
    expect((await cli(['keys', 'create', '--mode', 'real'])).err).toContain('Allowed choices are test, live')
    expect((await cli(['keys', 'create', '--scope', 'everything'])).err).toContain('calls:read')
  })

  test('numbers: those of the sandbox, and those that live calls are placed from', async ({ cli, json }) => {
    expect(await cli(['numbers', 'add', '0212 555 01 23', '--country', 'TR', '--label', '本社'])).toMatchObject({
      status: 0,
      out: '✓ +902125550123 is one of the numbers that live calls are placed from.\n',
    })
    const { data } = await json<{ data: { phone: string; label: string }[] }>(['numbers', 'list'])
    expect(data.map(({ phone }) => phone)).toEqual(['+12025550190', '+902125550123'])
    const list = await cli(['numbers', 'list'])
    // Wide letters take two columns.
    expect(list.out).toContain('+902125550123  本社     live')
    expect(await cli(['numbers', 'add', '12'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('country code'),
    })
  })

  test('the do-not-call list: added, imported row by row, exported, taken off in test mode', async ({
    cli,
    json,
    talkif,
  }) => {
    expect((await cli(['dnc', 'add', '+12025550141', '+12025550142'])).out).toContain('2 numbers are')
    const national = 'Write it with + and the country code, or add --country.'
    const [first, second] = ['0532 123 42 18', '12'].map((number) => `"${number}": ${national}`)
    const refused = `✗ ${first}\n  phones.0  ${first}\n  phones.1  ${second}\n→ None of the numbers was added. Write each such as +12025550100, then run it again.\n`
    expect((await cli(['dnc', 'add', '0532 123 42 18', '12'])).err.replace(/ {2}request .*\n$/, '')).toBe(refused)
    expect((await cli(['dnc', 'remove', '0532 123 42 18'])).err).toContain(`✗ ${national}\n`)
    expect((await cli(['dnc', 'import', '-'], { input: 'phone\n0532\n' })).out).toContain(`line 2: 0532 ${national}`)
    expect((await cli(['dnc', 'add', '0532 123 42 18', '--country', 'TR'])).out).toContain('1 number is')
    expect((await cli(['dnc', 'remove', '0532 123 42 18', '--country', 'TR'])).status).toBe(0)
    const imported = await cli(['dnc', 'import', '-', '--country', 'TR'], { input: 'phone\n0212 555 01 24\n12\n' })
    expect(imported).toMatchObject({ status: 1, out: expect.stringContaining('1 added, 0 already there, 1 refused.') })
    expect(imported.out).toContain('line 3: 12 ')
    const exported = await cli(['dnc', 'export'])
    expect(exported.out.split('\r\n').map((line) => line.split(',')[0])).toEqual([
      ...['phone', '+12025550141', '+12025550142', '+902125550124', ''],
    ])
    expect((await cli(['dnc', 'export', '--format', 'ftc'])).out).toBe('202,5550141\r\n202,5550142\r\n')
    const file = join(folder(), 'dnc.csv')
    expect((await cli(['dnc', 'export', '-o', file])).out).toContain(`${file} is written`)
    expect(await json(['dnc', 'import', file])).toMatchObject({ added: 0, already_there: 3, refused: 0 })
    expect(await cli(['dnc', 'remove', '+12025550141'])).toMatchObject({ status: 0 })
    expect((await json<{ data: object[] }>(['dnc', 'export'])).data).toHaveLength(2)
    const { key } = await talkif.newKey({ mode: 'live' })
    const live = { env: { TALKIF_KEY: key } }
    expect(await cli(['dnc', 'add', '+12025550143'], live)).toMatchObject({ status: 0 })
    const permanent = await cli(['dnc', 'remove', '+12025550143'], live)
    expect(permanent).toMatchObject({ status: 1, err: expect.stringContaining('permanent') })
  })

  test('webhooks: listed, tested, given a new secret, caught up', async ({ cli, json, talkif }) => {
    const { webhooks } = await json<{ webhooks: { id: string; url: string }[] }>(['webhooks', 'list'])
    const { id, url } = webhooks[0]!
    expect(url).toBe(talkif.inbox.url)
    expect((await cli(['webhooks', 'test', url])).out).toMatch(/ answered 2\d\d after /)
    expect(await json(['webhooks', 'test', id])).toMatchObject({ ok: true, url })
    expect(await json(['webhooks', 'rotate', id, '--yes'])).toMatchObject({
      id,
      secret: expect.stringMatching(/^whsec_/),
    })
    expect(await json(['webhooks', 'recover', id, '--since', '2h'])).toMatchObject({ resent: 0 })
    expect(recoveredLine(1, 'https://x.example')).toBe('1 delivery to https://x.example is on its way.')
    expect(recoveredLine(2, 'https://x.example')).toBe('2 deliveries to https://x.example are on their way.')
    expect((await cli(['webhooks', 'recover', id, '--since', 'yesterday'])).err).toBe(
      '✗ --since yesterday is no time.\n→ Give one such as 2026-05-26T15:04:11Z, or so long ago: 30m, 6h, 2d.\n',
    )
    expect((await cli(['webhooks', 'recover', id])).err).toContain("Required option '--since <time>' not specified.")
    const unknown = await cli(['webhooks', 'test', 'crm'])
    expect(unknown).toMatchObject({ status: 1, err: expect.stringContaining('There is no webhook endpoint crm here.') })
    expect(await cli(['webhooks', 'resend', 'dlv_01kb4t2m7ye8q9v3x5z6c7d8f9'])).toMatchObject({ status: 1, out: '' })
  })

  test('webhooks: where nobody listens, that is told, and not what a receiver has to do', () => {
    const refused = { ok: false, status: null, error: 'connect ECONNREFUSED 127.0.0.1:9', took_ms: 1 }
    const told = (result: object) => testLines({ url: 'http://127.0.0.1:9', ...refused, ...result }, plain).join('\n')
    expect(told({})).toContain('→ Nobody listens there: start the receiver')
    expect(told({ error: null, status: 500 })).toContain('it answered 500.\n→ Answer 2xx within 15 seconds')
  })

  test('who waits for a call is told at once how it stands', async () => {
    const told: string[] = []
    const asked: { wait?: number; told: number }[] = []
    const states = [{ status: 'held', reason: 'quiet_hours' }, { status: 'dialing' }]
    const api = {
      async getCall({ wait }: { wait?: number }) {
        asked.push({ ...(wait === undefined ? {} : { wait }), told: told.length })
        return states.shift() ?? { status: 'completed' }
      },
    }
    const out = { line: (line: string) => told.push(line), paint: plain }
    const call = await whenOver(api as never, { id: 'call_1' }, out as never, Number.POSITIVE_INFINITY)
    expect(call.status).toBe('completed')
    expect(asked).toEqual([{ told: 0 }, { wait: 60, told: 1 }, { wait: 60, told: 2 }])
    expect(told).toEqual(['held (quiet_hours)', 'still dialing'])
  })

  test('webhooks: what was given up is delivered once more', async ({ cli, talkif, served }) => {
    const { call_id } = await talkif.api.createLead({
      ...{ source: 'web_form', intent: 'pricing', phone: people.busy, consent: true },
    })
    await talkif.inbox.next('lead.created', call_id)
    await talkif.finished(call_id)
    const [hook] = talkif.inbox.of('lead.created')
    const { db } = served.runtime
    const given = await db
      .select()
      .from(deliveries)
      .where(eq(deliveries.eventId, hook!.headers['webhook-id'] as string))
    await db.update(deliveries).set({ status: 'dead', tries: 10 }).where(eq(deliveries.id, given[0]!.id))
    expect((await cli(['webhooks', 'list'])).out).toContain(given[0]!.id)
    expect(await cli(['webhooks', 'resend', given[0]!.id])).toMatchObject({ status: 0, err: '' })
    await talkif.idle()
    expect(talkif.inbox.of('lead.created').map(({ raw }) => raw)).toEqual([hook!.raw, hook!.raw])
    expect((await cli(['webhooks', 'list'])).out).not.toContain(given[0]!.id)
  })

  test('the clock of the sandbox, and its messages', async ({ cli, json }) => {
    expect(await json(['sandbox', 'clock', '09:30', '--waits', '120'])).toMatchObject({ clock: '09:30', waits: 120 })
    // What is not named stays as it was.
    expect(await json(['sandbox', 'clock', '--pace', '6'])).toEqual({ clock: '09:30', pace: 6, waits: 120 })
    expect(await json(['sandbox', 'clock', '10:00'])).toEqual({ clock: '10:00', pace: 6, waits: 120 })
    expect((await cli(['sandbox', 'clock'])).out).toContain('10:00 where the person is')
    expect(await cli(['sandbox', 'clock', '25:00'])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/^✗ The time must be a time of day such as 09:00, /),
    })
    expect((await cli(['sandbox', 'clock', '--pace', '0'])).err).toMatch(/^✗ --pace must be at least 1\./)
    expect((await cli(['sandbox', 'messages'])).out).toContain('There are no messages yet.')
    expect(await json(['sandbox', 'messages'])).toMatchObject({ data: [], has_more: false })
  })
})

describe('what goes wrong says what to do next', () => {
  const misused: [args: string, detail: string, action: string][] = [
    ['nonsense', "Unknown command 'nonsense'.", 'See `talkif --help`.'],
    ['rout', "Unknown command 'rout'.", 'Did you mean route? See `talkif --help`.'],
    ['call get', "Missing required argument 'id'.", 'See `talkif call get --help`.'],
    ['calls --limt 3', "Unknown option '--limt'.", 'Did you mean --limit? See `talkif calls --help`.'],
    ['calls --limit', "Option '--limit <n>' argument missing.", 'See `talkif calls --help`.'],
    ['keys revoke', "Missing required argument 'id'.", 'See `talkif keys revoke --help`.'],
    [
      'keys create --mode real',
      "Option '--mode <mode>' argument 'real' is invalid. Allowed choices are test, live.",
      'See `talkif keys create --help`.',
    ],
    [
      'completion fish',
      "Command-argument value 'fish' is invalid for argument 'shell'. Allowed choices are bash, zsh.",
      'See `talkif completion --help`.',
    ],
    ['webhooks recover x', "Required option '--since <time>' not specified.", 'See `talkif webhooks recover --help`.'],
    ['keys', 'talkif keys needs one more word: create, revoke, list.', 'See `talkif keys --help`.'],
  ]

  test.for(misused)('talkif %s', async ([args, detail, suggested_action]) => {
    const words = args.split(' ')
    const [told, asJson] = await Promise.all([quickly(words), quickly(['--json', ...words])])
    expect(asJson).toMatchObject({ status: 1, out: '' })
    expect(JSON.parse(asJson.err)).toEqual({ error: { detail, suggested_action } })
    expect(told).toEqual({ status: 1, out: '', err: `✗ ${detail}\n→ ${suggested_action}\n` })
  })

  test('help and the version are no faults', async () => {
    for (const args of [
      [],
      ['--help'],
      ['call', 'get', '--help'],
      ['help', 'calls'],
      ['--version'],
      ['--json', '--help'],
    ]) {
      const { status, out, err } = await quickly(args)
      expect({ status, err }, args.join(' ')).toEqual({ status: 0, err: '' })
      expect(out).toMatch(/Usage: talkif|^\d+\.\d+/)
    }
  })

  test('no key, a wrong one, one without the scope, one that can be none', async ({ cli, talkif }) => {
    const none = await command(['calls'])
    expect(none).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(/^✗ There is no API key\.\n→ Set TALKIF_KEY/),
    })
    const wrong = await cli(['calls'], { env: { TALKIF_KEY: 'tk_test_nobody' } })
    expect(wrong).toMatchObject({ status: 1, err: expect.stringContaining('This API key is not known here.') })
    const { key } = await talkif.newKey({ scopes: ['calls:read'] })
    expect((await cli(['calls'], { env: { TALKIF_KEY: key } })).err).toMatch(
      /lacks the scope workspace:admin.*\n→ Use a key that has it; `talkif keys create --scope <scope>` makes one\./,
    )
    expect((await cli(['calls', '--key', 'tk_test_…'])).err).toContain('is no API key')
  })

  test('no server, and one that is none of ours', async ({ talkif }) => {
    const nobody = await command(['calls'], { env: { TALKIF_URL: 'http://127.0.0.1:9', TALKIF_KEY: talkif.key } })
    expect(nobody).toMatchObject({ status: 1, out: '' })
    expect(nobody.err).toBe(
      '✗ http://127.0.0.1:9 could not be reached.\n→ Start one with `talkif dev`, or name the one you mean with --url or TALKIF_URL.\n',
    )
    const printed = await command(['calls', '--url', `${talkif.url}/v1`, '--key', talkif.key])
    expect(printed).toMatchObject({ status: 0, err: '' })
    const set = await command(['calls'], { env: { TALKIF_URL: `${talkif.url}/v1/`, TALKIF_KEY: talkif.key } })
    expect(set).toMatchObject({ status: 0, err: '' })
    const elsewhere = await command(['calls', '--url', talkif.inbox.url, '--key', talkif.key])
    expect(elsewhere.err).toContain('not as a Talkif server does')
    expect((await command(['calls', '--url', 'ftp://x', '--key', talkif.key])).err).toContain(
      '--url ftp://x is no URL of a server.\n→ Write one such as',
    )
  })

  test('what another workspace has is not there', async ({ cli, json, talkif, served }) => {
    const other = await openWorkspace(served)
    const { call_id } = await other.api.createLead({
      ...{ source: 'web_form', intent: 'pricing', phone: people.books, consent: true },
    })
    for (const args of [
      ['call', 'get', call_id],
      ['trace', call_id],
    ])
      expect(await cli(args)).toMatchObject({ status: 1, out: '', err: expect.stringMatching(/^✗ There is no call /) })
    expect(await json(['calls'])).toMatchObject({ data: [] })
    expect(other.workspaceId).not.toBe(talkif.workspaceId)
    await other.inbox.close()
  })

  test('the key of `talkif dev` goes to its own server alone', async ({ talkif }) => {
    const cwd = folder()
    mkdirSync(join(cwd, '.talkif'))
    writeFileSync(join(cwd, '.talkif/dev.json'), JSON.stringify({ url: talkif.url, test_key: talkif.key }))
    expect((await command(['calls', '--json'], { cwd })).status).toBe(0)
    expect((await command(['calls', '--url', talkif.inbox.url], { cwd })).err).toContain('There is no API key.')
    writeFileSync(join(cwd, '.talkif/dev.json'), '{')
    expect((await command(['calls'], { cwd })).err).toContain('There is no API key.')
  })
})

test('colours only where they are asked for', async ({ cli }) => {
  const colour = '\u001b['
  expect((await cli(['calls'])).out).not.toContain(colour)
  const env = { NO_COLOR: '', FORCE_COLOR: '1' }
  expect((await cli(['calls', '--phone', '+12025550100'], { env })).out).not.toContain(colour)
  expect((await cli(['keys', 'list'], { env })).out).toContain(colour)
  expect((await cli(['keys', 'list', '--no-color'], { env })).out).not.toContain(colour)
  expect((await cli(['keys', 'list', '--json'], { env })).out).not.toContain(colour)
  expect((await cli(['call', 'get', 'call_x'], { env })).err).toContain(`${colour}31m✗`)
  expect((await cli(['call', 'get', 'call_x', '--json'], { env })).err).not.toContain(colour)
})

test('every route that a command names is one of the server', async ({ served }) => {
  const known = served.app.routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  const named = groups
    .flatMap(({ commands }) => commands)
    .flatMap(({ route = '' }) => [...route.matchAll(/(?:GET|POST|PUT|DELETE) \/[\w/{}.-]*/g)].map(([it]) => it))
  expect(new Set(named).size).toBeGreaterThan(20)
  expect([...new Set(named)].filter((it) => !known.includes(it) && !known.includes(it.replace(/^\w+/, 'ALL')))).toEqual(
    [],
  )
})
