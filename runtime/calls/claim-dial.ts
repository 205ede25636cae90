import { isPerson } from '../../openapi/sandbox-people.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq, sql } from '../db/drizzle.ts'
import { anyOf, insertRows } from '../db/rows.ts'
import { attempts, calls } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { newId, randomToken, sha256 } from '../ids.ts'
import type { Jobs } from '../jobs/queues.ts'
import { advanceAll, type CallRow, lockCalls, type Move } from './advance.ts'
import type { AttemptRow } from './attempt.ts'
import { type Allowed, dialLater, inTurn, judgeDials } from './judge-dials.ts'

/** How long the carrier may take to accept a dial; after it, this process no longer sends. */
export const SEND_DEADLINE_MS = 10_000
/** From that deadline until the carrier's own list is believed to be complete. */
export const GRACE_MS = 3_000
/** How long a dial waits for another dial of its number to end, or for a process that can carry its media. */
const BLOCKED_RETRY_MS = 2_000
const UNCONFIGURED_RETRY_MS = 10_000

/** Why a call waits whose carrier cannot be reached. */
export const CARRIER_UNAVAILABLE = 'carrier_unavailable'

const WAITING = ['queued', 'held', 'retry_scheduled']

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
 * Writes the attempts of calls that may be dialed now, in one transaction, and answers each with its claim. Undefined when a call
 * may not, or not now: then what follows from that is written (an outcome, a hold, a later job).
 */
export async function claimDials(deps: Deps, asked: Jobs['dial'][]): Promise<(Claim | undefined)[]> {
  const claims = await deps.db.transaction((tx) => claim(tx, deps, asked))
  return asked.map(({ callId }) => {
    const own = claims.get(callId)
    // Two jobs for one call ring once.
    claims.delete(callId)
    return own
  })
}

async function claim(tx: Tx, deps: Deps, asked: Jobs['dial'][]): Promise<Map<string, Claim>> {
  const waiting = await lockWaiting(tx, [...new Set(asked.map(({ callId }) => callId))])
  // A process without the carrier's configuration leaves the dial to one that has it.
  const [elsewhere, here] = split(waiting, ({ mode }) => deps.networks.unavailable(mode) !== undefined)
  for (const call of elsewhere) await dialLater(tx, deps, call, UNCONFIGURED_RETRY_MS)
  const [open, away] = split(here, (call) => deps.networks.of(call).outage.waitMs === 0)
  await waitForCarrier(tx, deps, away)
  if (!open.length) return new Map()
  const now = new Date(deps.clock.now())
  const allowed = await judgeDials(tx, deps, open, now)
  const hadTurn = new Set(asked.filter(({ hasTurn }) => hasTurn).map(({ callId }) => callId))
  const inLine = await inTurn(tx, deps, allowed, hadTurn)
  const [ready, behind] = split(inLine, ({ call }) => deps.networks.of(call).outage.mayTry())
  await waitForCarrier(
    tx,
    deps,
    behind.map(({ call }) => call),
  )
  const claims = ready.length ? await writeAttempts(tx, deps, ready, now) : new Map<string, Claim>()
  for (const { call } of ready) if (!claims.has(call.id)) await dialLater(tx, deps, call, BLOCKED_RETRY_MS)
  return claims
}

function split<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  const first = all.filter(isFirst)
  return [first, all.filter((one) => !first.includes(one))]
}

/** Nobody is at the carrier's end: the call says so, and asks again. */
async function waitForCarrier(tx: Tx, deps: Deps, waiting: CallRow[]): Promise<void> {
  if (!waiting.length) return
  for (const call of waiting) await dialLater(tx, deps, call, deps.networks.of(call).outage.waitMs)
  const ids = anyOf(waiting.map(({ id }) => id))
  await tx
    .update(calls)
    .set({ reason: CARRIER_UNAVAILABLE })
    .where(and(sql`${calls.id} = ${ids}`, eq(calls.status, 'queued')))
}

