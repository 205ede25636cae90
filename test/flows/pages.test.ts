import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { partsOf } from '../../api/guides.ts'
import { NewKey } from '../../api/workspace/keys.ts'
import { Since } from '../../api/workspace/webhooks.ts'
import { groups } from '../../cli/table.ts'
import { parseFlow } from '../../flows/language/parse.ts'
import { parseSimulation } from '../../flows/language/persona.ts'
import { parseWorkspace } from '../../flows/language/workspace-file.ts'
import { eventNames, events } from '../../openapi/events.ts'
import { readShape } from '../../openapi/faults.ts'
import { operations } from '../../openapi/operations.ts'
import { fill } from '../../openapi/parts.ts'
import { LeadReceipt } from '../../openapi/schemas/lead.ts'
import { Simulation } from '../../openapi/schemas/persona.ts'
import { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import type { z } from '../../openapi/zod.ts'
import { workspaceFaults } from '../../runtime/access/workspace-faults.ts'

/** A block of a page: what kind it is, and what its reader finds wrong with it. */
interface Read {
  kind: string
  faults: unknown[]
}

const root = new URL('../../', import.meta.url)
const URL_OF_SERVER = 'https://talkif.example'
const parts = partsOf(URL_OF_SERVER)
const pages = globSync('{README,docs/*}.md', { cwd: root }).map((path): [string, string] => [
  path,
  fill(readFileSync(new URL(path, root), 'utf8'), parts),
])

const has = (shape: object, keys: string[]) => keys.length > 0 && keys.every((key) => Object.hasOwn(shape, key))

function readYamlBlock(text: string): Read | undefined {
  const keys = Object.keys(parse(text) ?? {})
  if (keys.includes('id')) return { kind: 'flow', faults: faultsOf(parseFlow(text)) }
  if (has(WorkspaceDocument.shape, keys)) return { kind: 'workspace', faults: workspaceBlock(text) }
  if (has(Simulation.shape, keys)) return { kind: 'simulation', faults: faultsOf(parseSimulation(text, slots)) }
  return undefined
}

/** Those of the flow that the page of simulations is about. */
const slots = pricing().flow.qualify.map(({ name }) => name)

function pricing() {
  const read = parseFlow(readFileSync(new URL('flows/pricing-v3.yaml', root), 'utf8'))
  if ('faults' in read) throw new Error('The flow of the product page has faults.')
  return read
}

const faultsOf = (read: object): unknown[] => ('faults' in read ? (read.faults as unknown[]) : [])

function workspaceBlock(text: string): unknown[] {
  const environment = Object.fromEntries([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => [name!, 'value']))
  const read = parseWorkspace(text, environment)
  return 'faults' in read ? read.faults : workspaceFaults(read.document, { allowLoopbackWebhooks: false })
}

function readJsonBlock(text: string): Read | undefined {
  const value = JSON.parse(text)
  const event = eventNames.find((name) => name === value.event)
  if (event) return { kind: 'event', faults: shapeFaults(events[event].payload, value) }
  if (has(LeadReceipt.shape, Object.keys(value))) return { kind: 'receipt', faults: shapeFaults(LeadReceipt, value) }
  const servers = value.mcpServers ?? value.servers
  return servers && { kind: 'settings of an agent', faults: Object.values<Agent>(servers).filter((it) => !reaches(it)) }
}

interface Agent {
  url?: string
  args?: string[]
}

/** By the server's address, or by a command that there is. */
const reaches = ({ url, args = [] }: Agent): boolean =>
  url === `${URL_OF_SERVER}/mcp` || groups.some(({ commands }) => commands.some(({ name }) => name === args.at(-1)))

const shapeFaults = (schema: z.ZodType, value: unknown): unknown[] => readShape(schema, value).faults

/** What a request of a page sends as JSON, by where it sends it. */
const bodies: [route: RegExp, kind: string, faults: (value: never) => unknown[]][] = [
  [/^POST \/v1\/leads$/, 'lead', (value) => shapeFaults(operations.createLead.input, value)],
  [/^POST \/v1\/handoffs$/, 'queue', (value) => shapeFaults(operations.upsertHandoff.input, value)],
  [/^POST \/workspace\/keys$/, 'key', (value) => shapeFaults(NewKey, value)],
  [/^POST \/workspace\/webhooks\/\w+\/recover$/, 'time', (value) => shapeFaults(Since, value)],
  [
    /^PUT \/workspace$/,
    'workspace as JSON',
    (value) => [...shapeFaults(WorkspaceDocument, value), ...workspaceFaults(value, { allowLoopbackWebhooks: false })],
  ],
]

/** The requests with a JSON body in a block of shell commands. */
function readRequests(text: string): (Read | undefined)[] {
  const commands = text.split(/^(?=curl)/m).filter((command) => /\s-d '/.test(command))
  return commands.map((command) => {
    const method = /-X (\w+)/.exec(command)?.[1]
    const path = /(?:https?:\/\/[^/\s"]+|\$URL)(\/[\w/{}-]*)/.exec(command)?.[1]
    const body = JSON.parse(/\s-d '([\s\S]*?)'/.exec(command)![1]!)
    const [, kind, faults] = bodies.find(([route]) => route.test(`${method} ${path}`)) ?? []
    return kind === undefined ? undefined : { kind, faults: faults!(body as never) }
  })
}

const readers: Record<string, (text: string) => (Read | undefined)[]> = {
  yaml: (text) => [readYamlBlock(text)],
  json: (text) => [readJsonBlock(text)],
  sh: readRequests,
}

/** Blocks of these are run by other tests, or are read by people alone. */
const OTHERS = ['', 'js', 'text', 'toml']

const blocks = pages.flatMap(([page, text]) =>
  [...text.matchAll(/^```(\w*).*\n([\s\S]*?)^```/gm)].flatMap(([, language = '', block = ''], at) =>
    OTHERS.includes(language) ? [] : [{ name: `${page}, block ${at + 1}`, page, language, block }],
  ),
)

const readings = (language: string, block: string) => readers[language]?.(block) ?? [undefined]

test.for(blocks)('$name is of a known kind, and its reader takes it', ({ language, block }) => {
  for (const read of readings(language, block)) {
    expect(read, `a block of no known kind:\n${block}`).toBeDefined()
    expect(read!.faults, read!.kind).toEqual([])
  }
})

test('what only looks like an example is found out', () => {
  expect(readYamlBlock('flow: x\n')).toBeUndefined()
  expect(readYamlBlock('id: x\nqualfy: [a]\n')!.faults).not.toEqual([])
  expect(readYamlBlock('calendars: [{ name: 1 }]\n')!.faults).not.toEqual([])
  expect(readYamlBlock('people: { nobody: {} }\n')!.faults).not.toEqual([])
  expect(readJsonBlock('{"x": 1}')).toBeUndefined()
  expect(readJsonBlock('{"event": "lead.created"}')!.faults).not.toEqual([])
  expect(readRequests('curl -X POST https://x.example/v1/leads -d \'{"phone": 1}\'')[0]!.faults).not.toEqual([])
  expect(readRequests("curl -X POST https://x.example/v1/laeds -d '{}'")).toEqual([undefined])
})

test('there is one of every kind, and calendars of every kind', () => {
  const kinds = blocks.flatMap(({ language, block }) => readings(language, block)).map((read) => read?.kind)
  expect(new Set(kinds)).toEqual(
    new Set([
      'flow',
      'workspace',
      'simulation',
      'event',
      'receipt',
      'settings of an agent',
      ...bodies.map(([, kind]) => kind),
    ]),
  )
  const calendars = blocks.filter(({ page }) => basename(page) === 'calendars.md').map(({ block }) => parse(block))
  expect([...new Set(calendars.map((it) => it.calendars[0].kind ?? 'embedded'))]).toEqual([
    'embedded',
    'caldav',
    'cal_com',
  ])
})
