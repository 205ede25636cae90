import { whenUnheard } from './unheard.ts'

/** When this process is to stop. */
export interface Stopping {
  signal: AbortSignal
  /** For other reasons to stop. */
  stop(): void
  /** Lets signals end the process at once again. */
  over(): void
}

/** Terminals deliver one Ctrl-C to npm and to us, and npm hands its own on; so does `timeout`. */
const ONE_MS = 500

/** Tells of a signal, and of output that nobody reads any more. A second signal does not wait: status 130. */
export function listenForStop(): Stopping {
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  let firstAt: number | undefined
  const onSignal = () => {
    firstAt ??= performance.now()
    if (performance.now() - firstAt > ONE_MS) process.exit(130)
    stop()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  // A terminal that is closed says so more than once, and its output fails: that is nobody who cannot wait.
  process.on('SIGHUP', stop)
  whenUnheard(stop)
  const over = () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', stop)
  return { signal: stopping.signal, stop, over }
}
