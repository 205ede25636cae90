import { knownSentences, sentencesOf } from '../../flows/language/sentences.ts'
import type { PacedClock } from '../clock.ts'
import { isDatabaseDown } from '../db/connect.ts'
import { and, eq, isNull } from '../db/drizzle.ts'
import { attempts, turns } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { asksToStop } from '../guardrails/opt-out.ts'
import { farewellOf } from '../handoffs/brief.ts'
import { MILESTONE } from '../telemetry/spans.ts'
import type { Desk, ToolResult, Turn } from '../voice/port.ts'
import { announce } from '../webhooks/announce.ts'
import { advance } from './advance.ts'
import { isCurrent, lockAttempt, placedIn } from './attempt.ts'
import type { Book } from './book.ts'
import type { PreparedConversation } from './conversation.ts'
import { conversationTools, stopCalling } from './conversation-tools.ts'
import { createSaidTogether } from './said-together.ts'
import { settle } from './settle.ts'
import { createStopKey } from './stop-key.ts'
import { find, type ToolContext } from './tool-context.ts'
import { openTransfer } from './transfer/transfer.ts'

/** Somebody picked up a call that is over for us: they hear nothing, and the stream is refused. */
export class AttemptIsOver extends Error {
  override name = 'AttemptIsOver'
}

/** The call at the carrier, and the process here that carries it. */
interface Place {
  carrierId: string
  nodeId: string
}

/** What the desk says to the conversation. */
export interface Line {
  /** Gives the agent news, and lets it speak. */
  tell(news: ToolResult): void
  /** The attempt is over: whoever picked up must not be talked to. */
  over(): void
}

