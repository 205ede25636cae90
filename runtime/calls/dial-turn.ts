import type { Tx } from '../db/connect.ts'
import { eq } from '../db/drizzle.ts'
import { dialTurns } from '../db/schema.ts'
import type { Deps } from '../deps.ts'

/** A call of a list reserves no turn further ahead than this, so that a single lead waits no longer for a list. */
const RESERVED_AHEAD_MS = 1000
/** Places in the lane of lists reach this far. Whoever finds none asks again after that time or up to twice as long. */
const LANE_MS = 5 * 60_000

/** Lists are a lane of their own, behind whoever is called one by one. */
export type Lane = 'single' | 'list'

export interface Turn {
  /** Real milliseconds; 0 when it is now. */
  waitMs: number
  /** Otherwise the call asks for a turn again after its wait. */
  isReserved: boolean
}

/**
 * Takes the next turns of the live carrier account. A call placed faster than the account allows would wait in the carrier's own
 * queue, and might ring when it no longer may.
 */
export async function takeTurns(tx: Tx, deps: Pick<Deps, 'clock' | 'config'>, lanes: Lane[]): Promise<Turn[]> {
  const { twilio } = deps.config
  if (!twilio || !lanes.length) return lanes.map(() => ({ waitMs: 0, isReserved: true }))
  const here = eq(dialTurns.account, twilio.accountSid)
  const now = deps.clock.now()
  await tx
    .insert(dialTurns)
    .values({ account: twilio.accountSid, nextAt: new Date(now) })
    .onConflictDoNothing()
  const [row] = await tx.select().from(dialTurns).where(here).for('update')
  const step = 1000 / twilio.callsPerSecond
  let next = Math.max(row!.nextAt.getTime(), now)
  let listNext = row!.listNextAt.getTime()
  const turns = lanes.map((lane): Turn => {
    const waitMs = next - now
    if (lane === 'single' || waitMs <= RESERVED_AHEAD_MS) {
      next += step
      return { waitMs, isReserved: true }
    }
    const place = Math.max(listNext, next)
    // In time to reserve the turn, if no single lead has it by then.
    const asksAfter = place - RESERVED_AHEAD_MS - now
    if (asksAfter > LANE_MS) return { waitMs: LANE_MS * (1 + Math.random()), isReserved: false }
    listNext = place + step
    return { waitMs: asksAfter, isReserved: false }
  })
  await tx
    .update(dialTurns)
    .set({ nextAt: new Date(next), listNextAt: new Date(listNext) })
    .where(here)
  return turns
}
