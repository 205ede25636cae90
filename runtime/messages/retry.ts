import type { Tx } from '../db/connect.ts'
import type { Deps } from '../deps.ts'
import { type MessageChange, type MessageRow, step } from './rows.ts'

/** Within an hour and a half; a text about a missed call is of no use the next day. */
const TRIES = 10
const FIRST_RETRY_MS = 5_000

/** Of a message that was certainly not sent: the next try is planned, or, after the last one, it has failed. `message` is locked. */
export async function retryLater(
  tx: Tx,
  deps: Deps,
  message: MessageRow,
  why: string,
  afterSeconds: number,
  change: MessageChange = {},
): Promise<void> {
  if (message.tries >= TRIES) {
    await step(tx, deps, message, { status: 'failed', change: { why: `given up after ${TRIES} tries: ${why}` } })
    return
  }
  // ±20 %, so that messages that failed together do not come back together.
  const backoffMs = change.fromPhone ? 0 : FIRST_RETRY_MS * 2 ** (message.tries - 1) * (0.8 + Math.random() * 0.4)
  const delayMs = Math.max(backoffMs, afterSeconds * 1000)
  const sendAfter = new Date(deps.clock.now() + delayMs)
  await step(tx, deps, message, { status: 'queued', change: { why, sendAfter, ...change } })
  await deps.send(tx, 'message', { messageId: message.id }, { delayMs })
}
