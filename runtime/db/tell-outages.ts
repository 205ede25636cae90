import { type Clock, pause } from '../clock.ts'
import type { Log } from '../log.ts'
import { isDatabaseDown } from './connect.ts'

const PROBE_MS = 500
/** What is told of an outage so soon after its end belongs to it. */
const AFTER_MS = 5_000

/**
 * Tells an outage of the database in two lines, one when it goes away and one when it is back: everybody who needs it meets errors of
 * their own, again and again, and those go to level `debug`. An error that only looks like one (another server refused a connection)
 * is told as ever, once `probe` has found the database there.
 */
export function tellOutages(log: Log, clock: Clock, probe: () => Promise<unknown>): { log: Log; close(): void } {
  const closing = new AbortController()
  let state: 'here' | 'asking' | 'away' = 'here'
  const held: { tell(): void; hush(): void }[] = []
  let backMs = Number.NEGATIVE_INFINITY
  const isAway = () => probe().then(() => false, isDatabaseDown)

  async function ask(): Promise<void> {
    state = 'asking'
    const startedMs = clock.monotonic()
    const away = await isAway()
    const lines = held.splice(0)
    const isHushed = away || startedMs - backMs < AFTER_MS
    for (const { hush, tell } of lines) isHushed && !closing.signal.aborted ? hush() : tell()
    if (away && !closing.signal.aborted) await untilBack(startedMs)
    state = 'here'
  }

  async function untilBack(startedMs: number): Promise<void> {
    state = 'away'
    log.warn('the database is away: calls that run go on, everything else waits for it')
    do await pause(clock, PROBE_MS, closing.signal)
    while (!closing.signal.aborted && (await isAway()))
    if (closing.signal.aborted) return
    backMs = clock.monotonic()
    log.warn({ seconds: Math.round((backMs - startedMs) / 1000) }, 'the database is back')
  }

  const quieter = log.child({})
  const quietly = (tell: (...line: unknown[]) => void) =>
    ((...line: unknown[]) => {
      const { err } = (line[0] ?? {}) as { err?: unknown }
      if (!isDatabaseDown(err)) return tell(...line)
      const hush = () => quieter.debug(line[0] as object, line[1] as string)
      if (state === 'away') return hush()
      held.push({ hush, tell: () => tell(...line) })
      if (state === 'here') void ask()
    }) as Log['warn']
  quieter.warn = quietly(log.warn.bind(log) as () => void)
  quieter.error = quietly(log.error.bind(log) as () => void)
  return { log: quieter, close: () => closing.abort() }
}
