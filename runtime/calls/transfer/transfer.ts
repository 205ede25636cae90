import type { HandoffResult } from '../../../openapi/schemas/call.ts'
import { CarrierUnavailable } from '../../carrier/port.ts'
import { pause } from '../../clock.ts'
import { eq } from '../../db/drizzle.ts'
import { calls, type TransferResult, type TransferState, transfers } from '../../db/schema.ts'
import { briefOf } from '../../handoffs/brief.ts'
import { beginTransfer, type TransferEvent, tasksOf } from '../../handoffs/transfer.ts'
import { newId, randomToken } from '../../ids.ts'
import type { ToolResult } from '../../voice/port.ts'
import { find, type ToolContext } from '../tool-context.ts'
import { isDown } from './event.ts'
import { LOOK_AGAIN_MS } from './look.ts'
import { pickQueue, type Queue } from './queue.ts'
import { ringColleague } from './ring.ts'
import { changeTransfer, readTransfer, type TransferRow } from './rows.ts'
import { tidy } from './tasks.ts'
import { traceTransfer } from './trace.ts'

/** The warm transfer of one conversation; there is one at most. */
export interface Transfer {
  /** Begins to ring; the agent and the lead talk on meanwhile. Says at once when nobody can be rung. */
  begin(reason: string): Promise<ToolResult>
  /** The lead does not want to wait: nobody goes on ringing. One that has not begun may still be asked for. */
  abandon(): void
  /** The agent's line to the lead is down: nobody goes on ringing, nor begins to. */
  lineClosed(): void
  /** Colleagues are being rung. */
  readonly waiting: boolean
  /** The lead is on the way to a colleague, or with one: the line may not be ours any more. */
  readonly moving: boolean
  /** Settles when it is decided and written: true when the lead was moved to a colleague, and the line is no longer ours. */
  tookOver(): Promise<boolean>
  /** They were moved, and found nobody there: the carrier says so to them, and ends the call. */
  readonly alone: boolean
}

const RINGING = {
  ringing: true,
  say: 'Say in one short sentence that you are trying to reach a colleague. You may talk on.',
}
const NEXT = { ringing: true, say: 'Nobody has accepted yet, and you try the next one. Say so in one short sentence.' }

/** @param tell gives the agent news, and lets it speak. */
export function openTransfer(context: ToolContext, leadCarrierId: string, tell: (news: ToolResult) => void): Transfer {
  const { deps, call } = context
  const gone = new AbortController()
  const closed = Promise.withResolvers<void>()
  let begun: Promise<ToolResult> | undefined
  let driven: Promise<boolean> | undefined
  /** Whether anybody is rung at all. */
  let decided = false
  let waiting = false
  let moving = false
  let alone = false

  /** Until the lead talks to a colleague, which is true, or stays with the agent. */
  async function run(row: TransferRow, queue: Queue, reason: string): Promise<boolean> {
    const moves = () => {
      moving = true
    }
    const driving = { reason, gone: gone.signal, closed: closed.promise, moves, tell }
    const state = await drive(context, row, driving).catch((error) => giveUp(context, row, error))
    await conclude(context, row, state, reason).catch((error) =>
      deps.log.error({ call: call.id, transfer: row.id, err: error }, 'what came of a transfer could not be written'),
    )
    waiting = false
    alone = state.lead === 'moved' && state.result !== 'accepted'
    if (state.lead === 'talking' && !gone.signal.aborted)
      tell(nobody(state.result ?? 'failed', queue.settings.fallback))
    return state.lead === 'moved' || state.phase === 'bridged'
  }

  async function begin(reason: string): Promise<ToolResult> {
    const { queue, name, why, fallback } = await pickQueue(context)
    if (!queue || gone.signal.aborted) {
      const result = why ? 'closed' : 'callback'
      await find(context, { handoff: { queue: name, reason, result } })
      if (why) traceTransfer(context, { result, queue: name ?? '', why })
      return nobody(result, fallback)
    }
    const row = await write(context, leadCarrierId, queue)
    await find(context, { handoff: { queue: queue.name, reason } })
    waiting = true
    driven = run(row, queue, reason)
    return { output: RINGING }
  }

  return {
    begin(reason) {
      if (waiting) return Promise.resolve({ output: RINGING })
      if (decided) return Promise.resolve({ output: { transferred: false, callback: true, say: PROMISED } })
      begun ??= begin(reason).finally(() => {
        decided = true
      })
      // What failed before anybody was rung can be tried again.
      begun.catch(() => {
        begun = undefined
        decided = false
      })
      return begun
    },
    abandon() {
      if (begun) gone.abort()
    },
    lineClosed() {
      gone.abort()
      closed.resolve()
    },
    get waiting() {
      return waiting
    },
    get moving() {
      return moving
    },
    get alone() {
      return alone
    },
    async tookOver() {
      await begun?.catch(() => undefined)
      return (await driven) ?? false
    },
  }
}

