import type { WebSocket } from 'ws'
import type { MediaStream } from '../carrier/port.ts'
import { acceptMediaStream } from '../carrier/twilio/media-stream.ts'
import { faster, type PacedClock, pause } from '../clock.ts'
import { isDatabaseDown } from '../db/connect.ts'
import { and, eq, isNull } from '../db/drizzle.ts'
import { attempts } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { sha256 } from '../ids.ts'
import { openCascade } from '../voice/cascade/engine.ts'
import { type Engine, openEngine } from '../voice/engine.ts'
import { type Loop, startLoop } from '../voice/loop.ts'
import { callOfAttempt, isCurrent } from './attempt.ts'
import type { Book } from './book.ts'
import { VERDICT_CHANNEL } from './carrier-event.ts'
import { MEDIA_CHANNEL } from './claim-dial.ts'
import { type PreparedConversation, prepareConversation } from './conversation.ts'
import { openDesk } from './desk.ts'
import { type MediaNode, registerNode } from './media-nodes.ts'
import { openRecording } from './recording.ts'

export interface Media {
  /** Takes a fresh WebSocket of the carrier; refuses it when no running attempt admits it. */
  accept(socket: WebSocket): Promise<void>
  /** Conversations running in this process. */
  readonly active: number
  /** Takes no new dial, lets phones ring out and conversations end, and ends what is left after `ms`. */
  drain(ms: number): Promise<void>
}

interface Ready {
  prepared: PreparedConversation
  engine: Engine
  /** Runs at the call's pace. */
  clock: PacedClock
}

const START_TIMEOUT_MS = 10_000
const DRAIN_STEP_MS = 100
/** How much longer than conversations may last, at the end of the process, a database that is away is waited for. */
const LAST_TRIES_MS = 10_000

/**
 * The conversations this process carries. The engine of a dial is opened while the phone rings, when its dialer says so on
 * `MEDIA_CHANNEL`; a process that missed it opens the engine when somebody picks up.
 */
export async function openMedia(deps: Deps, node: MediaNode): Promise<Media> {
  /** Of phones that ring. */
  const ready = new Map<string, Promise<Ready | undefined>>()
  const loops = new Map<string, Loop>()
  /** Streams from their first byte until everything about them is written. */
  const carried = new Set<Promise<void>>()
  const books = new Set<Book>()
  const closing = new AbortController()
  let over = false

  const prepare = (attemptId: string): Promise<Ready | undefined> => {
    const opened = openFor(deps, attemptId)
    ready.set(attemptId, opened)
    watchUnanswered(
      deps,
      attemptId,
      closing.signal,
      () => ready.get(attemptId) === opened && ready.delete(attemptId),
      opened,
    ).catch((error) => deps.log.error({ err: error, attempt: attemptId }, 'a prepared engine could not be watched'))
    return opened
  }
  const listening = await deps.sql.listen(MEDIA_CHANNEL, (payload) => {
    const [nodeId, attemptId] = payload.split(' ')
    if (nodeId !== node.id || !attemptId || over) return
    prepare(attemptId).catch((error) =>
      deps.log.warn({ err: error, attempt: attemptId }, 'an engine could not be opened ahead'),
    )
  })
  // After the line to the database was down, what was said meanwhile is looked up.
  const verdicts = await deps.sql.listen(VERDICT_CHANNEL, tellVerdict, () => {
    for (const attemptId of loops.keys()) tellVerdict(attemptId)
  })
  const registered = await registerNode(deps, node)

  function tellVerdict(attemptId: string): void {
    if (!loops.has(attemptId)) return
    callOfAttempt(deps, attemptId)
      .then((found) => found?.attempt.answeredBy && loops.get(attemptId)?.verdict(found.attempt.answeredBy))
      .catch((error) =>
        deps.log.warn({ err: error, attempt: attemptId }, 'a conversation could not be told who picked up'),
      )
  }

  async function carry(socket: WebSocket): Promise<void> {
    const stream = await acceptMediaStream(socket, { clock: deps.clock, startTimeoutMs: START_TIMEOUT_MS })
    const { attempt: attemptId = '' } = stream.parameters
    const prepared = await ready.get(attemptId)?.catch(() => undefined)
    const isAdmitted = await admit(deps, stream, prepared?.prepared)
    const opened = isAdmitted ? (prepared ?? (await openFor(deps, attemptId))) : undefined
    if (!opened) return stream.close()
    ready.delete(attemptId)
    const { book } = opened.prepared.context
    books.add(book)
    const loop = await converse(deps, stream, opened, { nodeId: node.id, ended: () => loops.delete(attemptId) })
    loops.set(attemptId, loop)
    if (over) loop.end('shutdown')
    // It may have overtaken the stream.
    if (opened.prepared.context.flow.call.detect_machine) tellVerdict(attemptId)
    await loop.done
      .catch((error) =>
        deps.log.error({ err: error, attempt: attemptId }, 'the end of a conversation could not be written'),
      )
      .finally(() => books.delete(book))
  }

  return {
    async accept(socket) {
      if (over) return socket.terminate()
      const whole = carry(socket)
      carried.add(whole)
      await whole.finally(() => carried.delete(whole))
    },
    get active() {
      return loops.size
    },
    async drain(ms) {
      await registered.drain()
      const untilMs = deps.clock.monotonic() + ms
      while ((carried.size > 0 || ready.size > 0) && deps.clock.monotonic() < untilMs)
        await pause(deps.clock, DRAIN_STEP_MS)
      over = true
      closing.abort()
      for (const loop of loops.values()) loop.end('shutdown')
      const lastTries = deps.clock.setTimeout(() => {
        for (const book of books) book.abandon()
      }, LAST_TRIES_MS)
      await Promise.allSettled(carried)
      deps.clock.clearTimeout(lastTries)
      await registered.stop()
      for (const opened of ready.values()) await opened.then((it) => it && letGo(it)).catch(() => {})
      for (const channel of [listening, verdicts]) await channel.unlisten().catch(() => {})
    },
  }
}

