import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { mayWrite } from '../../cli/files.ts'
import { type SentMessage, unmet } from '../../cli/simulate/judge.ts'
import { junit } from '../../cli/simulate/junit.ts'
import { type Result, settled } from '../../cli/simulate/play.ts'
import { numberPlan, scenariosOf } from '../../cli/simulate/scenarios.ts'
import { openStage } from '../../cli/simulate/stage.ts'
import { renderFault } from '../../flows/language/faults.ts'
import { parseFlow } from '../../flows/language/parse.ts'
import { parseSimulation } from '../../flows/language/persona.ts'
import { sandboxPeople } from '../../openapi/sandbox-people.ts'
import type { Call } from '../../openapi/schemas/call.ts'
import type { Simulation } from '../../openapi/schemas/persona.ts'
import { command } from './command.ts'
import { folder, postgresOf, withSpeech } from './processes.ts'

const flows = join(import.meta.dirname, '../../flows')
const answer = (out: string) => JSON.parse(out) as { ok: boolean; results: Result[] }

test('the example flows do what their simulations say, and a wrong expectation fails alone', {
  timeout: 300_000,
}, async () => {
  const cwd = folder()
  withSpeech(join(cwd, '.talkif'))
  cpSync(flows, join(cwd, 'flows'), { recursive: true, filter: (path) => !path.includes('language') })
  const recovery = join(cwd, 'flows/simulations/recovery-v1.yaml')
  const wrong =
    '  - persona: <"wrong">\n    expect: {outcome: not_fit, said: [a pony], answers: {need: a "pony" & more}}\n'
  writeFileSync(recovery, readFileSync(recovery, 'utf8') + wrong)
  // A tool of the flow's own, asked for in the middle of an answer; and an answer that rules the caller out.
  const rsvp = join(cwd, 'flows/event-rsvp-v1.yaml')
  const tool =
    'tools:\n  parking:\n    description: Where guests park.\n    http: GET https://api.example.com/parking\n    sample: {place: behind the museum}\n'
  writeFileSync(rsvp, readFileSync(rsvp, 'utf8').replace('on:\n', `${tool}on:\n`))
  const guests = join(cwd, 'flows/simulations/event-rsvp-v1.yaml')
  const asks =
    '  - {persona: asks about parking, answers: {coming: "Yes, by car.", guests: "2, and tell me about parking."}, expect: {outcome: qualified, answers: {coming: "yes", guests: "2"}, said: [behind the museum]}}\n  - {persona: stays away, answers: {coming: "No, I am away."}, expect: {outcome: not_fit, reason: disqualified, answers: {coming: "no"}}}\n'
  writeFileSync(guests, readFileSync(guests, 'utf8') + asks)

  const { status, out, err } = await command(['simulate', 'flows', '--pace', '10', '--json', '--junit', 'junit.xml'], {
    cwd,
  })

  expect(err).toBe('')
  expect(status).toBe(1)
  const { ok, results } = answer(out)
  expect(ok).toBe(false)
  expect(new Set(results.map(({ flow_id }) => flow_id))).toEqual(
    new Set([
      ...['flow_appointment_reminder_v1', 'flow_event_rsvp_v1', 'flow_missed_call_v1'],
      ...['flow_pricing_v3', 'flow_recovery_v1'],
    ]),
  )
  expect(results.filter((it) => it.scenario !== '<"wrong">').flatMap(({ unmet }) => unmet)).toEqual([])
  const failed = results.find(({ scenario }) => scenario === '<"wrong">')
  expect(failed).toMatchObject({ ok: false, outcome: 'booked' })
  expect(failed?.unmet).toEqual([
    { what: 'outcome', expected: 'not_fit', came: 'booked' },
    { what: 'answer need', expected: 'a "pony" & more', came: expect.stringContaining('pricing') },
    { what: 'said', expected: 'a pony', came: expect.stringContaining('AI assistant') },
  ])
  expect(failed?.latency.first_dial_ms).toBeGreaterThanOrEqual(0)
  expect(failed?.latency.response_p95_ms).toBeGreaterThanOrEqual(failed!.latency.response_p50_ms!)

  const xml = readFileSync(join(cwd, 'junit.xml'), 'utf8')
  expect(xml).toContain(`<testsuites name="talkif simulate" tests="${results.length}" failures="1" errors="0"`)
  expect(xml.match(/<testsuite name=/g)).toHaveLength(5)
  expect(xml.match(/<testcase /g)).toHaveLength(results.length)
  expect(xml).toContain('name="&lt;&quot;wrong&quot;&gt;"')
  expect(xml).toContain('message="outcome: expected not_fit, came booked"')
})

