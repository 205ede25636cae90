import { optOut } from '../calls/opt-out.ts'
import type { DeliveryReport } from '../carrier/messaging.ts'
import type { Tx } from '../db/connect.ts'
import type { MessageStatus } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { lockMessage, type MessageRow, step } from './rows.ts'

/**
 * How far a message has come. Reports arrive late, twice and in any order; the farthest one stands, so that the order does not
 * matter. A receipt outweighs a failure that somebody in between believed in.
 */
const RANK: Record<MessageStatus, number> = {
  ...{ queued: 0, held: 0, sending: 0, skipped: 0, unknown: 0, received: 0 },
  ...{ accepted: 1, sent: 2, failed: 3, undelivered: 4, delivered: 5, read: 6 },
}

/** What the carrier reports of a message, written on it and into its call's trace. Safe to repeat. */
export async function report(deps: Deps, messageId: string, told: DeliveryReport): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const message = await lockMessage(tx, messageId)
    if (message) await applyReport(tx, deps, message, told)
  })
}

/** The same in `tx`, on a message locked in it. */
export async function applyReport(tx: Tx, deps: Deps, message: MessageRow, told: DeliveryReport): Promise<void> {
  const { carrierId, status, errorCode } = told
  if (message.carrierId && message.carrierId !== carrierId)
    return deps.log.warn({ message: message.id, carrierId }, 'a report about another message was ignored')
  if (RANK[status] <= RANK[message.status]) return
  await step(tx, deps, message, {
    status,
    change: { carrierId, errorCode, why: errorCode ? `the carrier says ${errorCode}` : null },
    attributes: { provider_message_sid: carrierId },
  })
  if (errorCode === OPTED_OUT) await optOut(tx, deps, { ...message, phone: message.toPhone, source: 'message' })
}

/** Twilio's code for a person who wrote STOP to the number: https://www.twilio.com/docs/api/errors/21610 */
const OPTED_OUT = '21610'
