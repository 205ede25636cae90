import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { publint } from 'publint'
import { expect, test } from 'vitest'
import { version } from '../../runtime/version.ts'
import { command } from './command.ts'
import { cleanUp, folder, talkif, withSpeech } from './processes.ts'

/** The package as somebody gets it: built, packed, unpacked below another node_modules, with its dependencies and no others. */

const root = join(import.meta.dirname, '../..')

interface Packed {
  filename: string
  size: number
  files: { path: string }[]
}

function pack(into: string): Packed {
  const printed = execFileSync('npm', ['pack', '--json', '--foreground-scripts=false', '--pack-destination', into], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const packed = JSON.parse(printed.slice(printed.search(/^[[{]/m))) as Packed[] | Record<string, Packed>
  return Object.values(packed)[0]!
}

/** What `npm install` would make of it, without a network: dependencies are those of this checkout. */
function install(tarball: string, home: string): string {
  const at = join(home, 'node_modules/talkif')
  mkdirSync(at, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', at, '--strip-components=1'])
  const { dependencies } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as { dependencies: object }
  for (const name of Object.keys(dependencies)) {
    const link = join(home, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link)
  }
  return join(at, 'cli/talkif.js')
}

/** What somebody writes who imports the client. */
const program = `
import { createClient, TalkifError } from 'talkif/client'
const api = createClient({ url: process.argv[2]!, key: process.argv[3]! })
const { data } = await api.listNumbers({ limit: 1 })
const phone: string = data[0]!.phone
// @ts-expect-error there is no such field
const refused: unknown = await api.createLead({ source: 'web_form', phoen: phone }).catch((error) => error)
if (!(refused instanceof TalkifError)) throw new Error('it was not refused')
console.log(JSON.stringify({ phone, code: refused.problem.code }))
`

/** Compiles it strictly, and runs it. */
function runProgram(home: string, url: string, key: string): unknown {
  symlinkSync(join(root, 'node_modules/@types'), join(home, 'node_modules/@types'))
  writeFileSync(join(home, 'package.json'), '{"type": "module"}')
  writeFileSync(join(home, 'program.ts'), program)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
  const run = (args: string[]) => execFileSync(process.execPath, args, { cwd: home, encoding: 'utf8' })
  run([tsc, ...strict, '--skipLibCheck', 'program.ts'])
  return JSON.parse(run(['program.ts', url, key]))
}

test('packed and installed elsewhere it runs, down to a booked call, and its client works, types too', {
  timeout: 300_000,
}, async () => {
  const home = folder()
  const dataDir = folder()
  const packed = pack(home)
  const script = install(join(home, packed.filename), home)
  const paths = packed.files.map(({ path }) => path)
  // What it holds is compiled, and nothing of it is a test, a source or a secret of this machine.
  expect(paths.filter((path) => /\.ts$/.test(path) && !path.endsWith('.d.ts'))).toEqual([])
  expect(paths.filter((path) => /^test|\.talkif|\.env|node_modules/.test(path))).toEqual([])
  expect(new Set(paths.map((path) => path.split('/')[0]))).toEqual(
    new Set(['dist', 'cli', 'docs', 'flows', 'package.json', 'server.json', 'README.md', 'LICENSE', 'CHANGELOG.md']),
  )
  expect(packed.size).toBeLessThan(3_000_000)

  // Who imports it, and with which resolution, is told nothing wrong. It is ESM alone, as Node 24 can also require.
  const { messages } = await publint({ pkgDir: join(home, 'node_modules/talkif'), pack: false })
  expect(messages).toEqual([])
  const attw = join(root, 'node_modules/.bin/attw')
  execFileSync(attw, [join(home, packed.filename), '--profile', 'esm-only', '--quiet'], { stdio: 'pipe' })

  const given = { script, cwd: home }
  expect(await command(['--version'], given)).toEqual({ status: 0, out: `${version}\n`, err: '' })
  const flows = join(home, 'node_modules/talkif/flows')
  expect(await command(['validate', flows], given)).toMatchObject({ status: 0, err: '' })

  const dev = talkif(['dev'], { ...given, env: { PORT: '0', TALKIF_DATA_DIR: withSpeech(dataDir) } })
  try {
    await dev.said('Staying up at')
    expect(dev.output()).toContain('WEBHOOK outcome.booked · signed · hmac-sha256, verified')
    const { url, test_key } = JSON.parse(readFileSync(join(dataDir, 'dev.json'), 'utf8')) as Record<string, string>
    const docs = await (await fetch(`${url}/docs`, { headers: { accept: 'text/html' } })).text()
    const [explorer] = /\/docs\/assets\/scalar-[\d.]+\.js/.exec(docs)!
    expect((await fetch(`${url}${explorer}`)).status).toBe(200)
    expect((await fetch(`${url}/.well-known/agent-skills/index.json`)).status).toBe(200)
    expect(runProgram(home, url!, test_key!)).toEqual({
      phone: expect.stringMatching(/^\+\d+$/),
      code: 'invalid_request',
    })
    dev.child.kill('SIGINT')
    expect(await dev.ended, dev.output()).toBe(0)
    expect(dev.errors()).toBe('')
  } finally {
    await cleanUp(dataDir, dev)
    await rm(home, { recursive: true, force: true })
  }
})

test('an old Node is told which one is needed', () => {
  const launcher = readFileSync(join(root, 'cli/talkif.js'), 'utf8').replace(
    'process.versions.node.split',
    "'20.20.0'.split",
  )
  const old = folder()
  const run = () => execFileSync(process.execPath, ['--input-type=module', '-e', launcher], { cwd: old, stdio: 'pipe' })
  expect(run).toThrow('Talkif needs Node 24 or newer')
})
