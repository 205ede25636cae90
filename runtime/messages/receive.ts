import { optOut } from '../calls/opt-out.ts'
import type { IncomingMessage } from '../carrier/messaging.ts'
import type { Tx } from '../db/connect.ts'
import { and, asc, desc, eq, inArray, isNotNull } from '../db/drizzle.ts'
import { attempts, calls, type Mode, messages, numbers } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { isStopMessage } from '../guardrails/opt-out.ts'
import { phoneOfWhatsApp } from '../guardrails/phone.ts'
import { newId } from '../ids.ts'
import { traceOf } from '../telemetry/spans.ts'

/**
 * A text from a person: kept for one workspace that owns the number it was sent to, and linked to its last call to that person.
 * One that asks to stop is at once an opt-out for all that own it. Safe to repeat: the carrier may post it twice.
 */
export async function receive(deps: Deps, mode: Mode, posted: IncomingMessage): Promise<void> {
  const message = posted.channel === 'whatsapp' ? withNumbers(posted) : posted
  await deps.db.transaction(async (tx) => {
    const owners = mode === 'live' ? await ownersOf(tx, message.to) : await lastWriter(tx, message)
    const keeper = await keeperOf(tx, message, owners)
    if (keeper) await keep(tx, deps, { workspaceId: keeper, mode }, message)
    if (!asksToStop(message)) return
    for (const workspaceId of owners)
      await optOut(tx, deps, { workspaceId, mode, phone: message.from, source: 'message' })
  })
}

/** Opt-outs and calls go by the number, not by WhatsApp's name for it. */
const withNumbers = (message: IncomingMessage): IncomingMessage => ({
  ...message,
  from: phoneOfWhatsApp(message.from),
  to: phoneOfWhatsApp(message.to),
})

const asksToStop = ({ optsOut, body }: IncomingMessage): boolean => optsOut || isStopMessage(body)

/** Who added the number first comes first. */
async function ownersOf(tx: Tx, phone: string): Promise<string[]> {
  const rows = await tx
    .select({ id: numbers.workspaceId })
    .from(numbers)
    .where(eq(numbers.phone, phone))
    .orderBy(asc(numbers.createdAt), asc(numbers.id))
  return rows.map(({ id }) => id)
}

/** Of several owners the one that last wrote to the person or called them from that number: what they write is nobody else's. */
async function keeperOf(
  tx: Tx,
  { carrierId, from, to }: IncomingMessage,
  owners: string[],
): Promise<string | undefined> {
  if (owners.length < 2) return owners[0]
  const [kept] = await tx
    .select({ id: messages.workspaceId })
    .from(messages)
    .where(and(eq(messages.carrierId, carrierId), inArray(messages.workspaceId, owners)))
  if (kept) return kept.id
  const written = [eq(messages.mode, 'live'), eq(messages.toPhone, from), eq(messages.fromPhone, to)]
  const [text] = await tx
    .select({ id: messages.workspaceId, at: messages.askedAt })
    .from(messages)
    .where(
      and(
        ...written,
        eq(messages.direction, 'out'),
        isNotNull(messages.carrierId),
        inArray(messages.workspaceId, owners),
      ),
    )
    .orderBy(desc(messages.askedAt))
    .limit(1)
  const rung = [eq(attempts.mode, 'live'), eq(attempts.phone, from), eq(attempts.fromPhone, to)]
  const [dial] = await tx
    .select({ id: attempts.workspaceId, at: attempts.askedAt })
    .from(attempts)
    .where(and(...rung, isNotNull(attempts.carrierId), inArray(attempts.workspaceId, owners)))
    .orderBy(desc(attempts.askedAt))
    .limit(1)
  if (text && dial) return Number(text.at) > Number(dial.at) ? text.id : dial.id
  return (text ?? dial)?.id ?? owners[0]
}

/** The sandbox's one number is everybody's: a person there answers whoever wrote to them last. */
async function lastWriter(tx: Tx, { from, to, repliesTo }: IncomingMessage): Promise<string[]> {
  const written = [eq(messages.mode, 'test'), eq(messages.toPhone, from), eq(messages.fromPhone, to)]
  return tx
    .select({ id: messages.workspaceId })
    .from(messages)
    .where(and(...written, eq(messages.direction, 'out'), ...(repliesTo ? [eq(messages.carrierId, repliesTo)] : [])))
    .orderBy(desc(messages.createdAt), desc(messages.id))
    .limit(1)
    .then((rows) => rows.map(({ id }) => id))
}

async function keep(
  tx: Tx,
  deps: Deps,
  { workspaceId, mode }: { workspaceId: string; mode: Mode },
  message: IncomingMessage,
): Promise<void> {
  const { carrierId, channel, from: phone, to, body } = message
  const at = new Date(deps.clock.now())
  const [call] = await tx
    .select()
    .from(calls)
    .where(and(eq(calls.workspaceId, workspaceId), eq(calls.mode, mode), eq(calls.phone, phone)))
    .orderBy(desc(calls.createdAt), desc(calls.id))
    .limit(1)
  const row = {
    ...{ id: newId('msg'), workspaceId, mode, callId: call?.id ?? null, channel, carrierId, body },
    ...({ direction: 'in', status: 'received', fromPhone: phone, toPhone: to, createdAt: at, updatedAt: at } as const),
  }
  const [written] = await tx.insert(messages).values(row).onConflictDoNothing().returning({ id: messages.id })
  if (!written) return
  if (call)
    deps.telemetry.span(traceOf(call), 'message.in', {
      startedAt: at.getTime(),
      endedAt: at.getTime(),
      status: asksToStop(message) ? 'opted_out' : 'received',
      attributes: { message_id: row.id, channel },
    })
}
