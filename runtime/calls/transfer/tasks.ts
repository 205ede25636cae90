import { CarrierUnavailable } from '../../carrier/port.ts'
import { isDatabaseDown } from '../../db/connect.ts'
import type { Deps } from '../../deps.ts'
import { farewellOf } from '../../handoffs/brief.ts'
import { type TransferTask, tasksOf } from '../../handoffs/transfer.ts'
import type { CallRow } from '../advance.ts'
import { changeTransfer, type TransferRow } from './rows.ts'

type Ending = Extract<TransferTask, { do: 'send_away' | 'end_lead' }>

const isEnding = (task: TransferTask): task is Ending => task.do === 'send_away' || task.do === 'end_lead'

/**
 * Hangs up whoever must not stay on the line. Any process may, and again: ending a call twice ends it once. What the carrier cannot
 * be asked now, or the database not told, is left to the job that looks after the transfer.
 */
export async function tidy(deps: Deps, call: CallRow, row: TransferRow): Promise<void> {
  await Promise.all(
    tasksOf(row.state)
      .filter(isEnding)
      .map((task) => end(deps, call, row, task)),
  )
}

async function end(deps: Deps, call: CallRow, row: TransferRow, task: Ending): Promise<void> {
  const { carrier } = deps.networks.of(call)
  const { language, leadCarrierId } = row
  try {
    if (task.do === 'end_lead') {
      await carrier.dismiss(leadCarrierId, { text: farewellOf('alone', language), language })
      await changeTransfer(deps, row.id, [{ type: 'lead_ended' }])
      return
    }
    const why = row.state.phase === 'over' ? 'gone' : 'too_late'
    if (task.told) await carrier.dismiss(task.carrierId, { text: farewellOf(why, language), language })
    else await carrier.hangUp(task.carrierId)
    await changeTransfer(deps, row.id, [{ type: 'sent_away', leg: task.leg }])
  } catch (error) {
    if (!(error instanceof CarrierUnavailable || isDatabaseDown(error))) throw error
    deps.log.warn({ call: call.id, transfer: row.id, err: error }, 'somebody in a transfer could not be hung up yet')
  }
}
