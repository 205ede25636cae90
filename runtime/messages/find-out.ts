import type { CarrierMessage } from '../carrier/messaging.ts'
import { CarrierUnavailable } from '../carrier/port.ts'
import { and, eq, inArray } from '../db/drizzle.ts'
import { calls, messages } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { GRACE_MS } from './claim.ts'
import { applyReport } from './report.ts'
import { retryLater } from './retry.ts'
import { lockMessage, type MessageRow, step } from './rows.ts'

/** How far the carrier's clock may be from ours. */
const CLOCKS_DIFFER_MS = 5 * 60_000
const ASK_AGAIN_MS = { live: 30_000, test: 2_000 }
/** How long the carrier may stay unreachable before a message of unknown fate is given up, never to be sent again. */
const GIVE_UP_MS = 15 * 60_000

/**
 * Nobody knows whether the carrier took this message: adopt the one found there, or send again once it is known that there is
 * none. While the carrier cannot be asked, nothing is sent.
 */
export async function findOut(deps: Deps, message: MessageRow): Promise<void> {
  const found = await look(deps, message).catch((error) => {
    if (!(error instanceof CarrierUnavailable)) throw error
    deps.log.warn({ message: message.id, err: error }, 'the carrier could not be asked about a message')
    return error
  })
  await deps.db.transaction(async (tx) => {
    const row = await lockMessage(tx, message.id)
    if (row?.status !== 'sending' || row.fence !== message.fence) return
    if (!(found instanceof Error)) {
      if (found) await applyReport(tx, deps, row, { ...found, errorCode: null })
      else await retryLater(tx, deps, row, 'the carrier knows of no such message', 0)
    } else if (deps.clock.now() - row.deadlineAt!.getTime() > GIVE_UP_MS) {
      const why = 'the carrier never said whether it was sent, so it is not sent again'
      await step(tx, deps, row, { status: 'unknown', change: { why } })
    } else {
      await deps.send(tx, 'message', { messageId: row.id }, { delayMs: ASK_AGAIN_MS[row.mode] })
    }
  })
}

/** The carrier's message that must be this one. @throws CarrierUnavailable */
async function look(deps: Deps, message: MessageRow): Promise<CarrierMessage | undefined> {
  const { channel, fromPhone, toPhone, askedAt, deadlineAt } = message
  const [call] = await deps.db.select().from(calls).where(eq(calls.id, message.callId!))
  const listed = await deps.networks.of(call!).carrier.findMessages({
    ...{ channel, from: fromPhone!, to: toPhone },
    since: new Date(askedAt!.getTime() - CLOCKS_DIFFER_MS),
    until: new Date(deadlineAt!.getTime() + GRACE_MS + CLOCKS_DIFFER_MS),
  })
  const ids = listed.map(({ carrierId }) => carrierId)
  const known = ids.length
    ? await deps.db
        .select({ id: messages.carrierId })
        .from(messages)
        .where(and(eq(messages.mode, message.mode), inArray(messages.carrierId, ids)))
    : []
  return listed
    .filter(({ carrierId, body }) => !known.some(({ id }) => id === carrierId) && says(body, message.body))
    .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())[0]
}

/** A trial account's carrier puts a sentence of its own before the text; of its own templates it shows what it likes. */
const says = (carried: string, body: string | null): boolean => body === null || folded(carried).endsWith(folded(body))

const folded = (text: string): string => text.normalize('NFC').replace(/\s+/g, ' ').trim()
