import { finished, PassThrough } from 'node:stream'
import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { type RemoteOptions, remoteDoor } from './remote.ts'
import { mcpServer, type Surface } from './server.ts'

/**
 * Speaks MCP over this process's stdin and stdout, until stdin ends and what was asked is answered; the operations run on the server
 * at `url`.
 */
export function mcpOverStdio(surface: Surface, options: RemoteOptions, onError: (error: Error) => void): void {
  const door = remoteDoor(options)
  const input = new PassThrough()
  const transport = new StdioServerTransport(input)
  serveStdio(() => mcpServer(surface, door), { transport, onerror: onError })
  const answered = unanswered(transport)
  process.stdin.pipe(input, { end: false })
  // The transport takes the end of its input for the end of everything, and would drop what is under way.
  finished(process.stdin, { writable: false }, () => void answered().then(() => input.end()))
}

/** Longer than any request waits on the server; who is gone need not be waited for. */
const PATIENCE_MS = 70_000

/** Counts the requests that come in by a transport. @returns waits until each is answered. */
function unanswered(transport: StdioServerTransport): () => Promise<void> {
  const { onmessage } = transport
  const send = transport.send.bind(transport)
  const waiting = new Set<unknown>()
  let onNone = () => {}
  const settle = (id: unknown) => void (waiting.delete(id) && waiting.size === 0 && onNone())
  transport.onmessage = (message: JSONRPCMessage) => {
    const { id, method, params } = message as { id?: unknown; method?: string; params?: { requestId?: unknown } }
    // A subscription is never answered to its end.
    if (id !== undefined && method !== undefined && method !== 'subscriptions/listen') waiting.add(id)
    if (method === 'notifications/cancelled') settle(params?.requestId)
    onmessage?.(message)
  }
  transport.send = async (message) => {
    await send(message)
    if (!('method' in message)) settle(message.id)
  }
  return () =>
    new Promise((resolve) => {
      onNone = resolve
      // What stdin still holds is read first.
      setImmediate(() => waiting.size === 0 && resolve())
      setTimeout(resolve, PATIENCE_MS).unref()
    })
}
