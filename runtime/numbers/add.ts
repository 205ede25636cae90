import { and, asc, eq, gt } from '../db/drizzle.ts'
import { numbers } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { isCountry, noCountry, normalisePhone } from '../guardrails/phone.ts'
import { newId } from '../ids.ts'
import { problemOf } from '../problem.ts'

const view = (row: typeof numbers.$inferSelect) => ({
  id: row.id,
  phone: row.phone,
  label: row.label,
  created_at: row.createdAt.toISOString(),
})

/**
 * Adds a number of the carrier account to those that live calls are placed from; one that is there gets the label given.
 * @throws phone_invalid, invalid_request for a country that is none.
 */
export async function addNumber(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { workspaceId }: Caller,
  given: { phone: string; country?: string | undefined; label?: string | undefined },
): Promise<{ status: 200 | 201; body: ReturnType<typeof view> }> {
  const { country } = given
  if (country !== undefined && !isCountry(country))
    throw problemOf([{ pointer: '/country', code: 'invalid_request', detail: noCountry(country) }])
  const read = normalisePhone(given.phone, { country: country ?? null })
  if (!read.ok) throw problemOf([{ pointer: '/phone', code: 'phone_invalid', detail: read.reason }])
  const [added] = await db
    .insert(numbers)
    .values({
      id: newId('num'),
      workspaceId,
      phone: read.e164,
      label: given.label ?? null,
      createdAt: new Date(clock.now()),
    })
    .onConflictDoNothing()
    .returning()
  if (added) return { status: 201, body: view(added) }
  const here = and(eq(numbers.workspaceId, workspaceId), eq(numbers.phone, read.e164))
  const [known] =
    given.label === undefined
      ? await db.select().from(numbers).where(here)
      : await db.update(numbers).set({ label: given.label }).where(here).returning()
  return { status: 200, body: view(known!) }
}

/** The workspace's own numbers, whatever the mode of the key: live calls are placed from them. @param after id of the last one of the page before. */
export async function ownNumbers(
  { db }: Pick<Deps, 'db'>,
  { workspaceId }: Caller,
  { limit, after }: { limit: number; after?: string | undefined },
) {
  const rows = await db
    .select()
    .from(numbers)
    .where(and(eq(numbers.workspaceId, workspaceId), ...(after ? [gt(numbers.id, after)] : [])))
    .orderBy(asc(numbers.id))
    .limit(limit)
  return rows.map(view)
}
