import type { Tx } from '../../db/connect.ts'
import { eq, sql } from '../../db/drizzle.ts'
import { anyOf } from '../../db/rows.ts'
import { transfers } from '../../db/schema.ts'
import type { Deps } from '../../deps.ts'
import { isFinished, step, type TransferEvent } from '../../handoffs/transfer.ts'
import { CALL_CHANNEL } from '../advance.ts'

export type TransferRow = typeof transfers.$inferSelect

/** What events made of a transfer. */
export interface Changed {
  row: TransferRow
  /** False when they came late, twice, or out of order. */
  changed: boolean
}

/**
 * The only place where a transfer changes: its row is locked, so that of two who accept at the same time one is first. Whoever waits
 * for it is woken.
 * @param also runs in the same transaction, when something has changed.
 * @returns undefined when there is no such transfer.
 */
export async function changeTransfer(
  deps: Pick<Deps, 'clock' | 'db'>,
  transferId: string,
  events: TransferEvent[],
  also?: (tx: Tx) => Promise<void>,
): Promise<Changed | undefined> {
  return deps.db.transaction(async (tx) => {
    const [row] = await tx.select().from(transfers).where(eq(transfers.id, transferId)).for('update')
    if (!row) return undefined
    const state = events.reduce(step, row.state)
    if (state === row.state) return { row, changed: false }
    const endedAt = isFinished(state) ? new Date(deps.clock.now()) : null
    await tx.update(transfers).set({ state, endedAt }).where(eq(transfers.id, transferId))
    await tx.execute(sql`select pg_notify(${CALL_CHANNEL}, ${row.callId})`)
    await also?.(tx)
    return { row: { ...row, state, endedAt }, changed: true }
  })
}

export async function readTransfer({ db }: Pick<Deps, 'db'>, id: string): Promise<TransferRow | undefined> {
  const [row] = await db.select().from(transfers).where(eq(transfers.id, id))
  return row
}

/** Of these calls at the carrier those that are the ring of a colleague. */
export async function rungAsColleagues({ db }: Pick<Deps, 'db'>, carrierIds: string[]): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select leg ->> 'carrierId' as id from ${transfers}, jsonb_array_elements(state -> 'legs') as leg
    where started_at > now() - interval '1 day' and leg ->> 'carrierId' = ${anyOf(carrierIds)}`)
  return rows.map(({ id }) => id)
}
