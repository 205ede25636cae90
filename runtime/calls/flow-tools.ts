import type { Flow, FlowTool } from '../../openapi/schemas/flow-document.ts'
import { readSecrets, resolve } from '../access/secrets.ts'
import type { Deps } from '../deps.ts'
import { version } from '../version.ts'
import { type HttpTool, runHttpTool } from '../voice/http-tool.ts'
import { type McpServer, openMcpServer } from '../voice/mcp-tool.ts'
import type { ToolDefinition, ToolResult } from '../voice/port.ts'
import { type ToolAnswer, UNTRUSTED } from '../voice/tool-answer.ts'
import type { CallRow } from './advance.ts'
import { type OfferedTool, prefixed, samplesOf } from './tool-samples.ts'

type Args = Record<string, unknown>

/** The tools that a flow brings into one conversation. */
export interface FlowTools {
  definitions: ToolDefinition[]
  /** Undefined for a name that is none of them. */
  run(name: string, args: Args): Promise<ToolResult> | undefined
  /** The call is over: reads and the tools of MCP servers are cancelled; what an http tool writes may be written to its end. */
  close(): void
}

/** The phone rings meanwhile: a server that takes longer to tell its tools is left out of the call. */
const OPEN_MS = 3_000
/** More than a model can choose from; OpenAI takes 128 functions. */
const MAX_TOOLS = 100

/**
 * Makes the tools of a flow ready. One that cannot be used (a secret is missing, an MCP server is away) is left out, and the trace says
 * why. Test mode touches none of them: it offers their samples.
 */
export async function openFlowTools(
  deps: Deps,
  { call, spanId }: { call: Pick<CallRow, 'mode' | 'traceId' | 'workspaceId'>; spanId: string },
  flow: Flow,
): Promise<FlowTools> {
  const isTest = call.mode === 'test'
  const over = new AbortController()
  const secrets = flow.tools.length > 0 && !isTest ? await readSecrets(deps.db, call.workspaceId) : {}
  const conceal = concealing(secrets)
  const trace = (name: string, status: string, startedAt: number, attributes: Record<string, string | number> = {}) => {
    const ref = { traceId: call.traceId, parentSpanId: spanId }
    deps.telemetry.span(ref, `tool.${name}`, { startedAt, endedAt: deps.clock.now(), status, attributes })
  }
  const open = async (tool: FlowTool): Promise<OfferedTool[]> => {
    const startedAt = deps.clock.now()
    try {
      if (isTest) return samplesOf(tool)
      const opening = { deps, secrets, signal: over.signal }
      return tool.kind === 'http' ? [httpTool(tool, opening)] : await mcpTools(tool, opening)
    } catch (error) {
      trace(tool.name, 'unavailable', startedAt, { why: conceal(messageOf(error)) })
      return []
    }
  }
  const offered = new Map<string, OfferedTool>()
  for (const tool of (await Promise.all(flow.tools.map(open))).flat()) {
    if (offered.size < MAX_TOOLS && !offered.has(tool.name)) offered.set(tool.name, tool)
    else trace(tool.name, 'unavailable', deps.clock.now(), { why: 'too many tools, or another has its name' })
  }
  return {
    definitions: [...offered.values()].map(({ run: _, ...definition }) => definition),
    run(name, args) {
      const tool = offered.get(name)
      if (!tool) return undefined
      const startedAt = deps.clock.now()
      return answerOf(tool, args).then((answer) => {
        const failure: Record<string, string> = 'error' in answer ? { error: conceal(answer.error) } : {}
        const http: Record<string, number> = answer.status === undefined ? {} : { http_status: answer.status }
        const status = 'error' in answer ? 'failed' : isTest ? 'sample' : 'ok'
        trace(name, status, startedAt, { ms: Math.round(deps.clock.now() - startedAt), ...http, ...failure })
        return {
          output: JSON.parse(JSON.stringify(told(answer)), (_, it) => (typeof it === 'string' ? conceal(it) : it)),
        }
      })
    },
    close: () => over.abort(),
  }
}

const answerOf = (tool: OfferedTool, args: Args): Promise<ToolAnswer> =>
  tool.run(args).catch((error) => ({ error: messageOf(error) }))

const told = (answer: ToolAnswer) =>
  'error' in answer ? { error: answer.error } : { note: UNTRUSTED, data: answer.data }

interface Opening {
  deps: Deps
  secrets: Record<string, string>
  signal: AbortSignal
}

/** @throws SecretMissing */
function httpTool(tool: HttpTool, { deps, secrets, signal }: Opening): OfferedTool {
  const fillIn = (text: string) => resolve(text, secrets)
  for (const text of [tool.url, ...Object.values(tool.headers)]) fillIn(text)
  const isRead = tool.method === 'GET'
  const limits = { timeoutMs: tool.timeout_seconds * 1000, signal: isRead ? signal : new AbortController().signal }
  return {
    name: tool.name,
    description: tool.description,
    parameters: tool.input ?? { type: 'object', properties: {} },
    run: (args) => runHttpTool(tool, args, { ...limits, fetchOutside: deps.fetchOutside, resolve: fillIn }),
  }
}

/** @throws SecretMissing, or why the server does not answer. */
async function mcpTools(
  tool: Extract<FlowTool, { kind: 'mcp' }>,
  { deps, secrets, signal }: Opening,
): Promise<OfferedTool[]> {
  const headers = Object.entries(tool.headers).map(([name, text]) => [name, resolve(text, secrets)])
  const timeoutMs = tool.timeout_seconds * 1000
  const server: McpServer = await openMcpServer({
    ...{ url: resolve(tool.url, secrets), headers: Object.fromEntries(headers), fetchOutside: deps.fetchOutside },
    ...{ signal, timeoutMs, openMs: Math.min(OPEN_MS, timeoutMs), version },
  })
  signal.addEventListener('abort', () => server.close(), { once: true })
  return server.tools
    .filter(({ name }) => tool.allow === null || tool.allow.includes(name))
    .map(({ name, description, parameters }) => ({
      name: prefixed(tool.name, name),
      description: [tool.description, description].filter(Boolean).join(' ').slice(0, 1_000),
      parameters,
      run: (args) => server.call(name, args),
    }))
}

/** Takes the workspace's secrets out of a text: servers send back what they were sent. */
function concealing(secrets: Record<string, string>): (text: string) => string {
  const values = Object.values(secrets).filter((value) => value.length >= 4)
  // As they stand in URLs too; a long one may begin with a short one.
  const forms = values.flatMap((value) => [value, encodeURIComponent(value)])
  const longestFirst = [...new Set(forms)].toSorted((a, b) => b.length - a.length)
  return (text) => longestFirst.reduce((concealed, form) => concealed.replaceAll(form, '…'), text)
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, 300)
