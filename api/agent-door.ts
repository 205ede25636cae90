import type { Context } from 'hono'
import { TalkifError } from '../openapi/client.ts'
import { type OperationId, operations } from '../openapi/operations.ts'
import type { ProblemCode } from '../openapi/schemas/problem.ts'
import { authenticate, type KeyHolder, requireScope } from '../runtime/access/keys.ts'
import type { Deps } from '../runtime/deps.ts'
import { ProblemError } from '../runtime/problem.ts'
import { invoke } from './invoke.ts'
import { printProblem } from './problem-response.ts'
import { bearer, limitBody, MAX_BODY, refuseStrange } from './read-request.ts'
import { callIds, flowIds } from './reads.ts'
import { repeatedName } from './repeated-names.ts'

/** What the MCP endpoint needs of this process: who asks, the operations, and ids for completions. */
export function agentDoor(deps: Deps) {
  const { publicUrl, allowedHosts } = deps.config
  return {
    hostnames: [new URL(publicUrl).hostname, ...allowedHosts],
    limitBody,
    maxBody: MAX_BODY,
    repeatedName,
    refusal: (code: ProblemCode, detail: string) => new ProblemError(code, detail),
    /** @throws unauthenticated for a key that nobody has; a request without any opens a door that runs nothing. */
    async open(context: Context) {
      const requestId: string = context.get('requestId')
      const holder = context.req.header('authorization') ? await authenticate(deps, bearer(context)) : undefined
      const told = <T>(answer: () => Promise<T>) =>
        answer().catch((error) => {
          throw new TalkifError(printProblem(error, requestId, publicUrl, deps.log).problem)
        })
      return {
        url: publicUrl,
        requestId,
        scopes: async () => holder?.scopes,
        call: (...asked: Parameters<Caller>) => told(() => callerOf(deps, holder)(...asked)),
        idsOf: (...asked: [Kind, string]) => told(() => idsOf(deps, holder, ...asked)),
      }
    },
  }
}

const sources = {
  call: { read: callIds, scope: operations.getCall.scope },
  flow: { read: flowIds, scope: operations.getFlow.scope },
}
type Kind = keyof typeof sources

/** As many as one completion may hold (MCP, "Completion", `values`). */
const MOST_IDS = 100

/** @throws unauthenticated, forbidden: whoever may not read a thing is not told its id either. */
async function idsOf(deps: Deps, holder: KeyHolder | undefined, kind: Kind, prefix: string) {
  if (!holder) throw new ProblemError('unauthenticated', 'No API key was sent.')
  const { read, scope } = sources[kind]
  requireScope(holder, scope)
  // Any other character is in no id; some of them are in no text of the database either.
  const ids = /^[a-z0-9_]*$/.test(prefix) ? await read(deps, holder, prefix, MOST_IDS + 1) : []
  return { values: ids.slice(0, MOST_IDS), hasMore: ids.length > MOST_IDS }
}

type Caller = (
  operation: OperationId,
  input: Record<string, unknown>,
  options?: { idempotencyKey?: string | undefined; signal?: AbortSignal | undefined },
) => Promise<object>

const callerOf =
  (deps: Deps, holder: KeyHolder | undefined): Caller =>
  async (operation, input, options = {}) => {
    if (!holder) throw new ProblemError('unauthenticated', 'No API key was sent.')
    refuseStrange(input)
    const { body } = await invoke(deps, { operation, input, holder, ...options })
    return body as object
  }
