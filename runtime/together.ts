import { isDatabaseDown } from './db/connect.ts'
import type { Deps } from './deps.ts'

/** Does one thing for many, and answers each in its place. */
type Work<I, O> = (items: I[]) => Promise<O[]>

interface Waiting<I, O> {
  item: I
  resolve(answer: O): void
  reject(error: unknown): void
}

/** Runs at once, and items in each at most. */
const AT_ONCE = 2
const MOST = 50

/**
 * Lets those who want the same thing at the same time go together: a rush then costs a few transactions instead of one for each.
 * Nobody waits to be joined: what is asked for in one turn of the event loop goes together, and what comes while both runs are
 * under way goes in the next. When a run of many fails, each is tried alone.
 */
export function together<I, O>(work: Work<I, O>): (item: I) => Promise<O> {
  const waiting: Waiting<I, O>[] = []
  let running = 0
  const run = async (some: Waiting<I, O>[]): Promise<void> => {
    try {
      const answers = await work(some.map(({ item }) => item))
      for (const [at, { resolve }] of some.entries()) resolve(answers[at]!)
    } catch (error) {
      // What keeps one of them out must not keep the others out. After a lost connection nobody knows what was committed.
      if (some.length > 1 && !isDatabaseDown(error)) for (const one of some) await run([one])
      else for (const { reject } of some) reject(error)
    }
  }
  const go = async (): Promise<void> => {
    running++
    await undefined
    while (waiting.length) await run(waiting.splice(0, MOST))
    running--
  }
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (running < AT_ONCE) void go()
    })
}

/** `together` for functions that take `Deps`: those that name the same function go together. */
export type Together = <I, O>(work: (deps: Deps, items: I[]) => Promise<O[]>, item: I) => Promise<O>

export function openTogether(deps: () => Deps): Together {
  const joins = new Map<unknown, unknown>()
  return <I, O>(work: (deps: Deps, items: I[]) => Promise<O[]>, item: I) => {
    const join = (joins.get(work) ?? together((items: I[]) => work(deps(), items))) as (item: I) => Promise<O>
    joins.set(work, join)
    return join(item)
  }
}
