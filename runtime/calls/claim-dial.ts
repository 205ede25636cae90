import { asc, eq, sql } from 'drizzle-orm'
import { isPerson, sandboxNumber } from '../../openapi/sandbox-people.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import { workspaceSettings } from '../access/workspaces.ts'
import type { Tx } from '../db/connect.ts'
import { insertRows } from '../db/rows.ts'
import { attempts, leads, numbers, workspaces } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { flowVersion } from '../flows/read.ts'
import { mayDial, type RefuseReason } from '../guardrails/may-dial.ts'
import { newId, randomToken, sha256 } from '../ids.ts'
import { advance, type CallRow, lockCall } from './advance.ts'
import type { AttemptRow } from './attempt.ts'
import { onCallClock, toCallTime, toRealTime } from './call-time.ts'
import { dialFacts } from './dial-facts.ts'
import { takeTurn } from './dial-turn.ts'
import { finish } from './outcome.ts'

/** How long the carrier may take to accept a dial; after it, this process no longer sends. */
export const SEND_DEADLINE_MS = 10_000
/** From that deadline until the carrier's own list is believed to be complete. */
export const GRACE_MS = 3_000
/** How long a dial waits for another dial of its number to end, or for a process that can carry its media. */
const BLOCKED_RETRY_MS = 2_000
const UNCONFIGURED_RETRY_MS = 10_000

/** The channel on which a process hears of a dial whose media it will carry; the payload is `node id`, a space, `attempt id`. */
export const MEDIA_CHANNEL = 'talkif_media'

/** An attempt that is written, and the right to ask the carrier for it. */
export interface Claim {
  call: CallRow
  attempt: AttemptRow
  /** Admits the media stream, once. */
  streamToken: string
  flow: Flow
}

/**
 * Writes the attempt of a call that may be dialed now, in `tx`. Undefined when it may not, or not now: then what follows from
 * that is written (an outcome, a hold, a later job).
 * @param node the process that will carry the media.
 * @param hasTurn the dial has waited for its turn at the carrier already.
 */
export async function claimDial(
  tx: Tx,
  deps: Deps,
  callId: string,
  node: { id: string; mediaUrl: string } | undefined,
  hasTurn: boolean,
): Promise<Claim | undefined> {
  const call = await lockCall(tx, callId)
  if (!call || !['queued', 'held', 'retry_scheduled'].includes(call.status)) return undefined
  if (deps.networks.unavailable(call.mode)) {
    // A process without the carrier's configuration leaves the dial to one that has it.
    await deps.send(tx, 'dial', { callId }, { delayMs: UNCONFIGURED_RETRY_MS, priority: call.priority })
    return undefined
  }
  const now = new Date(deps.clock.now())
  const [[lead], flow, settings] = await Promise.all([
    tx.select().from(leads).where(eq(leads.id, call.leadId)),
    flowVersion(tx, call.workspaceId, call.flowId, call.flowVersion),
    workspaceSettings(tx, call.workspaceId),
  ])
  // Dials that run side by side must see each other to keep a daily cap.
  if (settings.caps.perDay !== null) await lockWorkspace(tx, call.workspaceId)
  const retryAt = call.status === 'retry_scheduled' && call.notBefore
  const notBefore = retryAt ? toCallTime(call, retryAt) : lead!.notBefore && onCallClock(call, lead!.notBefore)
  const verdict = mayDial(await dialFacts(tx, { call, lead: lead!, flow, settings, now, notBefore }))
  if (verdict.kind === 'refuse') {
    await finish(tx, deps, call, 'refused', refusal(verdict.reason))
    return undefined
  }
  if (verdict.kind === 'hold') {
    const until = toRealTime(call, verdict.until)
    await hold(tx, deps, call, until, verdict.reason)
    return undefined
  }
  const from = await outboundNumber(tx, call)
  if (!from) {
    await finish(tx, deps, call, 'refused', { outcome: 'no_answer', reason: 'no_outbound_number' })
    return undefined
  }
  const wait = hasTurn ? 0 : await takeTurn(tx, deps, call.mode)
  if (wait > 0) {
    await deps.send(tx, 'dial', { callId, hasTurn: true }, { delayMs: wait, priority: call.priority })
    return undefined
  }
  const claim = node && (await writeAttempt(tx, deps, call, from, node, now))
  if (claim) return { ...claim, flow }
  await deps.send(tx, 'dial', { callId }, { delayMs: BLOCKED_RETRY_MS, priority: call.priority })
  return undefined
}

