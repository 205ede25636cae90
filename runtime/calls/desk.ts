import { and, eq, isNull } from 'drizzle-orm'
import { knownSentences, sentencesOf } from '../../flows/language/sentences.ts'
import type { PacedClock } from '../clock.ts'
import { attempts, turns } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { asksToStop, isStopKey } from '../guardrails/opt-out.ts'
import { MILESTONE } from '../telemetry/spans.ts'
import type { Desk, ToolResult, Turn } from '../voice/port.ts'
import { announce } from '../webhooks/announce.ts'
import { advance } from './advance.ts'
import { isCurrent, lockAttempt, placedIn } from './attempt.ts'
import type { PreparedConversation } from './conversation.ts'
import { conversationTools, stopCalling } from './conversation-tools.ts'
import { settle } from './settle.ts'
import { find, type ToolContext } from './tool-context.ts'
import { openTransfer } from './transfer.ts'

/** Somebody picked up a call that is over for us: they hear nothing, and the stream is refused. */
export class AttemptIsOver extends Error {
  override name = 'AttemptIsOver'
}

/** Connects one conversation with everything that lasts: status, answers, bookings, transcript, outcome. */
export function openDesk(
  deps: Deps,
  { context, flowTools }: PreparedConversation,
  carrierId: string,
  clock: PacedClock,
  tell: (news: ToolResult) => void,
): Desk {
  const { attemptId, attempt, call } = context
  const transfer = openTransfer(context, carrierId, tell)
  const runTool = conversationTools(context, transfer)
  const transcript = keepTranscript(deps, call.id, attempt)
  const beganMs = clock.monotonic()
  /** A call that is about to end is not handed over any more. */
  const settling = <T extends ToolResult | undefined>(result: T): T => {
    if (result?.next && result.next !== 'continue') transfer.abandon()
    return result
  }
  const stop = async (source: 'call' | 'keypress') => {
    transfer.abandon()
    return stopCalling(context, source)
  }
  return {
    answered: () => answered(deps, attemptId, carrierId),
    runTool: async (name, args) => settling(await (flowTools.run(name, args) ?? runTool(name, args))),
    turn: (turn) => transcript.add(turn),
    heard: async (text) => (asksToStop(text) ? stop('call') : undefined),
    digit: async (digit) => (isStopKey(digit) ? stop('keypress') : undefined),
    personCame: () => personCame(context),
    waits: () => transfer.waiting,
    lineClosed() {
      transfer.lineClosed()
      flowTools.close()
    },
    async hangUp(by) {
      // Whoever talks to a colleague by now is not ours to hang up.
      if (await transfer.tookOver()) return
      const { carrier } = deps.networks.of(call)
      // The engine cannot say it any more; the carrier can.
      if (by === 'engine_lost') await carrier.dismiss(carrierId, apology(context.language))
      else await carrier.hangUp(carrierId)
    },
    async ended(by, detail) {
      const handedOver = await transfer.tookOver()
      if (handedOver) transcript.add(handover(clock.monotonic() - beganMs))
      await transcript.flush()
      await deps.db
        .update(attempts)
        .set({ mediaEndedAt: new Date(deps.clock.now()), endedBy: handedOver ? 'transferred' : by })
        .where(and(eq(attempts.id, attemptId), isNull(attempts.mediaEndedAt)))
      if (detail) deps.log.warn({ call: call.id, by, detail }, 'a conversation had trouble')
      if (detail && by === 'engine_lost') traceLost(deps, context, detail)
      await settle(deps, { attemptId })
    },
    span(name, startedAt, endedAt, attributes = {}) {
      const ref = { traceId: call.traceId, parentSpanId: context.spanId }
      // In time-lapse the loop lives faster than the trace; what it measured stays in the attributes.
      const lived: Record<string, number> = context.call.pace === 1 ? {} : { lived_ms: Math.round(endedAt - startedAt) }
      const facts = { startedAt: clock.toWall(startedAt), endedAt: clock.toWall(endedAt) }
      deps.telemetry.span(ref, name, { ...facts, attributes: { ...attributes, ...lived } })
    },
  }
}

/** The outcome's reason is one for all: only this tells a key or a quota from a line that dropped. */
function traceLost(deps: Deps, { call, spanId }: ToolContext, detail: string): void {
  const at = deps.clock.now()
  const facts = { startedAt: at, endedAt: at, status: 'failed', attributes: { detail } }
  deps.telemetry.span({ traceId: call.traceId, parentSpanId: spanId }, 'engine.lost', facts)
}

const apology = (language: string) => ({
  text: sentencesOf(language).phrases.trouble,
  language: knownSentences(language) ? language : 'en',
})

/** Their own voice outweighs what the detection, or the model, had taken it for. */
async function personCame(context: ToolContext): Promise<void> {
  const { attemptId } = context
  await find(context, { voicemail: undefined, screened: undefined }, async (tx) => {
    await tx.update(attempts).set({ answeredBy: 'human' }).where(eq(attempts.id, attemptId))
  })
}

/** Where the transcript and the recording end, and why. */
const handover = (atMs: number): Turn => ({
  ...{ role: 'agent', atMs, interrupted: false },
  text: '(The call was handed over to a colleague; what follows is neither recorded nor written down.)',
})

/** @throws AttemptIsOver when the lifecycle has moved on. */
async function answered(deps: Deps, attemptId: string, carrierId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (!found || !isCurrent(found)) throw new AttemptIsOver('the attempt is over')
    const { attempt, call } = found
    if (attempt.carrierId && attempt.carrierId !== carrierId) throw new AttemptIsOver('another call took the attempt')
    // The stream may overtake both the carrier's answer and its callbacks.
    if (!attempt.carrierId) await placedIn(tx, deps, [{ ...found, carrierId }])
    const at = new Date(deps.clock.now())
    const talking = await advance(tx, deps, call, 'answered', { answeredAt: at }, { attempt: attempt.attempt })
    if (!talking) throw new AttemptIsOver(`the call is ${call.status}`)
    await tx.update(attempts).set({ answeredAt: at }).where(eq(attempts.id, attemptId))
    const fields = { attempt: attempt.attempt, provider_call_sid: carrierId }
    await announce(tx, deps, { type: 'call.answered', call: talking, fields })
    deps.telemetry.span({ traceId: call.traceId, parentSpanId: attempt.spanId }, 'call.answered', {
      startedAt: at.getTime(),
      endedAt: at.getTime(),
      attributes: { [MILESTONE]: true, attempt: attempt.attempt },
    })
  })
}

/** Writes turns in their order, one after the other, while the conversation goes on. */
function keepTranscript(deps: Deps, callId: string, attempt: number) {
  let seq = 0
  let written: Promise<unknown> = Promise.resolve()
  return {
    add(turn: Turn) {
      const at = seq++
      written = written
        .then(async () => {
          const row = {
            callId,
            attempt,
            seq: at,
            role: turn.role,
            text: turn.text,
            interrupted: turn.interrupted,
          }
          await deps.db.insert(turns).values({ ...row, atMs: Math.round(turn.atMs) })
        })
        .catch((error) => deps.log.error({ call: callId, err: error }, 'a turn of the transcript could not be written'))
    },
    flush: () => written,
  }
}
