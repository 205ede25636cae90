import type { Scope } from '../openapi/operation.ts'
import type { OperationId } from '../openapi/operations.ts'
import { type Problem, type ProblemCode, problems } from '../openapi/schemas/problem.ts'

export interface CallOptions {
  idempotencyKey?: string | undefined
  /** Stops waiting, never an effect that has begun. */
  signal?: AbortSignal | undefined
}

/** Runs an operation with unread input and answers with its body. @throws TalkifError with the problem of a refused one. */
export type Call = (operation: OperationId, input: Record<string, unknown>, options?: CallOptions) => Promise<object>

/** What stands behind the MCP server for one caller: this process, or a Talkif server elsewhere. */
export interface Door {
  call: Call
  /** Ids that begin with `prefix`, newest first, at most 100. */
  idsOf(kind: 'call' | 'flow', prefix: string): Promise<string[]>
  /** What the key allows. Undefined where it is not known: every tool is shown, and the server behind refuses. */
  scopes: readonly Scope[] | undefined
  /** Nothing is changed through this connection, whatever the key allows. */
  readOnly: boolean
  /** Where the server is, e.g. `https://talkif.example`. */
  url: string
  requestId: string
}

/** A problem that this door itself finds, before any operation runs. */
export function problemHere(
  { url, requestId }: Pick<Door, 'url' | 'requestId'>,
  code: ProblemCode,
  more: Pick<Problem, 'detail'> & Partial<Pick<Problem, 'errors' | 'param' | 'suggested_action'>>,
): Problem {
  const [status, title, suggested_action] = problems[code]
  const type = `${url}/docs/problems/${code}`
  return { type, title, status, code, param: null, request_id: requestId, suggested_action, ...more }
}