/** Connects one conversation with everything that lasts: status, answers, bookings, transcript, outcome. */
export function openDesk(
  deps: Deps,
  { context, flowTools }: PreparedConversation,
  place: Place,
  clock: PacedClock,
  line: Line,
): Desk {
  const { attemptId, attempt, book, call } = context
  const { carrierId } = place
  const transfer = openTransfer(context, carrierId, line.tell)
  const runTool = conversationTools(context, transfer)
  const transcript = keepTranscript(deps, book, { callId: call.id, attempt })
  const beganMs = clock.monotonic()
  const stopKey = createStopKey(clock)
  const saidTogether = createSaidTogether(clock)
  /** For a call that is about to end nobody goes on ringing. */
  const settling = <T extends ToolResult | undefined>(result: T): T => {
    if (result?.next && result.next !== 'continue' && result.next !== 'wait') transfer.abandon()
    return result
  }
  const stop = async (source: 'call' | 'keypress') => {
    transfer.abandon()
    return stopCalling(context, source)
  }
  return {
    answered() {
      const heardMs = deps.clock.now()
      return book.record(() =>
        answered(deps, attemptId, place, heardMs).catch((error) => {
          if (!isDatabaseDown(error)) line.over()
          throw error
        }),
      )
    },
    runTool: async (name, args) => settling(await (flowTools.run(name, args) ?? runTool(name, args))),
    turn: (turn) => transcript.add(turn),
    heard: async (text) => {
      const together = saidTogether(text)
      return asksToStop(text) || asksToStop(together) ? stop('call') : undefined
    },
    digit: async (digit) => ((await stopKey.pressed(digit)) ? stop('keypress') : undefined),
    personCame: () => personCame(context),
    waits: () => transfer.waiting,
    lineClosed() {
      stopKey.lineClosed()
      transfer.lineClosed()
      flowTools.close()
    },
    async hangUp(by) {
      // Whoever talks to a colleague by now is not ours to hang up.
      if (transfer.moving && (await transfer.tookOver())) return
      const { carrier } = deps.networks.of(call)
      // The engine cannot say it any more, or may not; the carrier can.
      if (by === 'engine_lost' || by === 'shutdown') await carrier.dismiss(carrierId, apology(context.language))
      else await carrier.hangUp(carrierId)
    },
    async ended(by, detail) {
      const handedOver = await transfer.tookOver()
      const last = transfer.alone ? farewellOf('alone', context.language) : HANDOVER
      if (handedOver)
        transcript.add({ role: 'agent', text: last, atMs: clock.monotonic() - beganMs, interrupted: false })
      const end = { mediaEndedAt: new Date(deps.clock.now()), endedBy: handedOver ? 'transferred' : by }
      const notEnded = and(eq(attempts.id, attemptId), isNull(attempts.mediaEndedAt))
      const written = book.record(() => deps.db.update(attempts).set(end).where(notEnded))
      const settled = book.record(() => settle(deps, { attemptId }))
      if (detail) deps.log.warn({ call: call.id, by, detail }, 'a conversation had trouble')
      if (detail && by === 'engine_lost') traceLost(deps, context, detail)
      await Promise.all([written, settled])
      await book.flush()
    },
    span(name, startedAt, endedAt, attributes = {}, parentSpanId = context.spanId) {
      const ref = { traceId: call.traceId, parentSpanId }
      // In time-lapse the loop lives faster than the trace; what it measured stays in the attributes.
      const lived: Record<string, number> = context.call.pace === 1 ? {} : { lived_ms: Math.round(endedAt - startedAt) }
      const facts = { startedAt: clock.toWall(startedAt), endedAt: clock.toWall(endedAt) }
      return deps.telemetry.span(ref, name, { ...facts, attributes: { ...attributes, ...lived } })
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

/** Their own voice outweighs what the detection, or the model, had taken it for, or takes it for later. */
async function personCame(context: ToolContext): Promise<void> {
  const { attemptId } = context
  await find(context, { voicemail: undefined, screened: undefined }, async (tx) => {
    await tx.update(attempts).set({ answeredBy: 'human' }).where(eq(attempts.id, attemptId))
  })
}

/** Where the transcript and the recording end, and why. */
const HANDOVER = '(The call was handed over to a colleague; what follows is neither recorded nor written down.)'

/** Written later than this, somebody's answer had to wait for the database. */
const LATE_MS = 5_000

/** @throws AttemptIsOver when the lifecycle has moved on. */
async function answered(deps: Deps, attemptId: string, place: Place, heardMs: number): Promise<void> {
  const { carrierId, nodeId } = place
  await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (!found || !isCurrent(found)) throw new AttemptIsOver('the attempt is over')
    const { attempt, call } = found
    // Written before: a token opens one stream.
    if (attempt.answeredAt) return
    if (attempt.carrierId && attempt.carrierId !== carrierId) throw new AttemptIsOver('another call took the attempt')
    // The stream may overtake both the carrier's answer and its callbacks.
    if (!attempt.carrierId) await placedIn(tx, deps, [{ ...found, carrierId }])
    const nowMs = deps.clock.now()
    // Told by then, it stands behind the dial in the trace.
    const at = new Date(nowMs - heardMs < LATE_MS ? nowMs : heardMs)
    const talking = await advance(tx, deps, call, 'answered', { answeredAt: at }, { attempt: attempt.attempt })
    if (!talking) throw new AttemptIsOver(`the call is ${call.status}`)
    await tx.update(attempts).set({ answeredAt: at, mediaNode: nodeId }).where(eq(attempts.id, attemptId))
    const fields = { attempt: attempt.attempt, provider_call_sid: carrierId }
    await announce(tx, deps, { type: 'call.answered', call: talking, fields })
    deps.telemetry.span({ traceId: call.traceId, parentSpanId: attempt.spanId }, 'call.answered', {
      startedAt: at.getTime(),
      endedAt: at.getTime(),
      attributes: { [MILESTONE]: true, attempt: attempt.attempt },
    })
  })
}

/** Turns have their numbers before they are written: one that is written twice is there once, and one that is lost leaves a gap. */
function keepTranscript(deps: Deps, book: Book, of: { callId: string; attempt: number }) {
  let seq = 0
  return {
    add({ role, text, interrupted, atMs }: Turn) {
      const row = { ...of, seq: seq++, role, text, interrupted, atMs: Math.round(atMs) }
      book
        .record(() => deps.db.insert(turns).values(row).onConflictDoNothing(), { droppable: true })
        .catch((error) =>
          deps.log.error({ call: of.callId, err: error }, 'a turn of the transcript could not be written'),
        )
    },
  }
}
