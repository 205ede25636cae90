import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Tx } from '../db/connect.ts'
import { sql } from '../db/drizzle.ts'
import { anyOf } from '../db/rows.ts'
import { workspaces } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { mayDial, type RefuseReason } from '../guardrails/may-dial.ts'
import { advance, type CallRow } from './advance.ts'
import { onCallClock, toCallTime, toRealTime } from './call-time.ts'
import { type DialKnowledge, dialsToday, factsOf, readDialKnowledge } from './dial-facts.ts'
import { type Lane, takeTurns } from './dial-turn.ts'
import { finish } from './outcome.ts'

/** A call that may ring now. */
export type Allowed = DialKnowledge & { call: CallRow; flow: Flow; from: string }

/** The job that dials a call, once more after a while. */
export const dialLater = (tx: Tx, deps: Deps, { id: callId, priority }: CallRow, delayMs: number, hasTurn = false) =>
  deps.send(tx, 'dial', { callId, ...(hasTurn && { hasTurn }) }, { delayMs, priority })

/** Those that may ring; what follows for the others is written. */
export async function judgeDials(tx: Tx, deps: Deps, calls: CallRow[], now: Date): Promise<Allowed[]> {
  const known = await readDialKnowledge(tx, calls, now)
  await lockCapped(tx, known, calls)
  const allowed: Allowed[] = []
  for (const call of calls) {
    const its = known.get(call.id)!
    const flow = await deps.flowVersions.of(tx, call)
    const retryAt = call.status === 'retry_scheduled' && call.notBefore
    const notBefore = retryAt ? toCallTime(call, retryAt) : its.lead.notBefore && onCallClock(call, its.lead.notBefore)
    // Those allowed a moment ago are not written yet.
    const besides = allowed.filter(
      ({ call: it }) => it.workspaceId === call.workspaceId && it.mode === call.mode,
    ).length
    const dialedToday = besides + (await dialsToday(tx, call, its.settings, now))
    const verdict = mayDial(factsOf({ call, flow, now, notBefore, ...its }, { ...its, dialedToday }))
    const from = call.mode === 'test' ? sandboxNumber : its.number
    if (verdict.kind === 'refuse') await finish(tx, deps, call, 'refused', refusal(verdict.reason))
    else if (verdict.kind === 'hold') await hold(tx, deps, call, toRealTime(call, verdict.until), verdict.reason)
    else if (!from) await finish(tx, deps, call, 'refused', { outcome: 'no_answer', reason: 'no_outbound_number' })
    else allowed.push({ ...its, call, flow, from })
  }
  return allowed
}

/** Dials that run side by side must see each other to keep a daily cap: until `tx` ends no other of these workspaces is decided. */
async function lockCapped(tx: Tx, known: Map<string, DialKnowledge>, calls: CallRow[]): Promise<void> {
  const capped = calls.filter(({ id }) => known.get(id)!.settings.caps.perDay !== null)
  if (!capped.length) return
  const ids = new Set(capped.map(({ workspaceId }) => workspaceId))
  // In one order; and not so that it keeps leads from being written meanwhile.
  await tx.execute(sql`select id from ${workspaces} where id = ${anyOf([...ids])} order by id for no key update`)
}

/** A retry was promised for its time, whoever it calls. */
const laneOf = ({ priority, status }: CallRow): Lane =>
  priority < 0 && status !== 'retry_scheduled' ? 'list' : 'single'

/** Live calls wait for their turn at the carrier, once; those of a list ask for it until it is near. */
export async function inTurn(tx: Tx, deps: Deps, allowed: Allowed[], hadTurn: Set<string>): Promise<Allowed[]> {
  const queueing = allowed.filter(({ call }) => call.mode === 'live' && !hadTurn.has(call.id))
  const lanes = queueing.map(({ call }) => laneOf(call))
  const turns = await takeTurns(tx, deps, lanes)
  const late = new Set<string>()
  for (const [at, { call }] of queueing.entries()) {
    const { waitMs, isReserved } = turns[at]!
    if (waitMs === 0) continue
    late.add(call.id)
    await dialLater(tx, deps, call, waitMs, isReserved)
  }
  return allowed.filter(({ call }) => !late.has(call.id))
}

const refusal = (reason: RefuseReason) =>
  reason === 'opted_out'
    ? ({ outcome: 'not_fit', reason: 'opted_out' } as const)
    : ({ outcome: 'no_answer', reason } as const)

/** Waits for the window to open. A retry that comes too early by its own clock keeps its status. */
async function hold(tx: Tx, deps: Deps, call: CallRow, until: Date, reason: string): Promise<void> {
  const keepsStatus = reason === 'not_before' && call.status === 'retry_scheduled'
  if (!keepsStatus) await advance(tx, deps, call, 'held', { notBefore: until, reason })
  await dialLater(tx, deps, call, Math.max(until.getTime() - deps.clock.now(), 0))
}
