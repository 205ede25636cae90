import type { CarrierEvent, CarrierStatus, Spoken } from '../../carrier/port.ts'
import { and, eq, isNull } from '../../db/drizzle.ts'
import { calls, transfers } from '../../db/schema.ts'
import type { Deps } from '../../deps.ts'
import { farewellOf } from '../../handoffs/brief.ts'
import { replyTo, type TransferEvent } from '../../handoffs/transfer.ts'
import type { CallRow } from '../advance.ts'
import { changeTransfer, readTransfer, type TransferRow } from './rows.ts'
import { tidy } from './tasks.ts'

export interface TransferOnCall {
  transfer: TransferRow
  call: CallRow
}

export async function transferOf(deps: Pick<Deps, 'db'>, transferId: string): Promise<TransferOnCall | undefined> {
  const [found] = await deps.db
    .select({ transfer: transfers, call: calls })
    .from(transfers)
    .innerJoin(calls, eq(calls.id, transfers.callId))
    .where(eq(transfers.id, transferId))
  return found
}

const ends: Partial<Record<CarrierStatus, Extract<TransferEvent, { type: 'ended' }>['how']>> = {
  completed: 'completed',
  busy: 'busy',
  no_answer: 'no_answer',
  failed: 'failed',
  canceled: 'canceled',
}

/** Whether nobody is on the line any more. */
export const isDown = (status: CarrierStatus): boolean => ends[status] !== undefined

/** What the carrier says of a leg, as events. */
export function eventsOf(
  leg: number,
  { carrierId, status }: Pick<CarrierEvent, 'carrierId' | 'status'>,
): TransferEvent[] {
  const how = ends[status]
  return [
    { type: 'named', leg, carrierId },
    ...(status === 'in_progress' ? [{ type: 'answered', leg } as const] : []),
    ...(how ? [{ type: 'ended', leg, how } as const] : []),
  ]
}

/**
 * What the carrier reports of a colleague's phone: late, twice and in any order. A call for which there is no place in the transfer
 * is ended.
 */
export async function legEvent(
  deps: Deps,
  { transfer, call }: TransferOnCall,
  leg: number,
  event: CarrierEvent,
): Promise<void> {
  const known = transfer.state.legs[leg]?.carrierId ?? null
  const isOurs = known === null || known === event.carrierId
  const changed = isOurs ? await changeTransfer(deps, transfer.id, eventsOf(leg, event)) : undefined
  const isStray = changed?.row.state.legs[leg]?.carrierId !== event.carrierId
  if (isStray && !isDown(event.status)) await deps.networks.of(call).carrier.hangUp(event.carrierId)
  // Until then the process that carries the conversation does what follows.
  const phase = changed?.row.state.phase
  if (changed && (phase === 'bridged' || phase === 'over')) await tidy(deps, call, changed.row)
}

/** What follows a key: the room in which the lead is, or last words. */
export type AfterKey = { room: string } | { words: Spoken }

/** The first who accepts wins, in one transaction. @param digit empty when no key was pressed in time. */
export async function legPressed(
  deps: Deps,
  { transfer }: TransferOnCall,
  leg: number,
  { carrierId, digit }: { carrierId: string; digit: string },
): Promise<AfterKey> {
  const { language } = transfer
  const words = (why: Parameters<typeof farewellOf>[0]) => ({ words: { text: farewellOf(why, language), language } })
  const known = transfer.state.legs[leg]?.carrierId
  if (known && known !== carrierId) return words('gone')
  const changed = await changeTransfer(deps, transfer.id, [
    { type: 'named', leg, carrierId },
    { type: 'pressed', leg, digit },
  ])
  const state = (changed?.row ?? transfer).state
  const reply = replyTo(state, leg)
  if (reply === 'join') return { room: transfer.room }
  return words(reply === 'too_late' && state.phase === 'over' && state.result !== 'accepted' ? 'gone' : reply)
}

/** The lead's call is over at the carrier: whoever was to take over, or did, must not wait for them. */
export async function leadEnded(deps: Deps, call: CallRow, attemptId: string): Promise<void> {
  const open = await deps.db
    .select({ id: transfers.id })
    .from(transfers)
    .where(and(eq(transfers.attemptId, attemptId), isNull(transfers.endedAt)))
  for (const { id } of open) {
    const changed = await changeTransfer(deps, id, [{ type: 'lead_ended' }])
    const row = changed?.row ?? (await readTransfer(deps, id))
    if (row) await tidy(deps, call, row)
  }
}
