import type { Tx } from '../db/connect.ts'
import { and, eq, gt, ne } from '../db/drizzle.ts'
import { bookings } from '../db/schema.ts'

interface Named {
  name: string
  owner?: string | null | undefined
}

/**
 * Appointments follow their calendar when it gets another name, or its owner would be booked twice: one that is gone, and the only
 * new one of the same owner. Those of calendars that are gone altogether stay on record.
 */
export async function followRenames(
  tx: Tx,
  { workspaceId, now }: { workspaceId: string; now: Date },
  before: readonly Named[],
  after: readonly Named[],
): Promise<void> {
  const missing = (from: readonly Named[], others: readonly Named[]) =>
    from.filter(({ name }) => !others.some((other) => other.name === name))
  const [gone, fresh] = [missing(before, after), missing(after, before)]
  for (const { name, owner } of gone) {
    const heirs = fresh.filter((it) => owner && it.owner === owner)
    const rivals = gone.filter((it) => it.owner === owner)
    if (heirs.length !== 1 || rivals.length !== 1) continue
    await tx
      .update(bookings)
      .set({ calendar: heirs[0]!.name })
      .where(
        and(
          eq(bookings.workspaceId, workspaceId),
          eq(bookings.calendar, name),
          ne(bookings.status, 'released'),
          gt(bookings.endsAt, now),
        ),
      )
  }
}
