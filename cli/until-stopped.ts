import { isRunByNpm } from '../runtime/config.ts'
import type { Served } from './serve.ts'
import { listenForStop } from './stopping.ts'

/**
 * npm that is told to stop leaves its child running, with another parent: what it started stops too. Who was started otherwise may
 * outlive its shell.
 */
function whenOrphaned(stop: () => void): NodeJS.Timeout | undefined {
  const parent = process.ppid
  if (!isRunByNpm()) return undefined
  return setInterval(() => process.ppid !== parent && stop(), 500)
}

/**
 * Runs a server until a signal, or until nobody hears it any more, closes what was opened, and ends the process: status 0, or 1
 * when it could not start. A second signal does not wait: status 130.
 * @param drainMs how long running calls may take to end.
 * @param tell says why it could not start.
 */
export async function untilStopped(
  start: (signal: AbortSignal) => Promise<Served>,
  drainMs: () => number,
  print: (line: string) => void,
  tell: (error: unknown) => void = inWords,
): Promise<void> {
  const { signal, stop } = listenForStop()
  const orphaned = whenOrphaned(stop)
  try {
    const served = await start(signal)
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    clearInterval(orphaned)
    print('\nStopping …')
    await served.close(drainMs())
    print('Stopped.')
    process.exit(0)
  } catch (error) {
    tell(error)
    process.exit(1)
  }
}

const inWords = (error: unknown): void => void process.stderr.write(`${(error as Error).message}\n`)
