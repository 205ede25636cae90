import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

/** Who may import whom, as docs and README promise it; read from the imports themselves. */

const root = join(import.meta.dirname, '..')
const files = globSync('{openapi,flows,runtime,api,mcp,well-known,console,cli}/**/*.ts', { cwd: root }).toSorted()
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))

interface Import {
  from: string
  /** A file of ours, or the name of a package. */
  to: string
  isTypeOnly: boolean
}

/** Static and dynamic imports and re-exports. Biome keeps them in one form, so that an expression can read them. */
function importsOf(file: string): Import[] {
  const source = withoutComments(text.get(file)!)
  const statement = /^(?:import|export)\s+(type\s+)?([^'";]*?\s+from\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm
  return [...source.matchAll(statement)].map(([, type, names = '', fixed, dynamic]) => {
    const to = (fixed ?? dynamic)!
    const inBraces = /^\{([^}]*)\}\s+from\s+$/
      .exec(names)?.[1]
      ?.split(',')
      .map((name) => name.trim())
    const onlyTypes = inBraces?.filter(Boolean).every((name) => name.startsWith('type ')) ?? false
    return { from: file, to: to.startsWith('.') ? resolved(file, to) : to, isTypeOnly: Boolean(type) || onlyTypes }
  })
}

const resolved = (file: string, to: string) => normalize(join(dirname(file), to))

const withoutComments = (source: string) => source.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')

const imports = files.flatMap(importsOf)
const inside = imports.filter(({ to }) => !isPackage(to))
const packages = imports
  .filter(({ to }) => isPackage(to) && !to.startsWith('node:'))
  .map((it) => ({ ...it, name: packageOf(it.to) }))

function isPackage(to: string): boolean {
  return !/\.(ts|json)$/.test(to)
}

function packageOf(to: string): string {
  return to.split('/', to.startsWith('@') ? 2 : 1).join('/')
}

const isIn = (file: string, places: string[]) => places.some((place) => file === place || file.startsWith(`${place}/`))

/** A folder of runtime is a room; so is each of its files that lies in no folder, and each folder at the top. */
function roomOf(file: string): string {
  const [top, second] = file.split('/') as [string, string]
  return top === 'runtime' || top === 'flows' ? `${top}/${second}` : top
}

const show = ({ from, to }: Import) => `${from} → ${to}`

test('the graph is read whole', () => {
  expect(files.length).toBeGreaterThan(150)
  expect(inside.filter(({ to }) => to.endsWith('.ts') && !text.has(to)).map(show)).toEqual([])
  // Every word `import` that begins a statement was understood.
  const statements = [...text.values()].flatMap((source) => withoutComments(source).match(/^import\b/gm) ?? [])
  const understood = files.flatMap((file) => withoutComments(text.get(file)!).match(/^import\s[^;']*'[^']+'/gm) ?? [])
  expect(understood.length).toBe(statements.length)
  expect(imports.length).toBeGreaterThanOrEqual(statements.length)
  expect(imports).toContainEqual({ from: 'api/app.ts', to: 'api/invoke.ts', isTypeOnly: false })
  expect(imports).toContainEqual({ from: 'api/app.ts', to: 'runtime/deps.ts', isTypeOnly: true })
})

describe('rooms', () => {
  const everything = ['openapi', 'flows', 'runtime', 'api', 'mcp', 'well-known', 'console', 'cli']
  const mayImport: Record<string, string[]> = {
    openapi: ['openapi'],
    flows: ['flows/language', 'openapi'],
    runtime: ['runtime', 'openapi', 'flows/language'],
    api: ['api', 'openapi', 'runtime'],
    mcp: ['mcp', 'openapi', 'api/invoke.ts'],
    'well-known': ['well-known', 'openapi', 'api/invoke.ts'],
    console: ['console', 'openapi', 'api/session.ts', 'api/reads.ts', 'api/invoke.ts', 'runtime'],
    cli: everything,
  }
  test.each(everything)('%s imports only what it may', (room) => {
    const own = inside.filter(({ from }) => isIn(from, [room]))
    const allowed = [...mayImport[room]!, ...(room === 'openapi' ? ['package.json'] : [])]
    expect(own.filter(({ to }) => !isIn(to, allowed)).map(show)).toEqual([])
  })

  test('the sandbox knows of the runtime nothing but its clock', () => {
    const own = inside.filter(({ from }) => isIn(from, ['runtime/sandbox']))
    const allowed = ['runtime/sandbox', 'runtime/clock.ts', 'openapi/sandbox-people.ts']
    expect(own.filter(({ to }) => !isIn(to, allowed)).map(show)).toEqual([])
  })

  test('only the composition root starts the sandbox', () => {
    const entering = inside.filter(
      ({ from, to }) => isIn(to, ['runtime/sandbox']) && !isIn(from, ['runtime/sandbox', 'cli']),
    )
    expect(entering.map(show)).toEqual([])
  })

  test('there are no circles between the rooms of runtime', () => {
    // deps.ts names the types of many rooms, and many rooms take Deps: it is a list of parameters, not a room.
    const edges = inside.filter(
      ({ from, to, isTypeOnly }) =>
        isIn(from, ['runtime']) &&
        isIn(to, ['runtime']) &&
        roomOf(from) !== roomOf(to) &&
        !(isTypeOnly && (to === 'runtime/deps.ts' || from === 'runtime/deps.ts')),
    )
    expect(circles(Map.groupBy(edges, ({ from }) => roomOf(from)))).toEqual([])
  })

  test('no file imports itself through others at run time', () => {
    const edges = inside.filter(({ to, isTypeOnly }) => !isTypeOnly && to.endsWith('.ts'))
    const byFile = Map.groupBy(edges, ({ from }) => from)
    expect(circles(byFile, (file) => file)).toEqual([])
  })
})

/** Each circle of a graph once, as `a → b → a`. */
function circles(edges: Map<string, Import[]>, nameOf = roomOf): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const visit = (node: string, path: string[]): void => {
    if (path.includes(node)) return void found.push([...path.slice(path.indexOf(node)), node].join(' → '))
    if (done.has(node)) return
    for (const next of new Set((edges.get(node) ?? []).map(({ to }) => nameOf(to)))) visit(next, [...path, node])
    done.add(node)
  }
  for (const node of edges.keys()) visit(node, [])
  return found
}

describe('packages', () => {
  /** Every package has its places; one that is not here may not be imported at all. */
  const places: Record<string, string[]> = {
    zod: ['openapi', 'api', 'runtime/config.ts'],
    '@asteasolutions/zod-to-openapi': ['openapi'],
    '@hono/zod-openapi': ['openapi'],
    yaml: ['flows/language', 'api/contract-documents.ts'],
    '@modelcontextprotocol/server': ['mcp'],
    '@modelcontextprotocol/hono': ['mcp/http.ts'],
    '@modelcontextprotocol/client': ['runtime/voice/mcp-tool.ts'],
    hono: ['api', 'mcp', 'well-known', 'console', 'cli'],
    '@hono/node-server': ['cli'],
    commander: ['cli'],
    marked: ['api/render-markdown.ts'],
    ws: [
      'runtime/carrier/twilio',
      'runtime/voice/engine-socket.ts',
      'runtime/calls/media.ts',
      'runtime/sandbox',
      'cli/serve.ts',
    ],
    twilio: ['runtime/carrier/twilio', 'runtime/sandbox/carrier/callbacks.ts'],
    openai: ['runtime/voice'],
    standardwebhooks: ['runtime/webhooks', 'cli/dev.ts'],
    'request-filtering-agent': ['runtime/webhooks', 'runtime/outbound.ts'],
    tsdav: ['runtime/bookings'],
    diff: ['flows/language/diff.ts'],
    'csv-parse': ['api/workspace/number-file.ts'],
    'csv-stringify': ['api/workspace/do-not-call.ts'],
    'ical.js': ['runtime/bookings'],
    postgres: ['runtime/db'],
    'drizzle-orm': ['runtime', 'api/artifacts.ts', 'cli/demo-workspace.ts'],
    'pg-boss': ['runtime/jobs'],
    pino: ['runtime/log.ts'],
    'typeid-js': ['runtime/ids.ts'],
    '@opentelemetry/api': ['runtime/telemetry'],
    '@opentelemetry/sdk-trace-node': ['runtime/telemetry'],
    'libphonenumber-js': ['runtime/guardrails', 'runtime/numbers'],
    'libphonenumber-geo-carrier': ['runtime/guardrails'],
    'temporal-polyfill': ['runtime/guardrails', 'runtime/bookings'],
  }
  /** Whose types alone may be imported elsewhere: the sandbox follows the vendors' own words. */
  const typePlaces: Record<string, string[]> = {
    zod: ['runtime/leads'],
    openai: ['runtime/sandbox/engine'],
    twilio: ['runtime/sandbox/carrier'],
  }
  test('each is imported where it belongs and nowhere else', () => {
    const astray = packages.filter(
      ({ from, name, isTypeOnly }) =>
        !isIn(from, [...(places[name] ?? []), ...(isTypeOnly ? (typePlaces[name] ?? []) : [])]),
    )
    expect(astray.map(show)).toEqual([])
  })

  test('each is a dependency of ours', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
    const names = new Set(packages.map(({ name }) => name))
    expect([...names].filter((name) => !Object.hasOwn(dependencies, name))).toEqual([])
  })

  test("of Twilio the sandbox uses types and the one request signer, of OpenAI's SDK the adapters two entries", () => {
    const values = packages.filter(({ isTypeOnly }) => !isTypeOnly)
    const of = (name: string, place: string) =>
      values.filter((it) => it.name === name && isIn(it.from, [place])).map(({ to }) => to)
    expect(of('twilio', 'runtime/sandbox')).toEqual(['twilio/lib/webhooks/webhooks.js'])
    expect(new Set(of('openai', 'runtime'))).toEqual(new Set(['openai', 'openai/realtime/ws']))
  })

  test('openapi works in a browser: nothing of Node but in its print command', () => {
    const ofNode = imports.filter(({ from, to }) => isIn(from, ['openapi']) && to.startsWith('node:'))
    expect(ofNode.map(({ from }) => from).filter((from) => from !== 'openapi/print.ts')).toEqual([])
  })
})

describe('what only one place may do', () => {
  const lines = (pattern: RegExp, within: string[], except: string[]) =>
    files
      .filter((file) => isIn(file, within) && !isIn(file, except))
      .flatMap((file) => {
        const source = withoutComments(text.get(file)!)
        return [...source.matchAll(pattern)].map((match) => `${file}: ${match[0].trim()}`)
      })

  test('process.env is read in runtime/config.ts', () => {
    const everywhere = ['openapi', 'flows', 'runtime', 'api', 'mcp', 'well-known', 'console', 'cli']
    expect(lines(/\bprocess\.env\b/g, everywhere, ['runtime/config.ts'])).toEqual([])
    expect(lines(/\bprocess\.env\b/g, ['runtime/config.ts'], [])).not.toEqual([])
  })

  test('time is a parameter: nothing below runtime asks the platform for it', () => {
    const platform =
      /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|(?<![.\w]|=> |this\.)\b(?:setTimeout|setInterval|setImmediate)\(|node:timers|\bTemporal\.Now\b/g
    expect(lines(platform, ['runtime', 'flows', 'openapi', 'api'], ['runtime/clock.ts'])).toEqual([])
    expect(lines(platform, ['runtime/clock.ts'], [])).not.toEqual([])
  })

  test('the status of a call is written by calls/advance.ts, and first by the row that the intake makes', () => {
    const everywhere = ['runtime', 'api', 'cli']
    const sets = lines(/\.update\(calls\)[\s\S]{0,80}?\bset\(\{[\s\S]*?\}\)/g, everywhere, [])
    expect(sets.length).toBeGreaterThan(0)
    expect(sets.filter((line) => /\bstatus\b/.test(line))).toEqual([])
    expect(lines(/\bupdateRows?\(calls\b/g, everywhere, [])).toEqual(['runtime/calls/advance.ts: updateRows(calls'])
  })
})