const refusal = (reason: RefuseReason) =>
  reason === 'opted_out'
    ? ({ outcome: 'not_fit', reason: 'opted_out' } as const)
    : ({ outcome: 'no_answer', reason } as const)

/** Waits for the window to open. A retry that comes too early by its own clock keeps its status. */
async function hold(tx: Tx, deps: Deps, call: CallRow, until: Date, reason: string): Promise<void> {
  const keepsStatus = reason === 'not_before' && call.status === 'retry_scheduled'
  if (!keepsStatus) await advance(tx, deps, call, 'held', { notBefore: until, reason })
  const delayMs = Math.max(until.getTime() - deps.clock.now(), 0)
  await deps.send(tx, 'dial', { callId: call.id }, { delayMs, priority: call.priority })
}

async function outboundNumber(tx: Tx, call: CallRow): Promise<string | undefined> {
  if (call.mode === 'test') return sandboxNumber
  const [row] = await tx
    .select({ phone: numbers.phone })
    .from(numbers)
    .where(eq(numbers.workspaceId, call.workspaceId))
    .orderBy(asc(numbers.createdAt))
    .limit(1)
  return row?.phone
}

/** Until `tx` ends no other dial of this workspace is decided. */
const lockWorkspace = (tx: Tx, workspaceId: string) =>
  tx.select({ id: workspaces.id }).from(workspaces).where(eq(workspaces.id, workspaceId)).for('update')

/** Undefined when another dial of this number is still open. */
async function writeAttempt(
  tx: Tx,
  deps: Deps,
  call: CallRow,
  fromPhone: string,
  node: { id: string; mediaUrl: string },
  now: Date,
): Promise<Omit<Claim, 'flow'> | undefined> {
  const streamToken = randomToken(24)
  const attempt: AttemptRow = {
    id: newId('att'),
    callId: call.id,
    workspaceId: call.workspaceId,
    mode: call.mode,
    attempt: call.attemptsMade + 1,
    phone: call.phone,
    fromPhone,
    lockKey: lockKey(call),
    fence: randomToken(12),
    mediaUrl: node.mediaUrl,
    streamTokenHash: sha256(streamToken),
    askedAt: now,
    deadlineAt: new Date(now.getTime() + SEND_DEADLINE_MS),
    spanId: deps.telemetry.newSpanId(),
    ...unset,
  }
  const insert = insertRows(attempts, [attempt], 'on conflict (lock_key) do nothing returning id')
  const written = await tx.execute(insert)
  if (written.length === 0) return undefined
  const firstDialAt = call.firstDialAt ?? now
  const [dialing] = await Promise.all([
    advance(
      tx,
      deps,
      call,
      'dialed',
      { ...afresh(call), attemptsMade: attempt.attempt, firstDialAt },
      { attempt: attempt.attempt },
    ),
    deps.send(tx, 'reconcile', { attemptId: attempt.id }, { delayMs: SEND_DEADLINE_MS + GRACE_MS }),
    tx.execute(sql`select pg_notify(${MEDIA_CHANNEL}, ${`${node.id} ${attempt.id}`})`),
  ])
  return dialing && { call: dialing, attempt, streamToken }
}

/** What an attempt that begins does not know yet. */
const unset = {
  streamTokenUsedAt: null,
  carrierId: null,
  answeredAt: null,
  endedAt: null,
  result: null,
  answeredBy: null,
  errorCode: null,
  mediaEndedAt: null,
  endedBy: null,
}

/** What an earlier attempt found out about itself says nothing of this one: who answered it, and how it ended. */
const afresh = ({ findings }: CallRow) => ({
  answeredAt: null,
  findings: { ...findings, voicemail: undefined, finished: undefined },
})

/** The carrier's lists know numbers, not attempts: two open dials of one number could not be told apart. */
function lockKey(call: CallRow): string | null {
  if (call.mode === 'live') return `live ${call.phone}`
  return isPerson(call.phone) ? null : `test ${call.workspaceId} ${call.phone}`
}
