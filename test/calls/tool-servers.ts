import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

export interface Asked {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: string
}

/** A server of somebody's own on loopback: answers as `respond` says, and keeps what it was asked. */
export async function httpServer(respond: (response: ServerResponse, asked: Asked) => void) {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method, url, headers } = request
    asked.push({ method: method!, url: url!, headers, body: Buffer.concat(chunks).toString() })
    respond(response, asked.at(-1)!)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** An MCP server on loopback, for both versions of the protocol, with a tool that answers, one that refuses and one that never ends. */
export async function mcpServer() {
  const log: string[] = []
  const tokens = new Set<string | null>()
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'crm', version: '1.0.0' }, { capabilities: { tools: {} } })
    const inputSchema = z.object({ name: z.string() })
    server.registerTool('look.up', { description: 'Finds a customer.', inputSchema }, ({ name }) => {
      log.push(`look.up ${name}`)
      return { content: [{ type: 'text', text: `${name} is a customer since 2019.` }] }
    })
    server.registerTool('refuse', { description: 'Refuses.', inputSchema: z.object({}) }, () => ({
      isError: true,
      content: [{ type: 'text', text: 'Not today.' }],
    }))
    server.registerTool('wait', { description: 'Never ends.', inputSchema: z.object({}) }, async (_, { mcpReq }) => {
      log.push('wait began')
      await once(mcpReq.signal, 'abort')
      log.push('wait cancelled')
      return { content: [] }
    })
    return server
  })
  const server = serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request: Request) => {
      tokens.add(request.headers.get('authorization'))
      const copy = request.clone()
      const message = copy.method === 'POST' ? ((await copy.json()) as { method?: string }) : {}
      log.push(`${request.method} ${message.method}`)
      return handler.fetch(request)
    },
  })
  await once(server, 'listening')
  return {
    log,
    tokens,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () => {
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
    },
  }
}
