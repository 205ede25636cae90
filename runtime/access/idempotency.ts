import type { Db, Tx } from '../db/connect.ts'
import { and, eq, lt, sql } from '../db/drizzle.ts'
import { idempotency } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { sha256 } from '../ids.ts'
import { ProblemError } from '../problem.ts'
import type { Answer } from '../work.ts'

export interface IdempotentRequest {
  caller: Caller
  operation: string
  key: string
  input: unknown
}

const KEPT_MS = 24 * 3_600_000

/**
 * The stored answer to an executed request with this key, or undefined when there is none yet.
 * @throws idempotency_mismatch when the key came with another body.
 */
export async function replay(
  db: Db | Tx,
  deps: Pick<Deps, 'clock'>,
  request: IdempotentRequest,
): Promise<Answer | undefined> {
  const [stored] = await db.select().from(idempotency).where(recordOf(request))
  if (!stored || stored.createdAt.getTime() < deps.clock.now() - KEPT_MS) return undefined
  if (stored.fingerprint !== fingerprintOf(request)) {
    throw new ProblemError(
      'idempotency_mismatch',
      `The Idempotency-Key ${request.key} was used for another request body.`,
    )
  }
  return stored.status === null ? undefined : { status: stored.status, body: stored.body }
}

/**
 * Runs `execute` once for a key: claim, effect and answer commit together in `tx`. Only executed requests are stored, so that a
 * refused one may be mended and sent again with the same key.
 * @returns undefined when another request with this key has executed meanwhile.
 * @throws idempotency_conflict when another request with this key is still running.
 */
export async function once<O>(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  request: IdempotentRequest,
  execute: () => Promise<Answer<O>>,
): Promise<Answer<O> | undefined> {
  const { caller, operation, key } = request
  const createdAt = new Date(deps.clock.now())
  const claim = { fingerprint: fingerprintOf(request), status: null, body: null, createdAt }
  // A claim by a request that is still running makes this insert wait; not for longer than a caller would.
  await tx.execute(sql`set local lock_timeout = '2s'`)
  const claimed = await tx
    .insert(idempotency)
    .values({ workspaceId: caller.workspaceId, mode: caller.mode, operation, key, ...claim })
    .onConflictDoUpdate({
      target: [idempotency.workspaceId, idempotency.mode, idempotency.operation, idempotency.key],
      set: claim,
      setWhere: lt(idempotency.createdAt, new Date(createdAt.getTime() - KEPT_MS)),
    })
    .returning({ key: idempotency.key })
    .catch((error) => {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error
      throw new ProblemError('idempotency_conflict', `A request with the Idempotency-Key ${key} is still running.`)
    })
  if (claimed.length === 0) return undefined
  // What the request itself waits for is its own affair.
  await tx.execute(sql`set local lock_timeout = 0`)
  const answer = await execute()
  await tx.update(idempotency).set({ status: answer.status, body: answer.body }).where(recordOf(request))
  return answer
}

const LOCK_NOT_AVAILABLE = '55P03'

const recordOf = ({ caller, operation, key }: IdempotentRequest) =>
  and(
    eq(idempotency.workspaceId, caller.workspaceId),
    eq(idempotency.mode, caller.mode),
    eq(idempotency.operation, operation),
    eq(idempotency.key, key),
  )

const fingerprintOf = ({ input }: IdempotentRequest): string => sha256(canonical(input))

/** JSON with sorted keys: two spellings of one body are the same request. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

function sqlState(error: unknown): string | undefined {
  for (let it = error; it instanceof Error; it = it.cause) {
    const code = (it as { code?: string }).code
    if (code) return code
  }
  return undefined
}
