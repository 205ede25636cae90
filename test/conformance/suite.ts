import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { limitBody, MAX_BODY } from '../../api/read-request.ts'
import { type Host, mcpRoutes, type ServerOf } from '../../mcp/http.ts'
import { scopes } from '../../openapi/operation.ts'
import { printTools } from '../../openapi/tools.ts'

const suite = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js')

/** What the suite says of one of its checks. */
export interface Check {
  id: string
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
  errorMessage?: string
}

/** The routes of `/mcp` with another server behind them, for somebody whose key may do everything. */
export async function serveMcp(serverOf: ServerOf): Promise<{ url: string; close(): void }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const idsOf = async () => ({ values: [], hasMore: false })
  const door = { url, requestId: 'req_conformance', scopes: async () => scopes, call: async () => ({}), idsOf }
  const refusal = (_: string, detail: string) => new Error(detail)
  const repeatedName = () => undefined
  const host: Host = { hostnames: [], limitBody, maxBody: MAX_BODY, repeatedName, refusal, open: async () => door }
  server.on('request', getRequestListener(mcpRoutes(host, printTools(), serverOf).fetch))
  return {
    url: `${url}/mcp`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The scenarios for servers that a revision of the protocol requires, as the suite froze them at its release. */
export async function requiredBy(revision: string): Promise<string[]> {
  const { stdout } = await node([suite, 'list', '--requirements', revision])
  const [, servers = ''] = stdout.split('Server scenarios')
  return [...servers.split('Client scenarios')[0]!.matchAll(/^ {2}- (\S+)$/gm)].map((match) => match[1]!)
}

/** Runs the suite against a server: the checks of each scenario. Its own exit code also counts what is not required. */
export async function runSuite(url: string, args: string[]): Promise<Map<string, Check[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'talkif-conformance-'))
  try {
    await node([suite, 'server', '--url', url, ...args, '--output-dir', folder])
    return new Map(
      readdirSync(folder).map((name): [string, Check[]] => [
        name.replace(/^server-/, '').replace(/-\d{4}-\d{2}-\d{2}T.*$/, ''),
        JSON.parse(readFileSync(join(folder, name, 'checks.json'), 'utf8')),
      ]),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs a program of ours or of a package. It never rejects: what it printed and its status tell. */
export const node = (
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    )
  })
