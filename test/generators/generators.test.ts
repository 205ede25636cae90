import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from '@hey-api/openapi-ts'
import openapiTS, { astToString } from 'openapi-typescript'
import { afterAll, beforeAll, expect } from 'vitest'
import { openApiDocument } from '../../openapi/document.ts'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { somebody, test } from '../api/desk.ts'
import { type Used, withHeyApi, withOpenapiFetch } from './uses.ts'

const folder = mkdtempSync(join(tmpdir(), 'talkif-generators-'))
// So that the generated code finds `openapi-fetch`.
symlinkSync(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'))
afterAll(() => rmSync(folder, { recursive: true }))

const compiler = {
  compilerOptions: {
    strict: true,
    noUncheckedIndexedAccess: true,
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'nodenext',
    types: [],
    skipLibCheck: true,
    outDir: 'out',
  },
  files: ['openapi-fetch.ts', 'hey-api.ts'],
}

beforeAll(async () => {
  const document = JSON.stringify(openApiDocument('http://127.0.0.1:8787', '1.2.3'))
  await createClient({
    input: JSON.parse(document),
    output: { path: join(folder, 'hey'), module: { extension: '.js' } },
    plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
    logs: { level: 'silent', file: false },
  })
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write('schema.ts', astToString(await openapiTS(document)))
  write('openapi-fetch.ts', withOpenapiFetch)
  write('hey-api.ts', withHeyApi)
  write('package.json', JSON.stringify({ type: 'module' }))
  write('tsconfig.json', JSON.stringify(compiler))
})

test('both generated clients compile, and each of the eight operations works against the server', async ({ desk }) => {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const compiled = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch((error) => error)
  expect(compiled.stdout).toBe('')
  for (const name of ['openapi-fetch', 'hey-api']) {
    const { run } = await import(join(folder, 'out', `${name}.js`))
    const used: Used = await run(desk.url, desk.key, somebody())
    expect(used).toEqual({
      flow: { id: 'flow_generated', change: name === 'openapi-fetch' ? 'created' : 'unchanged' },
      versions: 1,
      call: { id: expect.stringMatching(/^call_/), status: 'queued', transcript: 0 },
      list: { accepted: 1, rejected: 1 },
      number: sandboxNumber,
      queue: { name: 'generated', target: '+902125550123' },
      cancelled: 'cancelled',
      replayed: true,
      refused: { status: 422, code: 'invalid_request', pointers: ['/call_within', '/consent'] },
    })
  }
})
