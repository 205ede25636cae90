import { ConnectionError, TalkifError } from '../openapi/client.ts'
import type { Problem } from '../openapi/schemas/problem.ts'
import { clean, type Paint } from './output.ts'

/** What a command cannot do, in words for its user: what happened, and what to do next. Ends it with status 1. */
export class CommandError extends Error {
  readonly next: string | undefined
  /** What else `--json` tells. */
  readonly more: object
  constructor(message: string, next?: string, more: object = {}) {
    super(message)
    this.next = next
    this.more = more
  }
}

/** What `--json` prints on stderr when a command fails; of a refusal by the server, its whole problem document. */
export type Failure = Partial<Problem> & Pick<Problem, 'detail' | 'suggested_action'>

/** Any error as what happened and what to do next. */
export function failureOf(error: unknown): Failure {
  if (error instanceof TalkifError) return error.problem
  if (error instanceof ConnectionError) return { detail: error.message, suggested_action: nextOf(error) }
  if (error instanceof CommandError) return { detail: error.message, suggested_action: error.next ?? '', ...error.more }
  return { detail: error instanceof Error ? error.message : String(error), suggested_action: '' }
}

function nextOf({ status }: ConnectionError): string {
  if (status !== undefined) return 'Check that --url, or TALKIF_URL, names a Talkif server and nothing in front of it.'
  return 'Start one with `talkif dev`, or name the one you mean with --url or TALKIF_URL.'
}

/** The failure as lines: what happened, every fault, and after an arrow the next step. */
export function failureLines(failure: Failure, paint: Paint): string[] {
  const { detail, suggested_action, errors = [], request_id } = clean(failure)
  const faults = errors.length > 1 || errors.some(({ line }) => line) ? errors : []
  return [
    `${paint('red', '✗')} ${detail}`,
    ...faults.map(({ pointer, line, column, detail }) => `  ${line ? `${line}:${column}` : pointer}  ${detail}`),
    ...(suggested_action ? [`${paint('cyan', '→')} ${suggested_action}`] : []),
    ...(request_id ? [paint('dim', `  request ${request_id}`)] : []),
  ]
}
