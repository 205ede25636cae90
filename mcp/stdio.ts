import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { type RemoteOptions, remoteDoor } from './remote.ts'
import { mcpServer, type Surface } from './server.ts'

/** Speaks MCP over this process's stdin and stdout, until stdin ends; the operations run on the server at `url`. */
export function mcpOverStdio(surface: Surface, options: RemoteOptions, onError: (error: Error) => void): void {
  const door = remoteDoor(options)
  serveStdio(() => mcpServer(surface, door), { onerror: onError })
}
