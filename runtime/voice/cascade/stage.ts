import { APIError, APIUserAbortError } from 'openai'
import { type Clock, pause } from '../../clock.ts'
import { EngineLost, EngineRefused, engineFailure } from '../engine-events.ts'

/** What was asked for is not to be had; something else may be. */
export class StageDeclined extends EngineLost {
  override name = 'StageDeclined'
}

export interface StageOptions {
  clock: Clock
  /** Whoever wants the result no longer does. */
  signal: AbortSignal
  /** It was tried once more. */
  retried(why: string): void
}

/** So long a stage may take to begin, in milliseconds on the clock. */
const beginsWithinMs = 6_000
const retryAfterMs = 200

/**
 * Begins a stage, and once more when it fails before its first result: a refusal for good is not tried again.
 * @throws EngineRefused or EngineLost
 */
export async function begin<T>(options: StageOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await attempt(options, run)
  } catch (error) {
    if (options.signal.aborted || error instanceof EngineRefused || error instanceof StageDeclined) throw error
    options.retried((error as Error).message)
    await pause(options.clock, retryAfterMs, options.signal)
    return attempt(options, run)
  }
}

async function attempt<T>({ clock, signal }: StageOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController()
  const timer = clock.setTimeout(() => late.abort(), beginsWithinMs)
  try {
    return await run(AbortSignal.any([signal, late.signal]))
  } catch (error) {
    throw late.signal.aborted ? new EngineLost('it did not begin in time') : stageFailure(error)
  } finally {
    clock.clearTimeout(timer)
  }
}

/** A failure of the API in our words: the code decides whether another try makes sense. */
export function stageFailure(error: unknown): EngineRefused | EngineLost {
  if (error instanceof EngineRefused || error instanceof EngineLost) return error
  if (error instanceof APIUserAbortError) return new EngineLost('given up')
  if (!(error instanceof APIError)) return new EngineLost(error instanceof Error ? error.message : String(error))
  const failure = engineFailure(error.code ?? String(error.status ?? 'no answer'), error.message)
  const isDeclined = failure instanceof EngineLost && (error.status === 400 || error.status === 422)
  return isDeclined ? new StageDeclined(failure.message, failure.code) : failure
}