test('the people of the sandbox, and personas that are told nothing else, qualify in a flow whose rules they meet', {
  timeout: 300_000,
}, async () => {
  const cwd = folder()
  withSpeech(join(cwd, '.talkif'))
  mkdirSync(join(cwd, 'simulations'))
  const yaml = `id: camp
match: {source: camp, language: de}
qualify:
  - age: {question: "Wie alt sind Sie?", type: number, disqualify_if: ["< 18", "> 29"]}
  - plan: {question: "Which plan do you want?", options: [None, Whole week, Weekend], disqualify_if: None}
  - allergic: {question: "Haben Sie eine Allergie?", type: yes_no, disqualify_if: yes}
  - arrival: {type: date}
  - name
on:
  no_answer: retry(15m, max=3)
  qualified: log("comes")
`
  const answers = 'answers: {age: "18", plan: Whole week, allergic: "no", arrival: "2030-07-01"}'
  const people = `people:
  books: {outcome: qualified, ${answers}}
  second_try: {outcome: qualified, attempts: 2, ${answers}}
  not_a_fit: {outcome: not_fit, reason: not_interested}
personas:
  - {persona: grown up, answers: {age: "I am 21."}, expect: {outcome: qualified, answers: {age: "21", allergic: "no"}}}
  - {persona: too young, answers: {age: "16"}, expect: {outcome: not_fit, reason: disqualified}}
`
  writeFileSync(join(cwd, 'camp.yaml'), yaml)
  writeFileSync(join(cwd, 'simulations/camp.yaml'), people)
  const { status, out, err } = await command(['simulate', 'camp.yaml', '--pace', '10', '--json'], { cwd })
  expect(err).toBe('')
  expect(answer(out).results.flatMap(({ scenario, unmet }) => unmet.map((it) => ({ scenario, ...it })))).toEqual([])
  expect(status).toBe(0)
})

test('personas answer what is asked without a question mark, and in scripts that have their own', {
  timeout: 300_000,
}, async () => {
  const cwd = folder()
  withSpeech(join(cwd, '.talkif'))
  mkdirSync(join(cwd, 'simulations'))
  const flow = `id: clinic
match: {source: clinic}
qualify:
  - postcode: "Please tell me your postcode."
  - youken: "ご用件は何ですか？"
  - service: "ما الخدمة؟"
on: {qualified: log("comes")}
`
  const answers = 'answers: {postcode: one two three, youken: 見積もり, service: صيانة}'
  writeFileSync(join(cwd, 'clinic.yaml'), flow)
  const personas = `personas:\n  - {persona: Aya, ${answers}, expect: {outcome: qualified, ${answers}}}\n`
  writeFileSync(join(cwd, 'simulations/clinic.yaml'), personas)
  const { status, out, err } = await command(['simulate', 'clinic.yaml', '--pace', '10', '--json'], { cwd })
  expect(err).toBe('')
  expect(answer(out).results.flatMap(({ unmet }) => unmet)).toEqual([])
  expect(status).toBe(0)
})

test('without people of the sandbox a file of personas calls these alone; without either everybody is called', () => {
  const parsed = parseFlow('id: x\nmatch: {source: form}\n')
  if ('faults' in parsed) throw new Error('the flow is faulty')
  const called = (simulation: Simulation) => scenariosOf(parsed.flow, simulation, numberPlan()).map(({ name }) => name)
  const personas = [{ persona: 'Ece', expect: { outcome: 'booked' as const } }]
  expect(called({ personas })).toEqual(['Ece'])
  expect(called({ personas, people: { busy: { outcome: 'no_answer' } } })).toEqual(['busy', 'Ece'])
  expect(called({})).toHaveLength(sandboxPeople.length)
  expect(called({ personas: [] })).toHaveLength(sandboxPeople.length)
})

test('the database goes with its stage, also where it lies in a folder of its own because root runs it', async () => {
  const temporary = folder()
  vi.stubEnv('TMPDIR', temporary)
  vi.stubEnv('TALKIF_DATA_DIR', join(temporary, 'none'))
  onTestFinished(() => void vi.unstubAllEnvs())
  const stage = await openStage(new Map())
  const own = readdirSync(temporary).find((name) => name.startsWith('talkif-simulate-'))!
  const data = postgresOf(join(temporary, own))
  expect(existsSync(join(data, 'PG_VERSION'))).toBe(true)
  await stage.close()
  expect(existsSync(data)).toBe(false)
  expect(readdirSync(temporary)).toEqual([])
})

