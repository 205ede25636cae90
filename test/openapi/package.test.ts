import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { test } from '../harness/talkif.ts'

const root = join(import.meta.dirname, '../..')

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

test('talkif/client works from the packed package, types too', { timeout: 60_000 }, async ({
  talkif,
  onTestFinished,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'talkif-package-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const run = async (command: string, args: string[]) =>
    (await promisify(execFile)(command, args, { cwd: folder })).stdout
  await run('npm', ['pack', root, '--silent', '--pack-destination', folder])
  const [tarball] = readdirSync(folder)
  // Its dependencies are those of this checkout.
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  for (const name of ['zod', '@hono', '@asteasolutions', 'hono', 'openapi3-ts', '@types'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  await run('tar', ['-xzf', tarball!])
  await run('mv', ['package', 'node_modules/talkif'])
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  writeFileSync(join(folder, 'program.ts'), program)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
  await run(process.execPath, [tsc, ...strict, '--skipLibCheck', 'program.ts'])
  const printed = await run(process.execPath, ['program.ts', talkif.url, talkif.key])
  expect(JSON.parse(printed)).toEqual({ phone: expect.stringMatching(/^\+\d+$/), code: 'invalid_request' })
})
