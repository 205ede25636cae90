import type { Clock } from '../clock.ts'
import type { Engine } from './engine.ts'
import type { Desk, SpanName } from './port.ts'

/** Milliseconds, from the product's page: what each part of a turn may take. */
export const budgetsMs: Partial<Record<SpanName, number>> = { stt: 150, llm: 450, tts: 120, turn: 720 }

export interface Stopwatch {
  speechStopped(): void
  /** The speech that stopped last is not answered. */
  unanswered(): void
  /** What is answered next is no speech, but a key or news. */
  prompted(): void
  transcribed(): void
  /** A response to the caller was asked for. Fillers, nudges and goodbyes answer nobody and are not measured. */
  asked(isAnswer: boolean): void
  /** The stage that is running was begun once more. */
  retried(stage: 'llm' | 'tts'): void
  text(): void
  /** The model calls tools. */
  toolsCalled(): void
  audio(): void
  /** A frame left for the carrier. */
  played(): void
  span(name: SpanName, startedAt: number, attributes?: Record<string, string | number | boolean>): void
  /** The conversation is over: what was measured of a turn that nobody answers any more is told. */
  close(): void
}

interface Measured {
  name: SpanName
  startedAt: number
  endedAt: number
  attributes: Record<string, string | number | boolean>
}

/** From what is answered to the first audio of the answer; its stages are told with it, below it. */
interface TurnSpan {
  startedAt: number
  stages: Measured[]
  /** Where a stage that ends later hangs: `unanswered` below the attempt, else below the turn's own span. */
  told?: { spanId: string } | 'unanswered'
}

/**
 * Measures each turn from the end of speech, as the engine decided it (its silence of half a second is not in these numbers), or
 * from the key or news that is answered, to the first audio of the answer. Times are epoch milliseconds on the call's clock.
 */
export function createStopwatch(desk: Desk, clock: Clock, kind: Engine['kind']): Stopwatch {
  /** What is answered next. */
  let turn: TurnSpan | null = null
  let transcribing: { turn: TurnSpan; startedAt: number } | null = null
  let askedAt: number | null = null
  let firstTextAt: number | null = null
  let stage: 'none' | 'asked' | 'speaking' = 'none'
  let retries = { llm: 0, tts: 0 }

  return {
    span: (name, startedAt, attributes) => void tell(measured(name, startedAt, attributes)),
    speechStopped() {
      begin()
      transcribing = { turn: turn!, startedAt: clock.now() }
    },
    unanswered,
    prompted() {
      // An answer that is under way has its own beginning.
      if (stage === 'none') begin()
    },
    transcribed() {
      if (transcribing) stageSpan('stt', transcribing.startedAt, transcribing.turn)
      transcribing = null
      // A cascade's model cannot begin before.
      if (kind === 'cascade' && askedAt !== null) askedAt = clock.now()
    },
    asked(isAnswer) {
      stage = isAnswer ? 'asked' : 'none'
      if (!isAnswer) unanswered()
      askedAt = isAnswer ? clock.now() : null
      firstTextAt = null
      retries = { llm: 0, tts: 0 }
    },
    retried(name) {
      retries[name] += 1
    },
    toolsCalled: firstToken,
    text() {
      firstToken()
      if (stage === 'asked') firstTextAt ??= clock.now()
    },
    audio() {
      firstToken()
      if (stage === 'asked' && firstTextAt !== null) stageSpan('tts', firstTextAt, turn)
      if (stage === 'asked') stage = 'speaking'
    },
    played() {
      if (stage !== 'speaking') return
      if (turn) answered(turn)
      // Speech over this answer is none that it answers.
      stage = 'none'
      turn = null
    },
    close: unanswered,
  }

  function begin(): void {
    unanswered()
    turn = { startedAt: clock.now(), stages: [] }
  }

  function unanswered(): void {
    if (turn) {
      turn.told = 'unanswered'
      for (const measured of turn.stages) tell(measured)
    }
    turn = null
  }

  function answered(it: TurnSpan): void {
    const spanId = tell(measured('turn', it.startedAt))
    it.told = { spanId }
    for (const stage of it.stages) tell(stage, spanId)
  }

  function firstToken(): void {
    if (askedAt !== null) stageSpan('llm', askedAt, turn)
    askedAt = null
  }

  /** The stages of a cascade are requests of their own, each of which can be tried again. */
  function stageSpan(name: 'stt' | 'llm' | 'tts', startedAt: number, of: TurnSpan | null): void {
    const again = name === 'stt' ? 0 : retries[name]
    const told = kind === 'realtime' ? {} : { engine: kind, ...(again > 0 ? { retries: again } : {}) }
    const stage = measured(name, startedAt, told)
    if (of && !of.told) of.stages.push(stage)
    else tell(stage, typeof of?.told === 'object' ? of.told.spanId : undefined)
  }

  /** Ends now. */
  function measured(name: SpanName, startedAt: number, attributes: Measured['attributes'] = {}): Measured {
    const endedAt = clock.now()
    const budget = budgetsMs[name]
    const judged: Measured['attributes'] =
      budget === undefined ? {} : { budget_ms: budget, budget_exceeded: endedAt - startedAt > budget }
    return { name, startedAt, endedAt, attributes: { ...attributes, ...judged } }
  }

  function tell({ name, startedAt, endedAt, attributes }: Measured, parentSpanId?: string): string {
    return desk.span(name, Math.round(startedAt), Math.round(endedAt), attributes, parentSpanId)
  }
}