test.for<[status: string, isSent: boolean]>([
  ...['accepted', 'sent', 'delivered', 'read', 'undelivered'].map((status): [string, boolean] => [status, true]),
  ...['queued', 'held', 'sending', 'skipped', 'failed', 'unknown'].map((status): [string, boolean] => [status, false]),
])('a message that is %s counts as sent: %s', ([status, isSent]) => {
  const message: SentMessage = { channel: 'sms', direction: 'out', template: 'missed', body: 'Sorry', status }
  const call = { transcript: [], metrics: { first_dial_ms: 1 }, attempts: [], answers: {} } as unknown as Call
  const faults = (messages: string[]) => unmet({ messages }, call, [message])
  const none = { what: 'messages', expected: 'missed', came: `none; not sent: sms missed (${status})` }
  expect(faults(['missed'])).toEqual(isSent ? [] : [none])
  expect(faults([])).toEqual(isSent ? [{ what: 'messages', expected: 'none', came: 'sms missed' }] : [])
})

test('what is expected may be one text instead of a list', () => {
  const transcript = [{ role: 'agent', text: 'This is Ada GmbH.' }]
  const call = { transcript, metrics: { first_dial_ms: 1 }, attempts: [], answers: {} } as unknown as Call
  const text = 'people:\n  books: {said: ada gmbh, not_said: GmbH, messages: missed}\n'
  const read = parseSimulation(text, [])
  if ('faults' in read) throw new Error(JSON.stringify(read.faults))
  expect(unmet(read.simulation.people!.books!, call, []).map(({ what }) => what)).toEqual(['not_said', 'messages'])
  expect(parseSimulation('people:\n  books: {said: 3.5, messages: {a: b}}\n', [])).toMatchObject({
    faults: [{ message: 'people.books.messages must be a text, or a list of texts' }],
  })
})

test('a report that cannot be written is told before anybody is called', async () => {
  const { status, err } = await command(['simulate', flows, '--junit', '/nowhere/x.xml'])
  expect(status).toBe(1)
  expect(err).toMatch(
    /^✗ \/nowhere\/x\.xml cannot be written: there is no such folder\.\n→ Make it, or name another file/,
  )
})

test('a flow that no server takes is one fault of its file, and nobody is called', async () => {
  const path = join(folder(), 'x.yaml')
  writeFileSync(
    path,
    'id: flow_x\nmatch:\n  intent: pricing\nqualify:\n  - need\non:\n  qualified: book(calendar.mehmet)\n  booked: webhook(crm)\n',
  )
  const { status, out, err } = await command(['simulate', path])
  expect([status, out]).toEqual([1, ''])
  expect(err).toMatch(/✗ \S+x\.yaml is refused\.\n {2}7:19 {2}the workspace has no calendar named "mehmet"/)
  expect(err).toMatch(/\n {2}8:19 {2}\S.*"crm"/)
  expect(err.match(/mehmet/g)).toHaveLength(1)
})

test('where a report may be written, nothing lies before there is one', async () => {
  const path = join(folder(), 'report.xml')
  await mayWrite(path)
  expect(existsSync(path)).toBe(false)
  writeFileSync(path, 'old')
  await mayWrite(path)
  expect(readFileSync(path, 'utf8')).toBe('old')
})

test('messages are judged when none of them is on its way any more', async () => {
  const statuses = ['queued', 'sending', 'sending', 'delivered']
  const list = vi.fn(async () => [{ status: statuses.shift()! }])
  expect(await settled(list, new AbortController().signal)).toEqual([{ status: 'delivered' }])
  expect(list).toHaveBeenCalledTimes(4)
  // Quiet hours last longer than anybody waits, and who interrupts waits no longer.
  expect(await settled(async () => [{ status: 'held' }], new AbortController().signal)).toEqual([{ status: 'held' }])
  expect(await settled(async () => [{ status: 'queued' }], AbortSignal.abort())).toEqual([{ status: 'queued' }])
  expect(await settled(async () => [{ status: 'queued' }], new AbortController().signal, 50)).toHaveLength(1)
})

