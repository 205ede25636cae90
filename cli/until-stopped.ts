import { isRunByNpm } from '../runtime/config.ts'
import type { Served } from './serve.ts'
import { whenUnheard } from './unheard.ts'

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
  const stopping = new AbortController()
  let firstAt: number | undefined
  const onSignal = () => {
    firstAt ??= performance.now()
    // Terminals deliver one Ctrl-C to npm and to us, and npm hands its own on.
    if (performance.now() - firstAt > 500) process.exit(130)
    stopping.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  // A terminal that is closed says so more than once, and its output fails: that is nobody who cannot wait.
  const onGone = () => stopping.abort()
  process.on('SIGHUP', onGone)
  whenUnheard(onGone)
  const orphaned = whenOrphaned(onGone)
  try {
    const served = await start(stopping.signal)
    if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve))
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
