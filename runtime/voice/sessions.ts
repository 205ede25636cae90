import type { Timer } from '../clock.ts'
import type { Answerer } from './answerer.ts'
import type { Engine } from './engine.ts'
import { EngineLost, EngineRefused, speechPaddingMs } from './engine-events.ts'
import type { Hearing } from './hearing.ts'
import { leastWordMs } from './interruptions.ts'
import { frameMs, loudness, voiceLoudness } from './mulaw.ts'
import type { EndedBy, LoopOptions } from './port.ts'
import { createReconnects } from './reconnects.ts'
import type { Talk } from './talk.ts'
import type { Ask } from './turns.ts'
import type { Vigil } from './vigil.ts'

/** A conversation over the sessions of its engine, of which each may be lost. */
export interface Sessions {
  /** 20 ms of the caller's. */
  onFrame(frame: Buffer, atMs: number): void
  /** What was said has begun to be heard by the session that stands. */
  speechStarted(): void
  /** A response came whole. */
  completed(): void
  /** A response failed: it is asked for again, of another session where this one has failed too often. */
  failed(why: string, asked: Ask, code?: string): void
  lost(error: EngineRefused | EngineLost): void
  /** The next one stands. */
  opened(): void
  /** The call is over. The session that is being opened still hears what nobody has heard. */
  over(): void
  /** The caller has said something, for all we know, that no session has told of. */
  readonly unheard: boolean
  close(): void
}

export interface SessionsParts {
  talk: Talk
  hearing: Hearing
  vigil: Pick<Vigil, 'pause' | 'resume'>
  answerer: Pick<Answerer, 'reopened' | 'isRecorded'>
  /** One call's fault must not take down the process that holds the others. */
  guarded(run: () => void): () => void
  finish(by: EndedBy, detail: string): void
}

/** What is kept of the caller's audio: before the engine has told of speech, and while they speak. */
const quietFrames = 1_000 / frameMs
const speechFrames = 8_000 / frameMs
/** A voice is told of a little late. */
const beforeMs = 200
/** A new session has heard by then what it was given again. */
const heardAgainMs = 3_000
/** And has told by then of speech in what it was given. */
const tellsWithinMs = 1_500
/** Responses that fail in a row before the session is given up. */
const maxFailures = 2
/** Too many requests, or tokens, in too short a time; and how long it is waited before each further ask. */
const limits = new Set(['rate_limit_exceeded', 'slow_down', '429'])
const limitWaitsMs = [500, 1_500, 3_000, 6_000]

const isVoice = (frame: Buffer) => loudness(frame) >= voiceLoudness

