import { eq } from 'drizzle-orm'
import type { Tx } from '../db/connect.ts'
import { dialTurns } from '../db/schema.ts'
import type { Deps } from '../deps.ts'

/**
 * Takes the next turn of the live carrier account. A call placed faster than the account allows would wait in the carrier's own
 * queue, and might ring when it no longer may.
 * @returns real milliseconds until the turn; 0 when it is now, and always for test calls.
 */
export async function takeTurn(tx: Tx, deps: Pick<Deps, 'clock' | 'config'>, mode: 'test' | 'live'): Promise<number> {
  const { twilio } = deps.config
  if (mode === 'test' || !twilio) return 0
  const here = eq(dialTurns.account, twilio.accountSid)
  const now = deps.clock.now()
  await tx
    .insert(dialTurns)
    .values({ account: twilio.accountSid, nextAt: new Date(now) })
    .onConflictDoNothing()
  const [row] = await tx.select().from(dialTurns).where(here).for('update')
  const turn = Math.max(row!.nextAt.getTime(), now)
  await tx
    .update(dialTurns)
    .set({ nextAt: new Date(turn + 1000 / twilio.callsPerSecond) })
    .where(here)
  return turn - now
}
