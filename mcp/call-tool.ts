import type { CallToolResult } from '@modelcontextprotocol/server'
import { TalkifError } from '../openapi/client.ts'
import { readShape } from '../openapi/faults.ts'
import type { Operation } from '../openapi/operation.ts'
import { type OperationId, operations } from '../openapi/operations.ts'
import type { Call as CallObject } from '../openapi/schemas/call.ts'
import { KeyField, type Tool, takesKey } from '../openapi/tools.ts'
import { type Door, faultyHere, problemHere } from './door.ts'

/** Told while a call is waited for: seconds waited, of how many, and the status so far. */
export type OnProgress = (waited: number, total: number, status: string) => Promise<void>

export interface Running {
  signal: AbortSignal
  /** Undefined when the client wants no progress. */
  onProgress: OnProgress | undefined
}

/** How often a client that waits hears how the call stands, in seconds. */
const STEP_SECONDS = 2

/** Runs a tool. What the operation refuses is a result too: the problem, which says what to do next. */
export async function callTool(
  door: Door,
  { operation, definition }: Tool,
  given: Record<string, unknown>,
  running: Running,
): Promise<CallToolResult> {
  const it: Operation = operations[operation]
  try {
    if (door.readOnly && !it.hints.readOnly) throw new TalkifError(readOnlyProblem(door, definition.name))
    const body = await (operation === 'getCall' ? getCall(door, given, running) : run(door, operation, given, running))
    const answer = { ...(it.tool.answer?.from(body as never) ?? body) }
    const text = [JSON.stringify(answer), ...(it.tool.untrusted ? [it.tool.untrusted] : [])]
    return { content: text.map((one) => ({ type: 'text', text: one })), structuredContent: answer }
  } catch (error) {
    if (!(error instanceof TalkifError)) throw error
    return { isError: true, content: [{ type: 'text', text: JSON.stringify(error.problem) }] }
  }
}

function run(door: Door, operation: OperationId, given: Record<string, unknown>, { signal }: Running): Promise<object> {
  const it: Operation = operations[operation]
  if (!takesKey(it)) return door.call(operation, given, { signal })
  const { idempotency_key, ...input } = given
  return door.call(operation, input, { signal, idempotencyKey: readKey(door, it, given) })
}

/** Waits in short steps for a client that wants to hear of the progress, else in one. */
async function getCall(door: Door, given: Record<string, unknown>, { signal, onProgress }: Running): Promise<object> {
  const read = operations.getCall.input.safeParse(given)
  if (!onProgress || !read.success || !read.data.wait) return door.call('getCall', given, { signal })
  const total = read.data.wait
  for (let step = 0, waited = 0; ; ) {
    const call = (await door.call('getCall', { ...given, wait: step }, { signal })) as CallObject
    waited += step
    if (call.status === 'completed' || call.status === 'cancelled' || waited >= total || signal.aborted) return call
    await onProgress(waited, total, call.status)
    step = Math.min(STEP_SECONDS, total - waited)
  }
}

/** @throws TalkifError for a key that is none, together with what else of the input has a wrong shape. */
function readKey(door: Door, { input }: Operation, given: Record<string, unknown>): string | undefined {
  const key = KeyField.safeParse(given)
  if (key.success) return key.data.idempotency_key
  const { faults } = readShape(input.extend(KeyField.shape), given)
  throw new TalkifError(faultyHere(door, faults))
}

const readOnlyProblem = (door: Door, name: string) =>
  problemHere(door, 'forbidden', {
    detail: `${name} changes something, and this connection only reads.`,
    suggested_action: `Connect without \`readonly\` to use ${name}.`,
  })
