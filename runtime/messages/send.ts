import { optOut } from '../calls/opt-out.ts'
import { MessageNotSent, MessageOutcomeUnknown, type MessageRefusal, MessageRefused } from '../carrier/messaging.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq } from '../db/drizzle.ts'
import { messages } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { type Claim, claimMessage, GRACE_MS, sendersOf } from './claim.ts'
import { findOut } from './find-out.ts'
import { applyReport } from './report.ts'
import { retryLater } from './retry.ts'
import { lockMessage, type MessageRow, step } from './rows.ts'

/**
 * The job that sends a message: in one transaction lock it, ask `mayMessage`, write that it is being sent; then, outside any
 * transaction, ask the carrier; then write what it said. Run again after the deadline, it finds out what became of a message that
 * nobody answered for. Safe to run twice: a message that left is never sent again.
 */
export async function sendMessage(deps: Deps, { messageId }: { messageId: string }): Promise<void> {
  const next = await deps.db.transaction((tx) => decide(tx, deps, messageId))
  if (next?.claim) await ask(deps, next.claim)
  if (next?.unclear) await findOut(deps, next.unclear)
}

type Next = { claim?: Claim | undefined; unclear?: MessageRow }

async function decide(tx: Tx, deps: Deps, messageId: string): Promise<Next | undefined> {
  const message = await lockMessage(tx, messageId)
  if (!message || !['queued', 'held', 'sending'].includes(message.status)) return undefined
  const { status, sendAfter, deadlineAt } = message
  const due = status === 'sending' ? deadlineAt!.getTime() + GRACE_MS : (sendAfter?.getTime() ?? 0)
  const early = due - deps.clock.now()
  if (early > 0) {
    await deps.send(tx, 'message', { messageId }, { delayMs: early })
    return undefined
  }
  if (status === 'sending') return { unclear: message }
  return { claim: await claimMessage(tx, deps, message) }
}

async function ask(deps: Deps, { message, call, content, from, deadline }: Claim): Promise<void> {
  if (!(await stillMine(deps, message))) return
  const { carrier, callbackBase } = deps.networks.of(call)
  const abort = new AbortController()
  const timer = deps.clock.setTimeout(() => abort.abort(), deadline - deps.clock.now())
  try {
    const accepted = await carrier.sendMessage({
      ...{ channel: message.channel, from, to: message.toPhone, content, signal: abort.signal },
      statusUrl: `${callbackBase}/carrier/twilio/message-status/${message.id}`,
      beforeSend() {
        // A process that was frozen wakes up here: by now somebody else may have sent it.
        if (deps.clock.now() >= deadline) throw new MessageNotSent('the deadline of this message is over')
      },
    })
    await withMine(deps, message, (tx, row) => applyReport(tx, deps, row, { ...accepted, errorCode: null }))
  } catch (error) {
    await explain(deps, message, error)
  } finally {
    deps.clock.clearTimeout(timer)
  }
}

/** Once more before the carrier is asked: a slow process may have lost its turn. */
async function stillMine({ db }: Deps, { id, fence }: MessageRow): Promise<boolean> {
  const mine = and(eq(messages.id, id), eq(messages.fence, fence!), eq(messages.status, 'sending'))
  return (await db.select({ id: messages.id }).from(messages).where(mine)).length > 0
}

/** Writes on a message unless another turn has begun meanwhile. */
function withMine(deps: Deps, { id, fence }: MessageRow, write: (tx: Tx, row: MessageRow) => Promise<void>) {
  return deps.db.transaction(async (tx) => {
    const row = await lockMessage(tx, id)
    if (row?.fence === fence) await write(tx, row!)
  })
}

async function explain(deps: Deps, message: MessageRow, error: unknown): Promise<void> {
  if (error instanceof MessageOutcomeUnknown)
    return deps.log.warn({ message: message.id, err: error }, 'the carrier did not say whether it sends a message')
  if (!(error instanceof MessageNotSent || error instanceof MessageRefused)) throw error
  await withMine(deps, message, async (tx, row) => {
    // A report of the carrier's is more than its answer.
    if (row.status !== 'sending') return
    if (error instanceof MessageNotSent) return retryLater(tx, deps, row, error.message, error.retryAfterSeconds)
    await refused(tx, deps, row, error)
  })
}

const EXPLAINED: Record<MessageRefusal, string> = {
  opted_out: 'the person opted out at the carrier',
  invalid_number: 'the number cannot get messages',
  invalid_sender: 'none of the numbers of the workspace can send such messages',
  needs_template: 'the person has not written within 24 hours, and WhatsApp then takes only approved templates',
  rejected: 'the carrier refused it',
}

async function refused(tx: Tx, deps: Deps, message: MessageRow, error: MessageRefused): Promise<void> {
  const { reason, carrierCode: errorCode } = error
  const senders = reason === 'invalid_sender' ? await sendersOf(tx, message) : []
  const next = senders[senders.indexOf(message.fromPhone!) + 1]
  // Nothing was sent, and another number may be able to.
  if (next) return retryLater(tx, deps, message, error.message, 0, { fromPhone: next })
  const why = reason === 'rejected' ? `${EXPLAINED.rejected}: ${error.message}` : EXPLAINED[reason]
  await step(tx, deps, message, { status: 'failed', change: { why, errorCode } })
  if (reason === 'opted_out') await optOut(tx, deps, { ...message, phone: message.toPhone, source: 'message' })
}
