// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how variables are written
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { escapeEnvironment, fillEnvironment } from '../../flows/language/environment.ts'
import { type FlowFault, renderFault } from '../../flows/language/faults.ts'
import { parseWorkspace, printWorkspace } from '../../flows/language/workspace-file.ts'
import { isText } from '../../openapi/faults.ts'
import { type JsonSchema, printSchema } from '../../openapi/json-schema.ts'
import { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { workspaceSchema } from '../../openapi/workspace-schema.ts'
import { workspaceFaults } from '../../runtime/access/workspace-faults.ts'
import { fromSchema } from '../openapi/from-schema.ts'

const example = readFileSync(new URL('../../flows/talkif.yaml', import.meta.url), 'utf8')

const ajv = new Ajv2020({ strict: true, allErrors: true })
ajvFormats.default(ajv)
const isTaken = ajv.compile(workspaceSchema)

const documentOf = (text: string, environment: Record<string, string> = {}) => {
  const read = parseWorkspace(text, environment)
  if ('faults' in read) throw new Error(read.faults.map((fault) => renderFault(text, fault)).join('\n'))
  return read.document
}

const faultsOf = (text: string, environment: Record<string, string> = {}): FlowFault[] => {
  const read = parseWorkspace(text, environment)
  return 'faults' in read ? read.faults : []
}

/** Text of any characters that a document may hold. */
const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((it) => isText(it) && it !== '')
const tricky = fc.constantFrom(
  ' \n',
  ' \n x\n\n',
  '${NAME}',
  '$${',
  '$$${',
  '12',
  '+90',
  'true',
  'null',
  '~',
  '- a',
  'a: b',
  '#',
  ' x',
  '\n',
  '"',
  '1e3',
)

/** Documents with anything in every section that the schema takes. */
const anyDocument: fc.Arbitrary<WorkspaceDocument> = fc
  .tuple(
    ...Object.entries(WorkspaceDocument.shape).map(([name, section]) =>
      fromSchema(printSchema(section, 'input') as JsonSchema).map(
        (value) => [name, takenOf(section.unwrap(), value)] as const,
      ),
    ),
    fc.oneof(anyText, tricky).map((text) => ['name', text] as const),
    fc
      .array(fc.oneof(anyText, tricky), { minLength: 1, maxLength: 3 })
      .map(
        (texts) =>
          ['templates', texts.map((sms, index) => ({ name: `t${index}`, sms: { tr: sms, en: 'x' } }))] as const,
      ),
  )
  .map((sections) => Object.fromEntries(sections.filter(([, value]) => value !== undefined)) as WorkspaceDocument)
  .filter((document) => WorkspaceDocument.safeParse(document).success)

/** What of a generated section the schema takes: it makes values past its bounds too. */
function takenOf(section: { safeParse(value: unknown): { success: boolean } }, value: unknown): unknown {
  const element = (section as { element?: typeof section }).element
  if (element && Array.isArray(value)) return value.filter((entry) => element.safeParse(entry).success)
  return section.safeParse(value).success ? value : undefined
}

describe('parse and print', () => {
  test('print → parse is the identity, and the editors’ schema takes what is printed', () => {
    let sections = 0
    fc.assert(
      fc.property(anyDocument, (document) => {
        const printed = printWorkspace(document)
        const wanted = WorkspaceDocument.parse(document)
        expect(documentOf(printed)).toEqual(wanted)
        // The environment changes nothing of what is printed.
        expect(documentOf(printed, { NAME: 'other' })).toEqual(wanted)
        expect(isTaken(parse(printed)), JSON.stringify(isTaken.errors)).toBe(true)
        sections += Object.keys(document).length
      }),
      { numRuns: 150 },
    )
    expect(sections).toBeGreaterThan(150 * 5)
  })

  test('the example is good, is taken by editors, and prints as what it means', () => {
    const document = documentOf(example)
    expect(workspaceFaults(document, { allowLoopbackWebhooks: true })).toEqual([])
    const own = documentOf(example, { CRM_URL: 'https://crm.helena.example/talkif' })
    expect(workspaceFaults(own, { allowLoopbackWebhooks: false })).toEqual([])
    expect(isTaken(parse(example)), JSON.stringify(isTaken.errors)).toBe(true)
    expect(documentOf(printWorkspace(document))).toEqual(document)
    expect(Object.keys(document).toSorted()).toEqual(
      Object.keys(WorkspaceDocument.shape)
        .filter((section) => section !== 'numbers')
        .toSorted(),
    )
  })

  test('an empty file is a document that changes nothing', () => {
    for (const text of ['', '\n', '# nothing\n', '{}', 'calendars:\n']) expect(documentOf(text)).toEqual({})
  })
})

describe('what a person may write', () => {
  test('durations, numbers for text, empty values', () => {
    const text = `
name: 2026
business:
calendars:
  - { name: mehmet, owner: 7, time_zone: UTC, slot: 45m, buffer: 0m, notice: 2h, days_ahead: 14 }
numbers:
  - phone: +12025550123
caps: { min_gap: 2m, attempts_per_day: }
handoffs:
  - name: sales
    targets: [{ phone: +902125550123 }, { sip: "sip:a@b.example", name: null }]
    timeout: 20s
retention: 30d
secrets: { GONE: null }
`
    expect(documentOf(text)).toEqual({
      name: '2026',
      calendars: [
        {
          ...{ name: 'mehmet', owner: '7', time_zone: 'UTC', days_ahead: 14 },
          ...{ slot_minutes: 45, buffer_minutes: 0, notice_minutes: 120 },
        },
      ],
      numbers: [{ phone: '+12025550123' }],
      caps: { min_gap_seconds: 120, attempts_per_day: null },
      handoffs: [
        { name: 'sales', targets: [{ phone: '+902125550123' }, { sip: 'sip:a@b.example' }], timeout_seconds: 20 },
      ],
      retention: { recordings_days: 30, transcripts_days: 30 },
      secrets: { GONE: null },
    })
    expect(isTaken(parse(text)), JSON.stringify(isTaken.errors)).toBe(true)
    expect(documentOf('retention: { recordings: 7d, transcripts_days: 30 }')).toEqual({
      retention: { recordings_days: 7, transcripts_days: 30 },
    })
  })

  test('working hours in one window or several, which end by midnight and stay apart', () => {
    const of = (hours: string) => `calendars:\n  - { name: a, owner: a, time_zone: UTC, working_hours: ${hours} }\n`
    const good = of('[{ from: 09:00, to: 12:00, days: [1, 2] }, { from: 12:00, to: 00:00, days: [2] }]')
    expect(isTaken(parse(good)), JSON.stringify(isTaken.errors)).toBe(true)
    const document = documentOf(good)
    expect(document.calendars![0]!.working_hours).toHaveLength(2)
    expect(documentOf(printWorkspace(document))).toEqual(document)
    const faults = (hours: string) => {
      const read = parseWorkspace(of(hours), {})
      if (!('faults' in read)) return workspaceFaults(read.document, { allowLoopbackWebhooks: true }).map(faultText)
      return read.faults.map((fault) => fault.message + (fault.suggestion ?? ''))
    }
    const faultText = ({ pointer, detail }: { pointer: string; detail: string }) => `${pointer} ${detail}`
    expect(faults('[{ from: 09:00, to: 12:00, days: [1, 2] }, { from: 11:30, to: 13:00, days: [2] }]')).toEqual([
      '/calendars/0/working_hours/1 They overlap entry 1 on a day that both name.',
    ])
    expect(faults('[{ from: 09:00, to: 12:00, days: [1] }, { from: 09:00, to: 12:00, days: [2] }]')).toEqual([])
    expect(faults('[{ from: 09:00, to: 08:00, days: [1] }]')).toEqual([
      '/calendars/0/working_hours/0 They end before they begin.',
    ])
    expect(faults('{ from: 9:00, to: "24:00", days: [1] }')).toEqual([
      'calendars.0.working_hours.from must look like 09:0009:00',
      'calendars.0.working_hours.to must look like 09:0000:00',
    ])
    expect(faults('[{ from: 9:00, to: "24:00", days: [1] }]')).toEqual([
      'calendars.0.working_hours.0.from must look like 09:0009:00',
      'calendars.0.working_hours.0.to must look like 09:0000:00',
    ])
    expect(faults('always')).toEqual(['calendars.0.working_hours must be {from, to, days}, or a list of them'])
  })

  test('who sends nothing needs no environment: anything fits in the place of what it lacks', () => {
    const text = `
name: \${A_NAME} and \${OTHER}
region: \${REGION}
time_zone: \${ZONE}
calendars:
  - name: \${CALENDAR}
    owner: \${OWNER}
    time_zone: UTC
    slot: \${SLOT}
    kind: cal_com
    cal_com: { event_type_id: "\${TYPE}", api_key: "\${CAL_KEY}" }
handoffs:
  - name: sales
    targets: [{ phone: "\${DESK}" }]
webhooks:
  - { url: "\${CRM}", events: ["*"] }
  - { url: "https://\${HOST}/x", events: ["\${EVENT}"] }
secrets: { TOKEN: "\${TOKEN}" }
`
    const read = parseWorkspace(text, { A_NAME: 'Helena' }, { assume: true })
    if ('faults' in read) throw new Error(JSON.stringify(read.faults))
    expect(workspaceFaults(read.document, { allowLoopbackWebhooks: false })).toEqual([])
    expect(read.document).toMatchObject({ name: 'Helena and other', webhooks: [{}, { url: 'https://host/x' }] })
    expect([...read.assumed.values()].flat()).toEqual([
      ...[
        'OTHER',
        'REGION',
        'ZONE',
        'CALENDAR',
        'OWNER',
        'SLOT',
        'TYPE',
        'CAL_KEY',
        'DESK',
        'CRM',
        'HOST',
        'EVENT',
        'TOKEN',
      ],
    ])
    // Everybody else is told, and what is wrong stays wrong.
    expect(parseWorkspace(text, {})).toHaveProperty('faults.length', 14)
    expect(parseWorkspace('name: ${A}\nregion: nowhere\n', {}, { assume: true })).toHaveProperty('faults.length', 1)
  })

  test('variables of the environment, which are text and nothing else', () => {
    const text = `
name: \${NAME}
secrets:
  CRM_TOKEN: "Bearer \${TOKEN}\${TOKEN}"
  DEFAULTED: "\${MISSING:-a: b # no comment}"
  KEPT: $\${TOKEN} costs 5$
calendars:
  - name: cal
    owner: \${EMPTY:-someone}
    time_zone: UTC
    slot: \${SLOT}
    kind: cal_com
    cal_com: { event_type_id: "\${EVENT}", api_key: "\${TOKEN}" }
retention: \${KEEP:-30d}
`
    const environment = { NAME: 'x: {y', TOKEN: '${NAME}\n- z', EMPTY: '', SLOT: '20m', EVENT: '77' }
    expect(documentOf(text, environment)).toEqual({
      name: 'x: {y',
      secrets: {
        CRM_TOKEN: 'Bearer ${NAME}\n- z${NAME}\n- z',
        DEFAULTED: 'a: b # no comment',
        KEPT: '${TOKEN} costs 5$',
      },
      calendars: [
        {
          ...{ name: 'cal', owner: 'someone', time_zone: 'UTC', slot_minutes: 20, kind: 'cal_com' },
          cal_com: { event_type_id: 77, api_key: '${NAME}\n- z' },
        },
      ],
      retention: { recordings_days: 30, transcripts_days: 30 },
    })
    expect(isTaken(parse(text)), JSON.stringify(isTaken.errors)).toBe(true)
  })

  test('every text can be written so that nothing of it is filled in', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyText, tricky, fc.constantFrom('$', '{', '}'))), (parts) => {
        const text = parts.join('')
        expect(fillEnvironment(escapeEnvironment(text), { NAME: 'x' })).toEqual({ text })
      }),
    )
  })
})

