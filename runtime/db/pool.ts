import type { Sql } from 'postgres'
import { type Clock, systemClock, type Timer } from '../clock.ts'

/** Longer than any statement may take: what still waits in a pool by then waits for nothing. */
const RETIRES_AFTER_MS = 20_000

/**
 * A pool that is replaced when one of its connections closes. In postgres.js 3.4.9 a connection that was being written to when it
 * closed is never usable again, and fails whoever is given it (porsager/postgres#1168, #1209); a fresh pool has none of those.
 * What runs on the other connections of the old pool ends there.
 * @param open makes a pool that calls `onclose` whenever a connection of it closes.
 */
export function openPool(open: (onclose: () => void) => Sql, clock: Clock = systemClock): Sql {
  const retired = new Map<Sql, Timer>()
  let ended = false
  const fresh = (): Sql => {
    const pool: Sql = open(() => {
      if (pool === current && !ended) renew()
    })
    return pool
  }
  // Listeners have a connection of their own, which renews itself.
  const listening = open(() => {})
  const first = fresh()
  let current = first

  function renew(): void {
    const old = current
    current = fresh()
    // Drizzle set its own on the first pool.
    Object.assign(current.options.parsers, first.options.parsers)
    Object.assign(current.options.serializers, first.options.serializers)
    const retire = clock.setTimeout(() => {
      retired.delete(old)
      old.end({ timeout: 0 }).catch(() => {})
    }, RETIRES_AFTER_MS)
    retired.set(old, retire)
  }

  async function end(options?: { timeout?: number }): Promise<void> {
    ended = true
    for (const timer of retired.values()) clock.clearTimeout(timer)
    const others = [...retired.keys(), listening]
    await Promise.all([current.end(options), ...others.map((pool) => pool.end({ timeout: 0 }))])
  }

  return new Proxy(first, {
    apply: (_, self, args) => Reflect.apply(current, self, args),
    get(_, name) {
      if (name === 'end') return end
      if (name === 'listen') return listening.listen
      return Reflect.get(name === 'options' ? first : current, name)
    },
  })
}
