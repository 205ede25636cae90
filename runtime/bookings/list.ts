import { and, desc, eq, lt } from '../db/drizzle.ts'
import { bookings } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'

/** Bookings of the caller's workspace and mode, the last made first. @param after id of the last one of the page before. */
export async function listBookings(
  { db }: Pick<Deps, 'db'>,
  caller: Caller,
  { calendar, status }: { calendar?: string | undefined; status?: 'held' | 'confirmed' | 'released' | undefined },
  { limit, after }: { limit: number; after?: string | undefined },
) {
  const rows = await db
    .select()
    .from(bookings)
    .where(
      and(
        eq(bookings.workspaceId, caller.workspaceId),
        eq(bookings.mode, caller.mode),
        ...(calendar ? [eq(bookings.calendar, calendar)] : []),
        ...(status ? [eq(bookings.status, status)] : []),
        ...(after ? [lt(bookings.id, after)] : []),
      ),
    )
    .orderBy(desc(bookings.id))
    .limit(limit)
  return rows.map((row) => ({
    id: row.id,
    calendar: row.calendar,
    call_id: row.callId,
    status: row.status,
    starts_at: row.slotAt.toISOString(),
    ends_at: row.endsAt.toISOString(),
    expires_at: row.expiresAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  }))
}
