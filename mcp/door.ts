import type { Scope } from '../openapi/operation.ts'
import type { OperationId } from '../openapi/operations.ts'
import { detailOf, type FieldFault, type Problem, type ProblemCode, problems } from '../openapi/schemas/problem.ts'

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
  /** At most 100 ids that begin with `prefix`, and whether there are more. @throws TalkifError for a key that may not read them. */
  idsOf(kind: 'call' | 'flow', prefix: string): Promise<{ values: string[]; hasMore: boolean }>
  /** What the key allows. Undefined where it is not known: every tool is shown, and the server behind refuses. */
  scopes(): Promise<readonly Scope[] | undefined>
  /** Nothing is changed through this connection, whatever the key allows. */
  readOnly: boolean
  /** Where the server is, e.g. `https://talkif.example`. */
  url: string
  requestId: string
}

/** The problem of faults that this door itself finds. */
export function faultyHere(door: Pick<Door, 'url' | 'requestId'>, errors: FieldFault[]): Problem {
  const detail = detailOf(errors[0]!, errors)
  const param = errors.length > 1 ? null : errors[0]!.pointer.slice(1)
  return problemHere(door, 'invalid_request', { detail, param, errors })
}

/** A problem that this door itself finds, before any operation runs. */
export function problemHere(
  { url, requestId }: Pick<Door, 'url' | 'requestId'>,
  code: ProblemCode,
  more: Pick<Problem, 'detail'> & Partial<Pick<Problem, 'errors' | 'param' | 'suggested_action'>>,
): Problem {
  const [status, title, next] = problems[code]
  const { detail, param = null, errors, suggested_action = next } = more
  const of = { type: `${url}/docs/problems/${code}`, title, status, detail, code, param }
  return { ...of, ...(errors ? { errors } : {}), request_id: requestId, suggested_action }
}
