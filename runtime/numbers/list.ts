import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { Output } from '../../openapi/operations.ts'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { and, asc, eq, gt } from '../db/drizzle.ts'
import { numbers } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'

const SANDBOX_NUMBER_ID = 'num_00000000000000000000sandbx'

/** The numbers calls are placed from: the workspace's, or, for a test key, the sandbox's own. */
export async function listNumbers(
  deps: Deps,
  caller: Caller,
  { limit = 20, cursor }: { limit?: number | undefined; cursor?: string | undefined },
): Promise<Output<'listNumbers'>> {
  if (caller.mode === 'test') return { data: [sandbox], has_more: false, next_cursor: null }
  const rows = await deps.db
    .select()
    .from(numbers)
    .where(and(eq(numbers.workspaceId, caller.workspaceId), ...(cursor ? [gt(numbers.id, cursor)] : [])))
    .orderBy(asc(numbers.id))
    .limit(limit + 1)
  const why = deps.networks.unavailable('live')
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    data: page.map((row) => ({
      id: row.id,
      phone: row.phone,
      label: row.label,
      country: parsePhoneNumberFromString(row.phone)?.country ?? null,
      test: false,
      can_dial: !why,
      cannot_dial_reason: why ?? null,
    })),
    has_more: rows.length > limit,
    next_cursor: rows.length > limit && last ? last.id : null,
  }
}

const sandbox = {
  id: SANDBOX_NUMBER_ID,
  phone: sandboxNumber,
  label: 'Sandbox',
  country: 'US',
  test: true,
  can_dial: true,
  cannot_dial_reason: null,
}