/** How long after the move of the lead whoever accepted must still be there, in time of the call: carriers take a moment. */
const ARRIVAL_MS = 500

/** How often a transfer is looked at while the process shuts down. */
const STOPPING_MS = 200

const OFFER = 'Nobody is free. Say so, and offer that a colleague calls back; then go on, or say goodbye.'
const TAKE_MESSAGE = 'Nobody is free. Say so, ask what you should pass on, and call take_message with their words.'

const PROMISED = 'A colleague calls back: say so once more, and go on.'

/** The agent is back, or still there, and the conversation goes on. */
const nobody = (reason: HandoffResult, fallback: Queue['settings']['fallback'] | undefined): ToolResult => ({
  output: { transferred: false, callback: true, reason, say: fallback === 'voicemail' ? TAKE_MESSAGE : OFFER },
})

async function write(context: ToolContext, leadCarrierId: string, { name, settings }: Queue): Promise<TransferRow> {
  const { deps, call, attemptId, language, fromPhone } = context
  const { targets, order, timeout_seconds: ringSeconds } = settings
  const row: TransferRow = {
    ...{ id: newId('xfer'), callId: call.id, attemptId, workspaceId: call.workspaceId, mode: call.mode },
    ...{ queue: name, targets, ringSeconds, state: beginTransfer(targets.length, order), room: randomToken(24) },
    ...{ fromPhone, leadCarrierId, language, spanId: deps.telemetry.newSpanId() },
    ...{ startedAt: new Date(deps.clock.now()), endedAt: null },
  }
  await deps.db.transaction(async (tx) => {
    await tx.insert(transfers).values(row)
    await deps.send(tx, 'transfer', { transferId: row.id }, { delayMs: LOOK_AGAIN_MS[call.mode] })
  })
  return row
}

interface Driving {
  reason: string
  gone: AbortSignal
  /** Settles when the agent's line to the lead is down. */
  closed: Promise<void>
  /** The lead is about to be moved. */
  moves(): void
  tell(news: ToolResult): void
}

/**
 * Does what each state asks for, until the lead has been taken over or stays with the agent. A database that is away is waited for:
 * whoever accepts meanwhile is in the room, and nobody else would bring the lead there.
 */
async function drive(context: ToolContext, row: TransferRow, driving: Driving): Promise<TransferState> {
  const { deps, call, book } = context
  const { reason, gone, tell } = driving
  const brief = await book.ask(() => composeBrief(context, reason))
  let rung = 0
  for (;;) {
    // Before it is read, so that what changes meanwhile is not slept through.
    const changed = deps.callChanges.next(call.id, LOOK_AGAIN_MS[call.mode], gone.aborted ? undefined : gone)
    const { state } = (await book.ask(() => readTransfer(deps, row.id)))!
    if (state.phase === 'bridged' || state.phase === 'over') return state
    if (gone.aborted && state.lead === 'talking') {
      await book.ask(() => changeTransfer(deps, row.id, [{ type: 'lead_gone' }]))
      continue
    }
    for (const task of tasksOf(state)) {
      const moved = task.do === 'move_lead' ? await moveLead(context, row, driving) : undefined
      if (moved) return moved
      if (task.do !== 'ring') continue
      if (rung++ > 0 && state.order === 'in_turn') tell({ output: NEXT })
      ringColleague(deps, call, row, task.leg, brief).catch((error) =>
        deps.log.error({ transfer: row.id, err: error }, 'a colleague could not be rung'),
      )
    }
    await tidy(deps, call, { ...row, state })
    // A process that shuts down wakes nobody any more; its conversations still end in peace.
    await (deps.callChanges.stopped ? pause(deps.clock, STOPPING_MS, gone) : changed)
  }
}

