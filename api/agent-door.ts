import type { Context } from 'hono'
import { TalkifError } from '../openapi/client.ts'
import type { OperationId } from '../openapi/operations.ts'
import { authenticate, type KeyHolder } from '../runtime/access/keys.ts'
import type { Deps } from '../runtime/deps.ts'
import { ProblemError } from '../runtime/problem.ts'
import { invoke } from './invoke.ts'
import { printProblem } from './problem-response.ts'
import { bearer, limitBody, MAX_BODY, refuseStrange } from './read-request.ts'
import { callIds, flowIds } from './reads.ts'

/** What the MCP endpoint needs of this process: who asks, the operations, and ids for completions. */
export function agentDoor(deps: Deps) {
  const { publicUrl, allowedHosts } = deps.config
  return {
    hostnames: [new URL(publicUrl).hostname, ...allowedHosts],
    limitBody,
    maxBody: MAX_BODY,
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
        scopes: holder?.scopes,
        call: (...asked: Parameters<Caller>) => told(() => callerOf(deps, holder)(...asked)),
        idsOf: (kind: 'call' | 'flow', prefix: string) =>
          told(async () => (holder ? { call: callIds, flow: flowIds }[kind](deps, holder, prefix) : [])),
      }
    },
  }
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