/** As a terminal shows them. */
const shown = (text: string, environment: Record<string, string> = {}) =>
  faultsOf(text, environment).map((fault) => renderFault(text, fault).split('\n'))

describe('faults', () => {
  test('a section that resembles none is told with all there are', () => {
    expect(shown('qualify: [need]\n')).toEqual([
      [
        `1:1 There is no field qualify here; known: ${Object.keys(WorkspaceDocument.shape).join(', ')}`,
        '1 | qualify: [need]',
        '  | ^',
      ],
    ])
  })

  test('stand at their line and column with a caret, and say what was probably meant', () => {
    const text = `name: Helena
calender: []
calendars:
  - name: mehmet
    time_zone: Europe/Istanbul
    slot: 30
voices: [{ name: a, voice: marn }]
secrets:
  TOKEN: \${TOKEN}
  OTHER: "ab\${oh no}"
`
    expect(shown(text)).toEqual([
      ['2:1 There is no field calender here; did you mean "calendars"?', '2 | calender: []', '  | ^'],
      ['4:5 calendars.0.owner is required', '4 |   - name: mehmet', '  |     ^'],
      ['6:11 the duration 30 needs a unit: s, m, h or d; did you mean "30m"?', '6 |     slot: 30', '  |           ^'],
      [
        '7:28 voices.0.voice must be one of marin, cedar, alloy, ash, ballad, coral, echo, sage, shimmer, verse; ' +
          'did you mean "marin"?',
        '7 | voices: [{ name: a, voice: marn }]',
        '  |                            ^',
      ],
      [
        '9:10 the environment has no variable TOKEN; set it, or write ${TOKEN:-default}',
        '9 |   TOKEN: ${TOKEN}',
        '  |          ^',
      ],
      [
        '10:13 a variable is written ${NAME} or ${NAME:-default}; $${ stands for the characters ${',
        '10 |   OTHER: "ab${oh no}"',
        '   |             ^',
      ],
    ])
  })

  test('of a file that is no workspace', () => {
    expect(faultsOf('- a')).toMatchObject([
      { line: 1, column: 1, message: expect.stringMatching(/^a workspace is a mapping/) },
    ])
    expect(faultsOf('name: a\n---\nname: b')).toMatchObject([
      { line: 2, message: 'a file holds one workspace: found a second document' },
    ])
    expect(faultsOf('name: &a b')).toMatchObject([{ message: 'anchors (&) are not allowed in a workspace' }])
    expect(faultsOf('name: a\nname: b')).toMatchObject([{ line: 2, message: 'the key "name" is given twice' }])
    expect(faultsOf('name: "a\\0b"')).toMatchObject([{ message: '"name" holds U+0000 or half of a surrogate pair' }])
    expect(faultsOf('__proto__: {}\nname: a')).toMatchObject([
      { message: expect.stringMatching(/^There is no field __proto__ here; known: name, /) },
    ])
    expect(faultsOf(`name: ${'['.repeat(40)}`)).toMatchObject([{ message: 'nested more than 32 deep' }])
    expect(faultsOf(`name: ${'a'.repeat(300_000)}`)).toMatchObject([{ message: 'the file is larger than 256 kB' }])
  })

  test('a name is more than spaces', () => {
    const message = 'must not be empty'
    expect(faultsOf('name: "  "\nbusiness: { name: " " }')).toMatchObject([
      { path: 'name', message: `name ${message}` },
      { path: 'business.name', message: `business.name ${message}` },
    ])
  })

  test('of durations: given twice, of a part of a unit, of no unit at all', () => {
    const calendar = (fields: string) => `calendars: [{ name: a, owner: b, time_zone: UTC, ${fields} }]`
    expect(faultsOf(calendar('slot: 30m, slot_minutes: 30'))).toMatchObject([
      { path: 'calendars.0.slot_minutes', message: '"slot_minutes" is given twice: before as "slot"' },
    ])
    expect(faultsOf(calendar('slot_minutes: 9, slot: 7m'))).toMatchObject([
      { path: 'calendars.0.slot', message: '"slot" is given twice: before as "slot_minutes"' },
    ])
    expect(faultsOf(calendar('slot: 90s'))).toMatchObject([
      { message: '"calendars.0.slot" must be a number of whole minutes' },
    ])
    expect(faultsOf(calendar('slot: 30m,\n  notice: soon'))).toMatchObject([{ line: 2, path: 'calendars.0.notice' }])
    for (const wrong of ['[1]', '{ a: 1 }', 'true', '""'])
      expect(faultsOf(calendar(`slot: ${wrong}`))).toMatchObject([{ path: 'calendars.0.slot', column: 56 }])
    expect(faultsOf('retention: long')).toMatchObject([{ path: 'retention', line: 1, column: 12 }])
    expect(faultsOf('retention: 9999d')).toMatchObject([
      { path: 'retention', message: 'retention.recordings_days must be at most 3650' },
      { path: 'retention', message: 'retention.transcripts_days must be at most 3650' },
    ])
  })

  test('that the server finds in the document are told by their places in the file', () => {
    const read = parseWorkspace(example, {})
    if ('faults' in read) throw new Error('the example has faults')
    const at = (pointer: string, detail: string) => read.faultAt({ pointer, detail })
    const line = (text: string) => example.split('\n').findIndex((it) => it.includes(text)) + 1
    expect(at('/calendars/0/slot_minutes', 'It is too long; did you mean 20?')).toEqual({
      line: line('slot: 30m'),
      column: 11,
      path: 'calendars.0.slot',
      message: 'It is too long',
      suggestion: '20',
    })
    expect(at('/calendars/0/caldav/url', 'Missing.')).toMatchObject({
      line: line('- name: mehmet'),
      path: 'calendars.0',
    })
    expect(at('/templates/0/sms/tr', 'No.')).toMatchObject({ line: line('tr: Merhaba'), message: 'No' })
    expect(at('/nowhere', 'No.')).toMatchObject({ line: 1, column: 1, path: 'nowhere' })
  })
})

