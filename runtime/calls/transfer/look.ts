import { CarrierUnavailable } from '../../carrier/port.ts'
import type { TransferLeg } from '../../db/schema.ts'
import type { Deps } from '../../deps.ts'
import type { TransferEvent } from '../../handoffs/transfer.ts'
import { callOfAttempt, isCurrent } from '../attempt.ts'
import { SEND_DEADLINE_MS } from '../claim-dial.ts'
import { eventsOf, type TransferOnCall, transferOf } from './event.ts'
import { changeTransfer, type TransferRow } from './rows.ts'
import { tidy } from './tasks.ts'

/** How often a transfer is looked after, in case the carrier's word on somebody never comes. */
export const LOOK_AGAIN_MS = { live: 10_000, test: 2_000 }
/** How long a ring of which nobody knows whether it exists is waited for before its leg is closed; it is never rung again. */
const UNKNOWN_MS = 15 * 60_000

/**
 * The job that looks after one transfer until everybody has hung up: it asks the carrier what became of each colleague, and when the
 * process that carried the conversation died, it sees that nobody goes on ringing or waits in a room alone.
 */
export async function lookAfterTransfer(deps: Deps, { transferId }: { transferId: string }): Promise<void> {
  const found = await transferOf(deps, transferId)
  if (!found || found.transfer.endedAt) return
  const events = [...(await leadNews(deps, found)), ...(await legNews(deps, found))]
  const changed = await changeTransfer(deps, transferId, events)
  const row = changed?.row ?? found.transfer
  if (row.endedAt) return
  if (row.state.phase === 'over' || row.state.phase === 'bridged') await tidy(deps, found.call, row)
  const delayMs = LOOK_AGAIN_MS[found.call.mode]
  await deps.db.transaction((tx) => deps.send(tx, 'transfer', { transferId }, { delayMs }))
}

/** A call that is over has no agent any more, and a lead who was not bridged by then will not be. */
async function leadNews(deps: Deps, { transfer }: TransferOnCall): Promise<TransferEvent[]> {
  const { phase, lead } = transfer.state
  if (lead === 'gone' || phase === 'bridged') return []
  const found = await callOfAttempt(deps, transfer.attemptId)
  return found && isCurrent(found) ? [] : [{ type: 'lead_gone' }]
}

async function legNews(deps: Deps, { transfer, call }: TransferOnCall): Promise<TransferEvent[]> {
  const { carrier } = deps.networks.of(call)
  const asked = async (leg: TransferLeg, at: number): Promise<TransferEvent[]> => {
    if (leg.status === 'waiting' || leg.status === 'over') return []
    if (leg.carrierId === null) return unknown(deps, transfer, call.clockRate, leg, at)
    const known = await carrier.getCall(leg.carrierId)
    return eventsOf(at, { carrierId: leg.carrierId, status: known?.status ?? 'failed' })
  }
  try {
    return (await Promise.all(transfer.state.legs.map(asked))).flat()
  } catch (error) {
    if (!(error instanceof CarrierUnavailable)) throw error
    deps.log.warn({ transfer: transfer.id, err: error }, 'the carrier could not be asked about a transfer')
    return []
  }
}

/** Nobody knows whether it rings. Once it cannot ring any more the next may; should it exist after all, its callbacks end it. */
function unknown(deps: Deps, row: TransferRow, rate: number, { askedAt }: TransferLeg, leg: number): TransferEvent[] {
  const forMs = deps.clock.now() - (askedAt ?? 0)
  if (forMs > UNKNOWN_MS) return [{ type: 'refused', leg }]
  return forMs > SEND_DEADLINE_MS + (row.ringSeconds * 1000) / rate ? [{ type: 'gave_up', leg }] : []
}
