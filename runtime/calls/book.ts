import { pause } from '../clock.ts'
import { isDatabaseDown } from '../db/connect.ts'
import type { Deps } from '../deps.ts'

/** Writes one thing. When the answer to its commit was lost it is written again, which must come to the same. */
export type Entry = () => Promise<unknown>

/** What one conversation has to write, in its order; while the database is away it is kept in memory, and written when it is back. */
export interface Book {
  /**
   * Resolves once the entry is written, or as soon as it is known that it has to wait. Rejects with a fault of the entry's own; when
   * that shows only later, it is logged. `droppable` entries are not taken while very many wait already.
   */
  record(entry: Entry, options?: { droppable?: boolean }): Promise<void>
  /** For who needs an answer of the database now: resolves when all that was recorded is written, rejects while it is away. */
  caughtUp(): Promise<void>
  /** Runs it in its turn, and again until the database answers. Rejects with a fault of its own, or when the process ends before. */
  ask<T>(run: () => Promise<T>): Promise<T>
  /** Resolves when nothing waits any more. */
  flush(): Promise<void>
  /** The process ends: every entry has one more try, and what the database does not take then is lost. */
  abandon(): void
}

interface Waiting {
  write: Entry
  told: PromiseWithResolvers<void>
  /** Its recorder goes on; what becomes of it now is told to the log. */
  isKept: boolean
  /** Of `caughtUp`: it has nothing to write, and does not wait. */
  asks: boolean
}

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 2_000
/** A database that does not even fail by then is away for who talks to a person. */
const PATIENCE_MS = 2_000
/** More turns than an hour of talk has. */
const MOST = 5_000

export function openBook({ clock, log }: Pick<Deps, 'clock' | 'log'>, callId: string): Book {
  const waiting: Waiting[] = []
  let writing: Promise<void> | undefined
  let away: unknown
  let abandoned = false
  let soon = new AbortController()

  function keep(entry: Waiting): void {
    entry.isKept = true
    entry.told.resolve()
  }

  function refuse({ told, isKept }: Waiting, error: unknown): void {
    if (isKept) log.error({ call: callId, err: error }, 'something of a conversation could not be written')
    else told.reject(error)
  }

  function databaseIsAway(error: unknown): void {
    away = error
    const entries = waiting.splice(0)
    for (const { told } of entries.filter(({ asks }) => asks || abandoned)) told.reject(error)
    const others = entries.filter(({ asks }) => !asks)
    for (const entry of others) keep(entry)
    if (!abandoned) waiting.push(...others)
    else
      log.error(
        { call: callId, entries: others.length },
        'the database did not come back: a conversation loses its end',
      )
  }

  async function writeAll(): Promise<void> {
    for (let tries = 0; waiting.length > 0; ) {
      const entry = waiting[0]!
      try {
        await entry.write()
        waiting.shift()
        entry.told.resolve()
        away = undefined
        tries = 0
      } catch (error) {
        if (!isDatabaseDown(error)) {
          waiting.shift()
          refuse(entry, error)
          continue
        }
        databaseIsAway(error)
        if (waiting.length > 0)
          await pause(clock, Math.min(FIRST_RETRY_MS * 2 ** tries++, LONGEST_RETRY_MS), soon.signal)
      }
    }
    writing = undefined
  }

  function tryNow(): void {
    soon.abort()
    soon = new AbortController()
  }

  async function add(write: Entry, asks: boolean): Promise<void> {
    const entry: Waiting = { write, told: Promise.withResolvers(), isKept: false, asks }
    waiting.push(entry)
    if (away !== undefined && !asks) keep(entry)
    const timer = asks ? undefined : clock.setTimeout(() => keep(entry), PATIENCE_MS)
    writing ??= writeAll()
    await entry.told.promise.finally(() => clock.clearTimeout(timer))
  }

  return {
    async record(entry, { droppable = false } = {}) {
      if (droppable && waiting.length >= MOST) throw new Error(`${MOST} entries of this conversation wait already`)
      await add(entry, false)
    },
    async caughtUp() {
      if (!writing) return
      const caughtUp = add(async () => {}, true)
      tryNow()
      await caughtUp
    },
    async ask(run) {
      let answer: { value: Awaited<ReturnType<typeof run>> } | undefined
      const entry = async () => {
        answer = { value: await run() }
      }
      await add(entry, false)
      if (!answer) await writing
      if (!answer) throw new Error('the database did not answer in time')
      return answer.value
    },
    async flush() {
      await writing
    },
    abandon() {
      abandoned = true
      tryNow()
    },
  }
}