describe('the guide', () => {
  const guide = readFileSync(new URL('../../docs/workspace.md', import.meta.url), 'utf8')
  const blocks = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => match[1]!)
  const environment = { AYSE_CALDAV_PASSWORD: 'geheim', CAL_COM_KEY: 'cal_live_key' }

  test('shows every section and every field of it, and each example is good', () => {
    const whole = blocks.join('\n')
    const document = documentOf(whole, environment)
    expect(workspaceFaults(document, { allowLoopbackWebhooks: false })).toEqual([])
    expect(isTaken(parse(whole)), JSON.stringify(isTaken.errors)).toBe(true)
    expect(blocks.flatMap((block) => Object.keys(documentOf(block, environment))).toSorted()).toEqual(
      Object.keys(WorkspaceDocument.shape).toSorted(),
    )
    const shown = namesIn(document)
    expect(fieldsOf(printSchema(WorkspaceDocument, 'input')).filter((field) => !shown.has(field))).toEqual([])
  })

  test('shows with its first line where the schema is', () => {
    expect(blocks[0]).toMatch(/^# yaml-language-server: \$schema=\{\{url\}\}\/schemas\/talkif\.json\n/)
  })
})

/** Names of all fields of a printed schema, dotted. */
function fieldsOf(schema: JsonSchema, path = ''): string[] {
  const forms = (schema.anyOf as JsonSchema[] | undefined) ?? [schema]
  return forms.flatMap(({ properties = {}, items }) => [
    ...Object.entries(properties as Record<string, JsonSchema>).flatMap(([name, inner]) => [
      `${path}.${name}`,
      ...fieldsOf(inner, `${path}.${name}`),
    ]),
    ...(items ? fieldsOf(items as JsonSchema, path) : []),
  ])
}

/** Names of all fields that a document has, likewise. */
function namesIn(value: unknown, path = '', found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const entry of value) namesIn(entry, path, found)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      found.add(`${path}.${name}`)
      namesIn(inner, `${path}.${name}`, found)
    }
  }
  return found
}
