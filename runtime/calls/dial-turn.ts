import type { Tx } from '../db/connect.ts'
import { eq } from '../db/drizzle.ts'
import { dialTurns } from '../db/schema.ts'
import type { Deps } from '../deps.ts'

/**
 * Takes the next turns of the live carrier account. A call placed faster than the account allows would wait in the carrier's own
 * queue, and might ring when it no longer may.
 * @returns real milliseconds until each of `count` turns; 0 when it is now.
 */
export async function takeTurns(tx: Tx, deps: Pick<Deps, 'clock' | 'config'>, count: number): Promise<number[]> {
  const { twilio } = deps.config
  if (!twilio || count === 0) return Array(count).fill(0)
  const here = eq(dialTurns.account, twilio.accountSid)
  const now = deps.clock.now()
  await tx
    .insert(dialTurns)
    .values({ account: twilio.accountSid, nextAt: new Date(now) })
    .onConflictDoNothing()
  const [row] = await tx.select().from(dialTurns).where(here).for('update')
  const first = Math.max(row!.nextAt.getTime(), now)
  const turn = (at: number) => first + (at * 1000) / twilio.callsPerSecond
  await tx
    .update(dialTurns)
    .set({ nextAt: new Date(turn(count)) })
    .where(here)
  return Array.from({ length: count }, (_, at) => turn(at) - now)
}
