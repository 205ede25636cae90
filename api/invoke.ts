import { readShape, withMeaning } from '../openapi/faults.ts'
import { type OperationId, operations } from '../openapi/operations.ts'
import type { FieldFault } from '../openapi/schemas/problem.ts'
import { type IdempotentRequest, once, replay } from '../runtime/access/idempotency.ts'
import { type KeyHolder, requireScope } from '../runtime/access/keys.ts'
import type { Deps } from '../runtime/deps.ts'
import { namedFlowFaults } from '../runtime/flows/named.ts'
import { handoffFaults } from '../runtime/handoffs/upsert.ts'
import type { Intake } from '../runtime/leads/intake.ts'
import { leadFaults } from '../runtime/leads/read-lead.ts'
import { problemOf } from '../runtime/problem.ts'
import { type Answer, StartOver, type Work } from '../runtime/work.ts'
import { type Handler, handlers } from './handlers.ts'

export interface Invocation {
  operation: OperationId
  /** Path, query and body parameters together, unread. */
  input: unknown
  holder: KeyHolder
  /** What was read together with the key, for `createLead`. */
  intake?: Intake | undefined
  idempotencyKey?: string | undefined
  /** Stops waiting, never an effect that has begun. */
  signal?: AbortSignal | undefined
}

export interface Invoked extends Answer {
  /** The answer of an earlier request with the same idempotency key. */
  replayed: boolean
}

/**
 * The only way in: whoever knocks (HTTP, MCP, CLI), an operation runs here. Checks the scope, reads the input, runs the handler,
 * and keeps the answer for the idempotency key.
 * @throws ProblemError, which the door prints.
 */
export async function invoke(
  deps: Deps,
  { operation, input, holder, intake, idempotencyKey, signal }: Invocation,
): Promise<Invoked> {
  const it = operations[operation]
  requireScope(holder, it.scope)
  const key = idempotencyKey
  const { data: parsed, faults } = readInput(operation, { input, key, now: deps.clock.now() })
  if (faults.length) throw await refusal(deps, holder, { operation, input, faults })
  const handle = handlers[operation] as Handler<OperationId>
  const caller = { workspaceId: holder.workspaceId, mode: holder.mode }
  const request = key === undefined ? undefined : { caller, operation, key, input: parsed }
  for (let tries = 1; ; tries++) {
    const stored = request && (await replay(deps.db, deps, request))
    if (stored) return { ...stored, replayed: true }
    // What was read at the door is true for the first try.
    const work = await handle(deps, caller, parsed as never, { signal, intake: tries === 1 ? intake : undefined })
    if ('body' in work) return { status: it.success, body: work.body, replayed: false }
    try {
      const answer = await write(deps, work, request)
      // Undefined: a request with the same key was quicker, and its answer is there now.
      if (!answer) continue
      await work.written?.()
      return { ...answer, replayed: false }
    } catch (error) {
      if (!(error instanceof StartOver) || tries === 3) throw error
    }
  }
}

/** Undefined: a request with the same key was quicker. */
function write(deps: Deps, work: Work<unknown>, request: IdempotentRequest | undefined): Promise<Answer | undefined> {
  if (request) return deps.db.transaction((tx) => once<unknown>(tx, deps, request, () => work.write(tx)))
  return work.writeAlone ? work.writeAlone() : deps.db.transaction((tx) => work.write(tx))
}

/** What can be wrong with an input beyond its shape, and is known without asking anybody. */
const meaning: Partial<Record<OperationId, (input: Record<string, unknown>, now: number) => FieldFault[]>> = {
  createLead: leadFaults,
  upsertHandoff: handoffFaults,
}

interface Given {
  input: unknown
  key: string | undefined
  /** Epoch milliseconds. */
  now: number
}

/** The input, and all faults of it at once: those of its shape, those of its meaning, and that of its idempotency key. */
function readInput(operation: OperationId, { input, key, now }: Given): { data: unknown; faults: FieldFault[] } {
  // The rows of a list are answered one by one.
  const texts = operation === 'createList' ? { ...(input as object), leads: [] } : input
  const { data, faults: shape } = readShape(operations[operation].input, input, texts)
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input)
  const beyond = isObject ? (meaning[operation]?.(input as Record<string, unknown>, now) ?? []) : []
  const ofKey = key === undefined || /^[\x21-\x7e]{1,255}$/.test(key) ? [] : [WRONG_KEY]
  return { data, faults: [...withMeaning(shape, beyond), ...ofKey] }
}

/** The problem of an input with faults; a lead that has some is also told of a flow that is not there. */
async function refusal(
  { db }: Deps,
  { workspaceId }: KeyHolder,
  { operation, input, faults }: Pick<Invocation, 'operation' | 'input'> & { faults: FieldFault[] },
): Promise<Error> {
  const [ofFlow = []] = operation === 'createLead' ? await namedFlowFaults(db, workspaceId, [input]) : []
  return problemOf(withMeaning(faults, ofFlow), faults.includes(WRONG_KEY) ? 'Idempotency-Key' : undefined)
}

const WRONG_KEY: FieldFault = {
  pointer: '',
  code: 'invalid_request',
  detail: 'An Idempotency-Key is 1 to 255 visible ASCII characters.',
}
