import { CallNotPlaced, CallOutcomeUnknown, CallRefused } from '../../carrier/port.ts'
import { pause } from '../../clock.ts'
import type { Deps } from '../../deps.ts'
import type { CallRow } from '../advance.ts'
import { SEND_DEADLINE_MS } from '../claim-dial.ts'
import { takeTurns } from '../dial-turn.ts'
import { changeTransfer, readTransfer, type TransferRow } from './rows.ts'
import { tidy } from './tasks.ts'

/** Twilio's own limit of a call; people who talk to each other are not hurried. */
const MAX_SECONDS = 4 * 3600
/** How long a key is waited for once the brief was said. */
const KEY_SECONDS = 8

/**
 * Rings one colleague, at most once whatever happens: the leg says so before the carrier is asked. They are people of the workspace and
 * no leads, so only the pace of the account counts, not the hours or caps of leads.
 */
export async function ringColleague(
  deps: Deps,
  call: CallRow,
  row: TransferRow,
  leg: number,
  brief: string,
): Promise<void> {
  let waitMs = 0
  const asking = { type: 'asking', leg, at: deps.clock.now() } as const
  const asked = await changeTransfer(deps, row.id, [asking], async (tx) => {
    if (call.mode === 'live') waitMs = (await takeTurns(tx, deps, ['single']))[0]!.waitMs
  })
  if (!asked?.changed) return
  const target = row.targets[leg]!
  await pause(deps.clock, waitMs)
  const now = waitMs > 0 ? await readTransfer(deps, row.id) : asked.row
  // While it waited for its turn somebody else accepted, or the lead hung up.
  if (now?.state.phase !== 'ringing') return refused(deps, row, leg)
  const { carrier, callbackBase } = deps.networks.of(call)
  const deadline = deps.clock.now() + SEND_DEADLINE_MS
  const abort = new AbortController()
  const timer = deps.clock.setTimeout(() => abort.abort(), SEND_DEADLINE_MS)
  const base = `${callbackBase}/carrier/twilio/transfer/${row.id}/${leg}`
  try {
    const { carrierId } = await carrier.placeBrief({
      ...{
        from: row.fromPhone,
        to: target.phone ?? target.sip!,
        ringSeconds: row.ringSeconds,
        maxSeconds: MAX_SECONDS,
      },
      ...{ brief: { text: brief, language: row.language }, keySeconds: KEY_SECONDS },
      ...{ statusUrl: `${base}/status`, keyUrl: `${base}/key`, signal: abort.signal },
      beforeSend() {
        if (deps.clock.now() >= deadline) throw new CallNotPlaced('the deadline of this ring is over')
      },
    })
    const named = await changeTransfer(deps, row.id, [{ type: 'named', leg, carrierId }])
    if (named?.row.state.phase === 'over') await tidy(deps, call, named.row)
  } catch (error) {
    if (error instanceof CallOutcomeUnknown) {
      return deps.log.warn(
        { transfer: row.id, leg, err: error },
        'the carrier did not say whether it rings a colleague',
      )
    }
    if (!(error instanceof CallNotPlaced || error instanceof CallRefused)) throw error
    deps.log.warn({ transfer: row.id, leg, err: error }, 'a colleague could not be rung')
    await refused(deps, row, leg)
  } finally {
    deps.clock.clearTimeout(timer)
  }
}

async function refused(deps: Deps, row: TransferRow, leg: number): Promise<void> {
  await changeTransfer(deps, row.id, [{ type: 'refused', leg }])
}
