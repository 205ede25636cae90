import type { Clock } from '../clock.ts'

/** A request may be broken by a breath: so much later it is another sentence. */
const WITHIN_MS = 6_000
const AT_MOST = 3

/** What the caller said last, in one: each transcript alone may be half of a sentence. */
export function createSaidTogether(clock: Pick<Clock, 'monotonic'>): (text: string) => string {
  let said: { text: string; atMs: number }[] = []
  return (text) => {
    const atMs = clock.monotonic()
    said = [...said.filter((it) => atMs - it.atMs < WITHIN_MS), { text, atMs }].slice(-AT_MOST)
    return said.map((it) => it.text).join(' ')
  }
}