export function createSessions(parts: SessionsParts, { clock, engine }: LoopOptions & { engine: Engine }): Sessions {
  const { talk, hearing, vigil, answerer, guarded, finish } = parts
  const reconnects = createReconnects()
  let reopening: Timer | undefined
  let limited: Timer | undefined
  /** A session stands, or stood until now; before the first, and between two, the audio waits for the next. */
  let stands = false
  /** The last second of the caller's, or what they say until its words have come: a session that is lost before had not understood it. */
  const recent: Buffer[] = []
  /** Where in the stream it ends. */
  let heardUntilMs = 0
  /** From where on the next session is given what the caller said; without end when it is owed nothing. */
  let sinceMs = Number.POSITIVE_INFINITY
  /** Where the stream was when this session was opened. */
  let openedAtMs = 0
  /** Somebody waits for words of the agent's that the lost session did not finish. */
  let owed = false
  /** The next session is given what was answered before its words came: for those alone. */
  let answered = false
  let failures = 0
  /** How much voice there was that no session has told of. */
  let unheardMs = 0
  /** A session that stands has told of it by then, unless it was nothing. */
  let toldByMs = Number.POSITIVE_INFINITY

  const isUnheard = () => unheardMs >= leastWordMs && clock.monotonic() < toldByMs

  engine.ready.then(
    () => {
      stands = true
      toldByMs = clock.monotonic() + tellsWithinMs
    },
    () => {},
  )

  /** The next session counts its audio from here on; what the caller says, or has said without its words having come, comes first. */
  function againToNext() {
    if (heardUntilMs - openedAtMs > heardAgainMs) sinceMs = Number.POSITIVE_INFINITY
    const awaitedMs = talk.transcript.awaitedSinceMs(hearing.isEcho)
    sinceMs = Math.min(sinceMs, awaitedMs ?? (talk.interruptions.speaking ? 0 : Number.POSITIVE_INFINITY))
    const frames = Math.max(0, Math.ceil((heardUntilMs - sinceMs + speechPaddingMs + beforeMs) / frameMs))
    const spoken = recent.slice(Math.max(0, recent.length - frames))
    unheardMs = spoken.filter(isVoice).length * frameMs
    toldByMs = Number.POSITIVE_INFINITY
    hearing.restart(spoken.length * frameMs, answered)
    for (const frame of spoken) hearing.dropped(engine.appendAudio(frame))
  }

  function giveUp(why: string) {
    unheardMs = 0
    finish('engine_lost', why)
  }

  function lost(error: EngineRefused | EngineLost) {
    const waitMs = error instanceof EngineRefused ? null : reconnects.lost(clock.monotonic())
    if (waitMs === null) return giveUp(error.message)
    owed ||= talk.turns.busy || hearing.owes() || talk.transcript.turns.at(-1)?.role === 'lead'
    const undecided = hearing.speaks() || hearing.undecided()
    // A machine that takes our message is owed nothing but that.
    if (stands) answered = !undecided && (answerer.isRecorded || !(owed || talk.toolsRunning > 0))
    vigil.pause(owed)
    talk.forgetSession()
    // It may be up, and only of no use: what the caller says from here on is for the next.
    engine.letGo()
    if (stands) againToNext()
    stands = false
    clock.clearTimeout(reopening)
    clock.clearTimeout(limited)
    const reopen = guarded(() => engine.reopen(talk.said))
    if (waitMs === 0) reopen()
    else reopening = clock.setTimeout(reopen, waitMs)
  }

  function waitForLimit(waitMs: number, asked: Ask) {
    vigil.pause(asked.kind === 'reply')
    talk.postpone(asked)
    clock.clearTimeout(limited)
    const over = guarded(() => {
      vigil.resume()
      talk.turns.resume()
    })
    limited = clock.setTimeout(over, waitMs)
  }

  return {
    lost,
    onFrame(frame, atMs) {
      hearing.dropped(engine.appendAudio(frame))
      recent.push(frame)
      if (!stands && isVoice(frame)) unheardMs += frameMs
      heardUntilMs = atMs + frameMs
      const isAwaited = talk.interruptions.speaking || talk.transcript.awaited > 0
      const kept = isAwaited ? speechFrames : quietFrames
      if (recent.length > kept) recent.splice(0, recent.length - kept)
      hearing.onFrame(frame, atMs)
    },
    speechStarted() {
      sinceMs = Number.POSITIVE_INFINITY
      unheardMs = 0
    },
    completed() {
      failures = 0
    },
    failed(why, asked, code = why) {
      failures += 1
      // Another session would meet the same limit.
      const waitMs = limits.has(code) ? limitWaitsMs[failures - 1] : undefined
      if (waitMs !== undefined) return waitForLimit(waitMs, asked)
      talk.askAgain(asked)
      if (failures > maxFailures) lost(new EngineLost(why))
    },
    opened() {
      stands = true
      toldByMs = clock.monotonic() + tellsWithinMs
      openedAtMs = heardUntilMs
      vigil.resume()
      failures = 0
      // Answered before it is heard, they would be told something about nothing.
      const isSaidAgain = sinceMs !== Number.POSITIVE_INFINITY && !answered
      if (isSaidAgain) talk.turns.withdrawReply()
      if (isSaidAgain) hearing.awaitAgain()
      else if (owed && !answerer.reopened() && !talk.turns.busy) talk.reply()
      owed = false
      talk.turns.resume()
    },
    over() {
      clock.clearTimeout(limited)
      if (!isUnheard()) clock.clearTimeout(reopening)
    },
    get unheard() {
      return isUnheard()
    },
    close() {
      clock.clearTimeout(reopening)
    },
  }
}