async function openFor(deps: Deps, attemptId: string): Promise<Ready | undefined> {
  const prepared = await prepareConversation(deps, attemptId)
  if (!prepared) return undefined
  const { call, flow } = prepared.context
  const { engine } = deps.networks.of(call)
  const clock = faster(call.mode === 'test' ? deps.sandboxClock : deps.clock, call.pace)
  const open = flow.call.engine === 'cascade' ? openCascade : openEngine
  return { prepared, clock, engine: open({ ...engine, clock }, prepared.conversation) }
}

/** Of a call that nobody picked up. */
function letGo({ engine, prepared }: Ready): void {
  engine.close()
  prepared.flowTools.close()
}

/** Closes an engine that was opened for a call nobody picked up. */
async function watchUnanswered(
  deps: Deps,
  attemptId: string,
  signal: AbortSignal,
  forget: () => boolean,
  opened: Promise<Ready | undefined>,
): Promise<void> {
  const it = await opened.catch(() => undefined)
  if (!it) return void forget()
  const callId = it.prepared.context.call.id
  for (;;) {
    await deps.callChanges.next(callId, 5_000, signal)
    const now = await callOfAttempt(deps, attemptId).catch((error) => (isDatabaseDown(error) ? 'unknown' : undefined))
    if (signal.aborted) return
    if (now === 'unknown') continue
    const isTalking = now?.call.status === 'in_progress'
    if (now && isCurrent(now) && !isTalking) continue
    // Also where the notice came after the stream, which has opened another.
    if (forget()) letGo(it)
    return
  }
}

/**
 * Whether the token that the stream brings is that of its attempt. A token opens one stream, while its attempt lives. A person who
 * picks up while the database is away is talked to when the engine was ready for them: then the token is known here.
 */
async function admit(deps: Deps, stream: MediaStream, prepared: PreparedConversation | undefined): Promise<boolean> {
  const { attempt, token } = stream.parameters
  if (!attempt || !token) return false
  const hash = sha256(token)
  const unused = and(eq(attempts.id, attempt), eq(attempts.streamTokenHash, hash), isNull(attempts.streamTokenUsedAt))
  const used = { streamTokenUsedAt: new Date(deps.clock.now()) }
  const use = () =>
    deps.db
      .update(attempts)
      .set(used)
      .where(and(unused, isNull(attempts.endedAt)))
  try {
    return (await use().returning({ id: attempts.id })).length === 1
  } catch (error) {
    if (!isDatabaseDown(error) || prepared?.streamTokenHash !== hash) throw error
    prepared.streamTokenHash = null
    await prepared.context.book.record(use)
    return true
  }
}

async function converse(
  deps: Deps,
  stream: MediaStream,
  { prepared, engine, clock }: Ready,
  /** `ended`: the conversation is over, and its end is about to be written. */
  { nodeId, ended }: { nodeId: string; ended(): void },
): Promise<Loop> {
  const { context, conversation } = prepared
  const desk = openDesk(deps, prepared, { carrierId: stream.carrierId, nodeId }, clock, {
    tell: (news) => loop.tell(news),
    over: () => loop.end('carrier_lost'),
  })
  const recording = context.call.recorded ? await openRecording(deps, context) : undefined
  const loop: Loop = startLoop({
    clock,
    conversation,
    desk: {
      ...desk,
      async ended(by, detail) {
        ended()
        const own = eq(attempts.id, context.attemptId)
        const lose = () => deps.db.update(attempts).set({ recordingLost: true }).where(own)
        await Promise.all([recording?.isLost && context.book.record(lose), desk.ended(by, detail)])
      },
    },
    ...(recording?.recorder ? { recorder: recording.recorder } : {}),
    stream,
    engine,
  })
  return loop
}
