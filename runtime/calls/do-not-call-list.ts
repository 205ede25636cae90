import { and, asc, eq, gt } from '../db/drizzle.ts'
import { optOuts } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { normalisePhone } from '../guardrails/phone.ts'
import { ProblemError, problemOf } from '../problem.ts'

export interface ListedOptOut {
  /** E.164. */
  phone: string
  source: 'call' | 'keypress' | 'message' | 'import'
  created_at: string
}

const AT_ONCE = 1_000

interface GivenNumber {
  phone: string
  /** ISO 3166-1 alpha-2, for a national spelling. */
  country?: string | undefined
}

/** Numbers of the caller's workspace and mode that nobody may call, in their order. @param after the last one of the page before. */
export async function listOptOuts(
  { db }: Pick<Deps, 'db'>,
  { workspaceId, mode }: Caller,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<ListedOptOut[]> {
  const rows = await db
    .select()
    .from(optOuts)
    .where(
      and(
        eq(optOuts.workspaceId, workspaceId),
        eq(optOuts.mode, mode),
        ...(after === undefined ? [] : [gt(optOuts.phone, after)]),
      ),
    )
    .orderBy(asc(optOuts.phone))
    .limit(limit)
  return rows.map((row) => ({ phone: row.phone, source: row.source, created_at: row.createdAt.toISOString() }))
}

/** The whole list, however long, in parts. */
export async function* everyOptOut(deps: Pick<Deps, 'db'>, caller: Caller): AsyncGenerator<ListedOptOut[]> {
  for (let after: string | undefined; ; ) {
    const part = await listOptOuts(deps, caller, { limit: AT_ONCE, after })
    if (part.length) yield part
    if (part.length < AT_ONCE) return
    after = part.at(-1)!.phone
  }
}

/**
 * Takes a number off the list of test calls.
 * @throws permanent for a live key; phone_invalid; not_found for a number that is not on the list.
 */
export async function removeOptOut({ db }: Pick<Deps, 'db'>, caller: Caller, given: GivenNumber): Promise<void> {
  const read = normalisePhone(given.phone, { country: given.country ?? null })
  if (!read.ok) throw problemOf([{ pointer: '/phone', code: 'phone_invalid', detail: read.reason }])
  const phone = read.e164
  if (caller.mode === 'live') {
    throw new ProblemError('permanent', `${phone} opted out of real calls, which is permanent.`, { param: 'phone' })
  }
  const rows = await db
    .delete(optOuts)
    .where(and(eq(optOuts.workspaceId, caller.workspaceId), eq(optOuts.mode, 'test'), eq(optOuts.phone, phone)))
    .returning({ phone: optOuts.phone })
  if (rows.length === 0)
    throw new ProblemError('not_found', `${phone} is not on the do-not-call list.`, { param: 'phone' })
}
