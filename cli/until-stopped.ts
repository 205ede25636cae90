import type { Served } from './serve.ts'

type Print = (line: string) => void

/** npm that is told to stop leaves its child running, with another parent: what it started stops too. */
function whenOrphaned(stop: () => void): NodeJS.Timeout {
  const parent = process.ppid
  return setInterval(() => process.ppid !== parent && stop(), 500)
}

/**
 * Runs a server until a signal, closes what was opened, and ends the process: status 0, or 1 when it could not start. A second
 * signal does not wait: status 130.
 * @param drainMs how long running calls may take to end.
 */
export async function untilStopped(
  start: (signal: AbortSignal) => Promise<Served>,
  drainMs: () => number,
  print: Print,
): Promise<void> {
  const stopping = new AbortController()
  let firstAt = 0
  const onSignal = () => {
    // Terminals deliver one Ctrl-C to npm and to us, and npm hands its own on.
    if (stopping.signal.aborted && performance.now() - firstAt > 500) process.exit(130)
    if (!stopping.signal.aborted) firstAt = performance.now()
    stopping.abort()
  }
  process.on('SIGINT', onSignal)
  const orphaned = whenOrphaned(onSignal)
  process.on('SIGTERM', onSignal)
  try {
    const served = await start(stopping.signal)
    if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve))
    clearInterval(orphaned)
    print('\nStopping …')
    await served.close(drainMs())
    print('Stopped.')
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(1)
  }
}
