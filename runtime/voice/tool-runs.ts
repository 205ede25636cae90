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

/**
 * Runs the calls of one response side by side. Never rejects: a tool that fails, times out or was called with broken JSON
 * gives `{error}` to the model, which can say so.
 */
export function runTools(calls: ToolCall[], desk: Desk, clock: Clock, span: Stopwatch['span']): Promise<ToolRun[]> {
  return Promise.all(
    calls.map(async (call) => {
      const startedAt = clock.now()
      const { result, error } = await runTool(call, desk, clock)
      span('tool', startedAt, error === undefined ? { tool: call.name } : { tool: call.name, error })
      return { call, result }
    }),
  )
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
