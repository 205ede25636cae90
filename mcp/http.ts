import { hostHeaderValidation, originValidation } from '@modelcontextprotocol/hono'
import { createMcpHandler, localhostAllowedHostnames, type McpServerFactory } from '@modelcontextprotocol/server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { Operation } from '../openapi/operation.ts'
import { operationIds, operations } from '../openapi/operations.ts'
import type { Tool } from '../openapi/tools.ts'
import type { Door } from './door.ts'
import { problemsUri } from './resources.ts'

/** What the endpoint needs of the server it is part of. */
export interface Host {
  /** May stand in `Host` and `Origin`, beside loopback's; without ports. */
  hostnames: string[]
  /** Refuses larger bodies while they arrive; bytes. */
  limitBody(maxSize: number): MiddlewareHandler
  /** The largest body where an operation names no limit of its own, bytes. */
  maxBody: number
  /** The JSON pointer of a name that an object of a JSON text holds twice, of which parsing keeps one. */
  repeatedName(text: string, value: unknown): string | undefined
  /** What is thrown to refuse a request whole; the server prints it as it prints every problem. */
  refusal(code: 'unauthenticated' | 'payload_too_large', detail: string): Error
  /** For whoever asks; its `scopes` are undefined when the request carries no key. @throws for a key that nobody has. */
  open(context: Context): Promise<Omit<Door, 'readOnly'>>
}

/** Makes the server of one request; `createMcpHandler` connects it and lets it go. */
export type ServerOf = (door: Door) => ReturnType<McpServerFactory>

interface Message {
  method?: unknown
  params?: { name?: unknown; uri?: unknown }
}

/**
 * `/mcp`: stateless Streamable HTTP, protocols 2026-07-28 and 2025-11-25 from one endpoint. A foreign `Host` or `Origin` is
 * answered 403 (Streamable HTTP transport, "Security & Endpoint"). What is the same for everybody needs no key, so that an
 * agent can look before it has one; the rest is answered 401 without it.
 */
export function mcpRoutes(host: Host, tools: Tool[], serverOf: ServerOf): Hono {
  const handler = createMcpHandler(({ authInfo }) => serverOf(authInfo!.extra!.door as Door))
  const hostnames = [...localhostAllowedHostnames(), ...host.hostnames]
  const anyTool = host.limitBody(Math.max(...operationIds.map((id) => maxBodyOf(host, operations[id]))))
  const noTool = host.limitBody(host.maxBody)
  const app = new Hono()
  app.use('/mcp', hostHeaderValidation(hostnames), originValidation(hostnames))
  app.use('/mcp', cors({ origin: (origin) => origin, allowMethods: ['POST'], maxAge: 86_400 }))
  app.use('/mcp', (context, next) => (hasKey(context) ? anyTool : noTool)(context, next))
  app.all('/mcp', async (context) => {
    const request = context.req.raw
    const door = { ...(await host.open(context)), readOnly: isReadOnly(context) }
    const authInfo = { token: '', clientId: '', scopes: [], extra: { door } }
    if (!isJsonPost(context)) return handler.fetch(request, { authInfo })
    const text = await context.req.text()
    const parsedBody = parse(text)
    if (parsedBody === undefined) return context.json(NOT_JSON, 400)
    const repeated = host.repeatedName(text, parsedBody)
    if (repeated !== undefined) return context.json(givenTwice(repeated, parsedBody), 400)
    const messages = [parsedBody].flat() as Message[]
    if (messages.some(isOfSomebody) && !(await door.scopes())) {
      throw host.refusal('unauthenticated', 'No API key was sent, and this asks for things of a workspace.')
    }
    refuseTooLarge(host, tools, messages, Buffer.byteLength(text))
    return handler.fetch(request, { authInfo, parsedBody })
  })
  return app
}

const NOT_JSON = { jsonrpc: '2.0', id: null, error: { code: -32_700, message: 'Parse error: the body is not JSON.' } }

const givenTwice = (pointer: string, body: unknown) => ({
  jsonrpc: '2.0',
  id: (body as { id?: unknown } | null)?.id ?? null,
  error: { code: -32_600, message: `Invalid request: ${pointer} is given twice; give it once.` },
})

const hasKey = (context: Context) => Boolean(context.req.header('authorization'))

const isReadOnly = (context: Context) => !['0', 'false', undefined].includes(context.req.query('readonly'))

const isJsonPost = (context: Context) =>
  context.req.method === 'POST' && /^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '')

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refuseTooLarge(host: Host, tools: Tool[], messages: Message[], size: number): void {
  const called = messages.map((it) => tools.find(({ definition }) => definition.name === it?.params?.name))
  const limits = called.map((tool) => (tool ? maxBodyOf(host, operations[tool.operation]) : host.maxBody))
  const limit = Math.min(...limits)
  if (size > limit) throw host.refusal('payload_too_large', `This message may have at most ${limit / 1024} kB.`)
}

const maxBodyOf = ({ maxBody }: Host, it: Pick<Operation, 'maxBody'>) => it.maxBody ?? maxBody

/** Whether a message asks for something of a workspace; everything else is the same for everybody. */
const isOfSomebody = (message: Message): boolean =>
  message?.method === 'tools/call' ||
  message?.method === 'completion/complete' ||
  (message?.method === 'resources/read' && message.params?.uri !== problemsUri)