/** A transfer that cannot go on: nobody waits for it any more, and the lead stays with the agent. */
async function giveUp({ deps, call, book }: ToolContext, row: TransferRow, error: unknown): Promise<TransferState> {
  deps.log.error({ call: call.id, transfer: row.id, err: error }, 'a transfer failed')
  const over = await book
    .ask(() => changeTransfer(deps, row.id, [{ type: 'not_moved' }]))
    // The process ends without the database: the job that looks after the transfer sees to them.
    .catch(() => undefined)
  return over?.row.state ?? { ...row.state, phase: 'over', result: 'failed' }
}

/** With the answers as they are by now. */
async function composeBrief(
  { deps, call, flow, lead, settings, language }: ToolContext,
  reason: string,
): Promise<string> {
  const [row] = await deps.db.select({ answers: calls.answers }).from(calls).where(eq(calls.id, call.id))
  const agent = flow.agent.name ?? 'Talkif'
  const business = flow.agent.business ?? settings.business.name
  return briefOf({ agent, business, name: lead.name, reason, answers: row?.answers ?? {}, language })
}

/** @returns the state that the move led to; later ones no longer tell where the lead was. */
async function moveLead(
  context: ToolContext,
  { id, leadCarrierId, room }: TransferRow,
  { gone, closed, moves }: Driving,
): Promise<TransferState | undefined> {
  if (gone.aborted) return undefined
  moves()
  const { deps, call, book } = context
  const { carrier } = deps.networks.of(call)
  const moving = await book.ask(() => changeTransfer(deps, id, [{ type: 'moving' }]))
  // Also when an earlier try was written, and its answer lost.
  if (moving?.row.state.lead !== 'moving') return undefined
  const tell = async (event: TransferEvent) => (await book.ask(() => changeTransfer(deps, id, [event])))?.row.state
  try {
    if (!(await carrier.moveToRoom(leadCarrierId, room))) {
      // Who hung up on the way did not wait, though the carrier may tell us so only later.
      const lead = await carrier.getCall(leadCarrierId)
      return await tell({ type: lead && isDown(lead.status) ? 'lead_ended' : 'not_moved' })
    }
  } catch (error) {
    if (!(error instanceof CarrierUnavailable)) throw error
    deps.log.warn({ call: call.id, transfer: id, err: error }, 'the carrier did not say whether the lead was moved')
    // Should they be on the way after all, the agent's line goes down: then they must not wait in an empty room.
    closed
      .then(() => carrier.hangUp(leadCarrierId))
      .catch((fault) => deps.log.warn({ call: call.id, err: fault }, 'a lead could not be hung up'))
    return tell({ type: 'not_moved' })
  }
  return tell({ type: 'moved', met: await haveMet(context, moving.row) })
}

/** Whether the lead found somebody in the room. It ends for both: who is still in it when the other is not was alone from the start. */
async function haveMet({ deps, call }: ToolContext, { id, leadCarrierId, state }: TransferRow): Promise<boolean> {
  const { carrier } = deps.networks.of(call)
  const isThere = async (carrierId: string) => {
    const known = await carrier.getCall(carrierId)
    return known !== null && !isDown(known.status)
  }
  await pause(deps.clock, ARRIVAL_MS / call.pace)
  try {
    return (await isThere(state.legs[state.winner!]!.carrierId!)) || !(await isThere(leadCarrierId))
  } catch (error) {
    if (!(error instanceof CarrierUnavailable)) throw error
    deps.log.warn({ call: call.id, transfer: id, err: error }, 'the carrier did not say whether a lead was alone')
    return true
  }
}

/** Writes what came of it, and lets nobody wait for it any more. */
async function conclude(context: ToolContext, row: TransferRow, state: TransferState, reason: string): Promise<void> {
  const result: TransferResult = state.result ?? 'accepted'
  const who = state.winner === null || result !== 'accepted' ? undefined : row.targets[state.winner]
  const target = who && (who.name ?? who.phone ?? who.sip)
  await find(context, { handoff: { queue: row.queue, reason, result, ...(target ? { target } : {}) } })
  traceTransfer(context, { result, queue: row.queue, row: { ...row, state } })
  await tidy(context.deps, context.call, { ...row, state })
}
