import { traceAction } from '../calls/actions.ts'
import type { Tx } from '../db/connect.ts'
import { sql } from '../db/drizzle.ts'
import { columnsOf, readRows, updateRow } from '../db/rows.ts'
import { calls, type MessageStatus, messages } from '../db/schema.ts'
import type { Deps } from '../deps.ts'

export type MessageRow = typeof messages.$inferSelect
export type MessageChange = Partial<Omit<MessageRow, 'id' | 'updatedAt'>>

/** Reads a message and keeps it from changing until `tx` ends. Undefined when there is none. */
export async function lockMessage(tx: Tx, messageId: string): Promise<MessageRow | undefined> {
  const found = await tx.execute(sql`select ${columnsOf(messages)} from ${messages} where id = ${messageId} for update`)
  return readRows(messages, found)[0]
}

export interface Step {
  status: MessageStatus
  change?: MessageChange
  /** For the trace, besides the message's id. */
  attributes?: Record<string, string | number>
}

/** Writes what became of a locked message, and says so in the trace of its call. */
export async function step(tx: Tx, deps: Deps, message: MessageRow, { status, change, attributes }: Step) {
  const updatedAt = new Date(deps.clock.now())
  const set = { why: null, errorCode: null, sendAfter: null, ...change, status, updatedAt }
  const [row] = readRows(messages, await tx.execute(updateRow(messages, message.id, set)))
  const [call] = message.callId
    ? await tx
        .select({ traceId: calls.traceId, rootSpanId: calls.rootSpanId })
        .from(calls)
        .where(sql`${calls.id} = ${message.callId}`)
    : []
  const told = {
    message_id: message.id,
    ...(message.template ? { template: message.template } : {}),
    ...(set.why ? { why: set.why } : {}),
    ...(set.errorCode ? { error_code: set.errorCode } : {}),
    ...attributes,
  }
  if (call) traceAction(deps, call, message.channel, status, told, message.updatedAt.getTime())
  return row!
}