/** In the order in which they were asked for, which is that of their priority. */
async function lockWaiting(tx: Tx, ids: string[]): Promise<CallRow[]> {
  const waiting = (await lockCalls(tx, ids)).filter(({ status }) => WAITING.includes(status))
  return waiting.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))
}

/** The claims by call; without those for whose number another dial is still open, or whose media nobody can carry. */
async function writeAttempts(tx: Tx, deps: Deps, ready: Allowed[], now: Date): Promise<Map<string, Claim>> {
  const nodes = await Promise.all(ready.map(({ call }) => deps.networks.mediaNode(call.mode)))
  const begun = ready.flatMap((it, at) => (nodes[at] ? [beginning(deps, it, nodes[at], now)] : []))
  if (!begun.length) return new Map()
  // In one order, two transactions that meet in two numbers never wait for each other for ever.
  const rows = begun.map(({ attempt }) => attempt).toSorted((a, b) => ((a.lockKey ?? '') < (b.lockKey ?? '') ? -1 : 1))
  const inserted = await tx.execute<{ id: string }>(
    insertRows(attempts, rows, 'on conflict (lock_key) do nothing returning id'),
  )
  const ids = new Set(inserted.map(({ id }) => id))
  const written = begun.filter(({ attempt }) => ids.has(attempt.id))
  if (!written.length) return new Map()
  const notices = written.map(({ attempt, nodeId }) => `${nodeId} ${attempt.id}`)
  const [dialing] = await Promise.all([
    advanceAll(tx, deps, written.map(dialed)),
    deps.sendAll(
      tx,
      'reconcile',
      written.map(({ attempt }) => ({
        data: { attemptId: attempt.id },
        options: { delayMs: SEND_DEADLINE_MS + GRACE_MS },
      })),
    ),
    tx.execute(sql`select pg_notify(${MEDIA_CHANNEL}, notice)
      from json_array_elements_text(${JSON.stringify(notices)}::text::json) as notice`),
  ])
  return new Map(written.map(({ nodeId, ...it }) => [it.call.id, { ...it, call: dialing.get(it.call.id)! }]))
}

/** @param node the process that will carry the media. */
function beginning(deps: Deps, { call, flow, from }: Allowed, node: { id: string; mediaUrl: string }, now: Date) {
  const streamToken = randomToken(24)
  const attempt: AttemptRow = {
    id: newId('att'),
    callId: call.id,
    workspaceId: call.workspaceId,
    mode: call.mode,
    attempt: call.attemptsMade + 1,
    phone: call.phone,
    fromPhone: from,
    lockKey: lockKey(call),
    fence: randomToken(12),
    mediaUrl: node.mediaUrl,
    streamTokenHash: sha256(streamToken),
    askedAt: now,
    deadlineAt: new Date(now.getTime() + SEND_DEADLINE_MS),
    spanId: deps.telemetry.newSpanId(),
    ...unset,
  }
  return { call, attempt, streamToken, flow, nodeId: node.id }
}

const dialed = ({ call, attempt: { attempt, askedAt } }: Claim): Move => ({
  ...{ call, event: 'dialed', detail: { attempt } },
  change: { ...afresh(call), attemptsMade: attempt, firstDialAt: call.firstDialAt ?? askedAt },
})

/** What an attempt that begins does not know yet. */
const unset = {
  streamTokenUsedAt: null,
  mediaNode: null,
  carrierId: null,
  answeredAt: null,
  endedAt: null,
  result: null,
  answeredBy: null,
  errorCode: null,
  mediaEndedAt: null,
  recordingLost: false,
  endedBy: null,
}

/** What an earlier attempt found out about itself says nothing of this one: who answered it, and how it ended. */
const afresh = ({ findings }: CallRow) => ({
  answeredAt: null,
  findings: { ...findings, voicemail: undefined, screened: undefined, finished: undefined },
})

/** The carrier's lists know numbers, not attempts: two open dials of one number could not be told apart. */
function lockKey(call: CallRow): string | null {
  if (call.mode === 'live') return `live ${call.phone}`
  return isPerson(call.phone) ? null : `test ${call.workspaceId} ${call.phone}`
}
