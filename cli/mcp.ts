import { printSurface } from '../mcp/server.ts'
import { mcpOverStdio } from '../mcp/stdio.ts'
import { clientConfig } from '../runtime/config.ts'
import { version } from '../runtime/version.ts'

export interface McpOptions {
  url?: string
  key?: string
  readonly?: boolean
}

/**
 * `talkif mcp`: the tools over stdin and stdout, for an agent that starts its servers as programs. Ends when stdin does.
 * @throws Error, in words for the user, when there is no key.
 */
export function mcp({ readonly = false, ...given }: McpOptions): void {
  const { url, key } = clientConfig(given)
  if (!key) throw new Error('There is no API key. Set TALKIF_KEY, or give --key.')
  // stdout is the protocol's own.
  const tell = (error: Error): void => void process.stderr.write(`${error.message}\n`)
  mcpOverStdio(printSurface(version), { url, key, readOnly: readonly }, tell)
}
