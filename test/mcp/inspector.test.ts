import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { printTools } from '../../openapi/tools.ts'
import { lead, somebody, test } from '../api/desk.ts'
import { node } from '../conformance/suite.ts'

const inspector = join(
  import.meta.dirname,
  '../../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
)

/** The inspector keeps a catalogue of servers below the home of its user. */
async function inspect(url: string, key: string, era: string, args: string[]) {
  const home = mkdtempSync(join(tmpdir(), 'talkif-inspector-'))
  const server = ['--server-url', `${url}/mcp`, '--transport', 'http', '--protocol-era', era]
  const header = ['--header', `Authorization: Bearer ${key}`]
  try {
    return await node([inspector, '--cli', ...server, ...header, ...args], { ...process.env, HOME: home })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

describe.for(['modern', 'legacy'])('the inspector, %s', (era) => {
  test('lists the tools and has nothing to say against their schemas', async ({ desk }) => {
    const { status, stdout, stderr } = await inspect(desk.url, desk.key, era, ['--method', 'tools/list', '--strict'])
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(JSON.parse(stdout).tools).toEqual(printTools().map((tool) => tool.definition))
  })

  test('calls a tool', async ({ desk }) => {
    const input = JSON.stringify({ ...lead, phone: somebody() })
    const args = ['--method', 'tools/call', '--tool-name', 'create_lead', '--tool-args-json', input]
    const { status, stdout } = await inspect(desk.url, desk.key, era, args)
    expect(status).toBe(0)
    expect(JSON.parse(stdout).structuredContent).toMatchObject({ status: 'queued' })
  })
})
