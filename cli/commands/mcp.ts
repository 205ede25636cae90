import { printSurface } from '../../mcp/server.ts'
import { mcpOverStdio } from '../../mcp/stdio.ts'
import { clientConfig } from '../../runtime/config.ts'
import { version } from '../../runtime/version.ts'
import type { Invocation } from '../invocation.ts'
import { noKey } from '../server.ts'

/**
 * `talkif mcp`: the tools over stdin and stdout, for an agent that starts its servers as programs. Ends when stdin does.
 * @throws CommandError without a key.
 */
export async function mcp({ options, out }: Invocation<{ readonly?: boolean }>): Promise<void> {
  const { url, key } = clientConfig(options)
  if (!key) throw noKey()
  // stdout is the protocol's own.
  mcpOverStdio(printSurface(version), { url, key, readOnly: options.readonly ?? false }, (error) =>
    out.warn(error.message),
  )
}
