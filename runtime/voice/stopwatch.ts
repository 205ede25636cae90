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
}

/**
 * Measures each turn from the end of speech, as the engine decided it (its silence of half a second is not in these numbers), or
 * from the key or news that is answered, to the first audio of the answer. Times are epoch milliseconds on the call's clock.
 */
export function createStopwatch(desk: Desk, clock: Clock, kind: Engine['kind']): Stopwatch {
  let speechStoppedAt: number | null = null
  let transcribing: number | null = null
  let askedAt: number | null = null
  let firstTextAt: number | null = null
  let stage: 'none' | 'asked' | 'speaking' = 'none'
  let retries = { llm: 0, tts: 0 }

  const span: Stopwatch['span'] = (name, startedAt, attributes = {}) => {
    const endedAt = clock.now()
    const budget = budgetsMs[name]
    const judged: Record<string, number | boolean> =
      budget === undefined ? {} : { budget_ms: budget, budget_exceeded: endedAt - startedAt > budget }
    desk.span(name, Math.round(startedAt), Math.round(endedAt), { ...attributes, ...judged })
  }
  return {
    span,
    speechStopped() {
      speechStoppedAt = clock.now()
      transcribing = speechStoppedAt
    },
    unanswered,
    prompted() {
      // An answer that is under way has its own beginning.
      if (stage === 'none') speechStoppedAt = clock.now()
    },
    transcribed() {
      if (transcribing !== null) stageSpan('stt', transcribing)
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
      if (stage === 'asked' && firstTextAt !== null) stageSpan('tts', firstTextAt)
      if (stage === 'asked') stage = 'speaking'
    },
    played() {
      if (stage !== 'speaking') return
      if (speechStoppedAt !== null) span('turn', speechStoppedAt)
      // Speech over this answer is none that it answers.
      stage = 'none'
      speechStoppedAt = null
    },
  }

  function unanswered(): void {
    speechStoppedAt = null
  }

  function firstToken(): void {
    if (askedAt !== null) stageSpan('llm', askedAt)
    askedAt = null
  }

  /** The stages of a cascade are requests of their own, each of which can be tried again. */
  function stageSpan(name: 'stt' | 'llm' | 'tts', startedAt: number): void {
    const again = name === 'stt' ? 0 : retries[name]
    const told = kind === 'realtime' ? {} : { engine: kind, ...(again > 0 ? { retries: again } : {}) }
    span(name, startedAt, told)
  }
}
