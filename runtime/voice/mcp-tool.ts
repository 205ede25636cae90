import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { FetchOutside } from '../outbound.ts'
import type { ToolAnswer, ToolLimits } from './tool-answer.ts'
import { MAX_ANSWER } from './tool-answer.ts'

export interface McpTool {
  name: string
  description: string
  /** JSON Schema. */
  parameters: Record<string, unknown>
}

export interface McpServer {
  tools: McpTool[]
  /** Rejects when the server does not answer in time, or refuses. */
  call(name: string, args: Record<string, unknown>): Promise<ToolAnswer>
  /** Cancels what still runs. */
  close(): void
}

export interface McpOptions extends ToolLimits {
  url: string
  headers: Record<string, string>
  fetchOutside: FetchOutside
  /** The version that we tell the server. */
  version: string
  /** How long connecting and listing may take together, in milliseconds. */
  openMs: number
}

/** A list of tools with their schemas is longer than an answer. */
const MAX_BODY = 512 * 1024

/**
 * Connects to an MCP server over Streamable HTTP, in whichever protocol version it speaks, and asks once for its tools.
 * @throws when it cannot be reached, refuses, or is too slow.
 */
export async function openMcpServer(options: McpOptions): Promise<McpServer> {
  const client = new Client(
    { name: 'talkif', version: options.version },
    { versionNegotiation: { mode: 'auto', probe: { timeoutMs: options.openMs } } },
  )
  const transport = new StreamableHTTPClientTransport(new URL(options.url), {
    fetch: throughGuard(options),
    requestInit: { headers: options.headers },
  })
  const close = () => {
    client.close().catch(() => {})
  }
  const limits = {
    timeout: options.openMs,
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.openMs)]),
  }
  try {
    await client.connect(transport, limits)
    const { tools } = await client.listTools({}, limits)
    return {
      tools: tools.map(({ name, description = '', inputSchema }) => ({ name, description, parameters: inputSchema })),
      async call(name, args) {
        const { signal, timeoutMs } = options
        const given = { timeout: timeoutMs, maxTotalTimeout: timeoutMs, signal }
        return answerOf(await client.callTool({ name, arguments: args }, given))
      },
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

/** The SDK's requests take the way of all requests to servers that a workspace names. */
function throughGuard({ fetchOutside, timeoutMs, openMs }: McpOptions) {
  return async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    // The server's own messages are not listened to: "MUST either return text/event-stream or 405" (Streamable HTTP transport).
    if (init.method === 'GET') return new Response(null, { status: 405 })
    return fetchOutside(String(url), {
      method: init.method ?? 'POST',
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(typeof init.body === 'string' ? { body: init.body } : {}),
      ...(init.signal ? { signal: init.signal } : {}),
      timeoutMs: Math.max(timeoutMs, openMs),
      maxBytes: MAX_BODY,
    })
  }
}

function answerOf({ content, structuredContent, isError }: Awaited<ReturnType<Client['callTool']>>): ToolAnswer {
  const texts = content.flatMap((block) => (block.type === 'text' ? [block.text] : []))
  const data = structuredContent ?? texts.join('\n')
  if (JSON.stringify(data).length > MAX_ANSWER) return { error: 'The answer is longer than 64 kB.' }
  return isError ? { error: `The tool refused: ${texts.join(' ').slice(0, 300)}` } : { data }
}
