import { type Problem, problems } from '../openapi/schemas/problem.ts'
import { isDatabaseDown } from '../runtime/db/connect.ts'
import type { Log } from '../runtime/log.ts'
import { ProblemError } from '../runtime/problem.ts'

/** What a failure looks like from outside. Anything that is not a `ProblemError` says nothing of its inside. */
export function printProblem(
  error: unknown,
  requestId: string,
  publicUrl: string,
  log: Log,
): { problem: Problem; headers: Record<string, string> } {
  const known = error instanceof ProblemError ? error : concealed(error, requestId, log)
  const [status, title] = problems[known.code]
  const problem: Problem = {
    type: `${publicUrl}/docs/problems/${known.code}`,
    title,
    status,
    detail: known.message,
    code: known.code,
    param: known.param,
    ...(known.errors ? { errors: known.errors } : {}),
    request_id: requestId,
    suggested_action: inSeconds(known),
  }
  const { retryAfterSeconds, headers } = known
  return {
    problem,
    headers: { ...headers, ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }) },
  }
}

/** Doors without headers tell the seconds too. */
const inSeconds = ({ suggestedAction, retryAfterSeconds }: ProblemError): string =>
  retryAfterSeconds === undefined
    ? suggestedAction
    : suggestedAction.replace('`Retry-After`', String(retryAfterSeconds))

function concealed(error: unknown, requestId: string, log: Log): ProblemError {
  if (isDatabaseDown(error)) {
    log.warn({ err: error, requestId }, 'the database cannot be reached')
    return new ProblemError('unavailable', 'The database cannot be reached at the moment.', { retryAfterSeconds: 2 })
  }
  log.error({ err: error, requestId }, 'a request failed for a reason of our own')
  // Whether it took effect nobody knows: a commit may have happened, and its answer been lost.
  return new ProblemError('unavailable', 'Something failed on our side.', {
    retryAfterSeconds: 5,
    suggestedAction:
      'Wait `Retry-After` seconds, then send the request again, with its `Idempotency-Key` if it had one.',
  })
}

export function problemResponse(error: unknown, requestId: string, publicUrl: string, log: Log): Response {
  const { problem, headers } = printProblem(error, requestId, publicUrl, log)
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      ...headers,
      ...(problem.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      // The rest of the body is not read: who sends on over this connection would be cut off.
      ...(problem.status === 413 ? { connection: 'close' } : {}),
    },
  })
}
