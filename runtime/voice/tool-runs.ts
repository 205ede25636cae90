import { type Clock, pause } from '../clock.ts'
import type { ToolCall } from './engine-events.ts'
import type { Desk, ToolResult } from './port.ts'
import type { Stopwatch } from './stopwatch.ts'

export interface ToolRun {
  call: ToolCall
  result: ToolResult
}

/** Longer than any tool's own deadline; what exceeds it is told to the model as a failure. */
const toolTimeoutMs = 60_000
/** What the engine tells again, it tells within moments. */
const maxKnown = 100

export interface ToolRuns {
  /**
   * Runs the calls of one response side by side, each once: a call that the engine tells again has the result of its first run.
   * Never rejects: a tool that fails, times out or was called with broken JSON gives `{error}` to the model, which can say so.
   */
  run(calls: ToolCall[]): Promise<ToolRun[]>
}

/** The tool calls of one conversation, across its sessions. */
export function createToolRuns(desk: Desk, clock: Clock, span: Stopwatch['span']): ToolRuns {
  const known = new Map<string, Promise<ToolResult>>()
  const measured = async (call: ToolCall): Promise<ToolResult> => {
    const startedAt = clock.now()
    const { result, error } = await runTool(call, desk, clock)
    span('tool', startedAt, error === undefined ? { tool: call.name } : { tool: call.name, error })
    return result
  }
  const once = (call: ToolCall) => {
    const running = known.get(call.callId) ?? measured(call)
    if (known.size === maxKnown && !known.has(call.callId)) known.delete(known.keys().next().value!)
    known.set(call.callId, running)
    return running
  }
  return {
    run: (calls) => Promise.all(calls.map(async (call) => ({ call, result: await once(call) }))),
  }
}

async function runTool(call: ToolCall, desk: Desk, clock: Clock): Promise<{ result: ToolResult; error?: string }> {
  const args = parseArguments(call.arguments)
  if (!args) return { result: failed('the arguments are not a JSON object'), error: 'arguments' }
  const waiting = new AbortController()
  const late = pause(clock, toolTimeoutMs, waiting.signal).then(() => ({
    result: failed('this takes too long'),
    error: 'timeout',
  }))
  try {
    return await Promise.race([desk.runTool(call.name, args).then((result) => ({ result })), late])
  } catch (error) {
    // The trace gets the reason; the caller's ear does not.
    return { result: failed('this did not work'), error: error instanceof Error ? error.message : String(error) }
  } finally {
    waiting.abort()
  }
}

const failed = (error: string): ToolResult => ({ output: { error } })

function parseArguments(text: string): Record<string, unknown> | null {
  try {
    const args: unknown = JSON.parse(text || '{}')
    return typeof args === 'object' && args !== null && !Array.isArray(args) ? (args as Record<string, unknown>) : null
  } catch {
    return null
  }
}