describe('a file of personas', () => {
  const faults = (text: string) => {
    const read = parseSimulation(text, ['need', 'budget'])
    return 'faults' in read ? read.faults.map((fault) => renderFault(text, fault)) : []
  }

  test.for<[text: string, fault: string]>([
    ['personas:\n  - {persona: A, expect: {outcome: bookd}}', '2:36 "personas.0.expect.outcome" must be one of'],
    ['personas:\n  - {persona: A, hang_up: 1, expect: {outcome: booked}}', '2:18 '],
    ['personas:\n  - {persona: A}', '2:5 '],
    ['personas:\n  - {persona: A, answers: {bugdet: x}, expect: {booked: true}}', '2:36 the flow has no slot "bugdet"'],
    ['people: {book: {booked: true}}', '1:'],
    ['', '1:1 It names nobody'],
    ['people: {}', '1:1 It names nobody'],
    ['people: {books: {}}', '1:17 It must expect something'],
    ['personas:\n  - {persona: A, expect: {}}', '2:26 It must expect something'],
    ['personas:\n  - {persona: A, expect: {first_dial_within: 60 s x}}', '2:46 '],
    ['- persona: A', '1:1 a simulation is a mapping'],
  ])('%s', ([text, fault]) => {
    const told = faults(text)
    expect(told).toHaveLength(1)
    expect(told[0]).toContain(fault.split('"')[0]!.trimEnd())
    expect(told[0]).toMatch(/\n +\| .*\^$/)
  })

  test('names what was probably meant', () => {
    expect(faults('personas:\n  - {persona: A, answers: {bugdet: x}, expect: {booked: true}}')[0]).toContain(
      'mean "budget"',
    )
    expect(faults('personas:\n  - {persona: A, hang_up: 1, expect: {booked: true}}')[0]).toContain('mean "hangs_up"')
  })

  test('all faults are told at once, of the shape and of what is meant, and none twice', () => {
    const told = faults(`people:
  books: {outcome: bookd, answers: {bugdet: x}}
  busy: {}
personas:
  - {persona: A, hang_up: 1, answers: {neeed: x}, expect: {booked: true}}
  - {persona: A, expect: {booked: perhaps, answers: {budgt: x}}}
  - {persona: B, lead: {phone: "+12025550100"}}
  - {persona: [C], answers: [need], expect: {}}
`)
    expect(told.map((fault) => fault.split(' ')[0])).toEqual([
      ...['2:20', '2:45', '3:9', '5:18', '5:47', '6:15', '6:35', '6:61', '7:5', '7:32', '8:15', '8:29', '8:45'],
    ])
    expect(faults('peple: {books: {booked: true}}')).toHaveLength(1)
  })

  test('faults are in the order of the file', () => {
    const told = faults(
      'people:\n  books: {answers: {bugdet: x}}\n  busy: {}\npersonas:\n  - {persona: A, answers: {neeed: x}, expect: {}}',
    )
    expect(told.map((fault) => fault.split(' ')[0])).toEqual(['2:29', '3:9', '5:35', '5:47'])
  })

  test('a language is told by its tag', () => {
    const told = faults('personas:\n  - {persona: A, language: turkish, expect: {booked: true}}')
    expect(told[0]).toContain('must look like tr-TR; did you mean "tr"?')
  })

  test('a number is told as it is meant, without its spaces', () => {
    const told = faults('personas:\n  - {persona: A, lead: {phone: "+1 (202) 555-0123"}, expect: {booked: true}}')
    expect(told[0]).toContain('must look like +12025550100; did you mean "+12025550123"?')
  })

  test('nobody has the name or number of somebody else', () => {
    const twice =
      'personas:\n  - {persona: A, expect: {booked: true}}\n  - {persona: A, lead: {phone: "+12025550100"}, expect: {booked: true}}'
    expect(faults(twice)).toEqual([
      expect.stringMatching(/^3:\d+ "A" is given twice/),
      expect.stringMatching(/^3:\d+ \+12025550100 belongs to somebody else/),
    ])
  })
})

test('the file of the people is told from that of the flow', async () => {
  const { status, err } = await command(['simulate', 'simulations/pricing-v3.yaml'], { cwd: flows })
  expect({ status, err }).toEqual({
    status: 1,
    err: '✗ simulations/pricing-v3.yaml is a simulation: the people whom a flow calls.\n→ Name the flow: `talkif simulate pricing-v3.yaml`.\n',
  })
})

test('wrong options are told before any server starts', async () => {
  const nobody = await command(['simulate', 'pricing-v3.yaml', '--person', 'nobody'], { cwd: flows })
  expect(nobody).toMatchObject({ status: 1, err: expect.stringContaining('There is nobody named nobody.') })
  const pace = await command(['simulate', 'pricing-v3.yaml', '--pace', '0'], { cwd: flows })
  expect(pace).toMatchObject({ status: 1, err: expect.stringContaining('from 1 (life) to 100') })
})

test('JUnit XML holds no character that XML forbids', () => {
  const transcript = [{ at_ms: 0, role: 'lead' as const, text: 'a\u0000b\u001b[31m ]]> & \ud800', interrupted: false }]
  const latency = { response_p50_ms: null, response_p95_ms: null, first_dial_ms: null }
  const none = { reason: null, answers: {}, attempts: 0, messages: [], unmet: [], latency }
  const xml = junit([{ flow_id: 'flow_x', scenario: 'x', ok: true, outcome: null, transcript, ms: 1500, ...none }])
  expect(xml).toContain('time="1.500"')
  expect(xml).toContain('lead: ab[31m ]]&gt; &amp; \ufffd')
})
