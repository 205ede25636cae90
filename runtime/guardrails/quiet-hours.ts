import { offsetSpan } from './offsets.ts'
import type { Window } from './region-hours.ts'
import { type HoursRules, openWindows } from './windows.ts'

export type { HoursRules } from './windows.ts'

const MINUTE = 60_000
const DAY = 86_400_000
/** Every weekly pattern shows itself in one week; the second covers a change of offset at its edge. */
const SEARCH = 14 * DAY

/**
 * The first instant from `now` on at which a call may start in every one of `zones` and ring for the margin without
 * leaving the hours; `now` itself when that is allowed. Null when the rules leave no such instant within 14 days.
 * A wall-clock time that happens twice is open both times; one that is skipped opens at the change of the clocks.
 * Throws RangeError without zones, or for a zone that does not exist.
 */
export function nextOpening(now: Date, zones: readonly string[], rules: HoursRules): Date | null {
  if (zones.length === 0) throw new RangeError('a person is in at least one time zone')
  const start = now.getTime()
  const margin = rules.ringMarginSeconds * 1_000
  const places = [...new Set(zones)].map((zone) => ({ zone, week: openWindows(rules, zone) }))
  let at = start
  for (;;) {
    const before = at
    for (const { zone, week } of places) {
      const opening = openingIn(zone, week, at, margin, start + SEARCH)
      if (opening === null) return null
      at = opening
    }
    if (at === before) return new Date(at)
  }
}

/** The first instant from `at` on that is followed by `margin` ms of open time in one zone; null after `limit`. */
function openingIn(zone: string, week: Window[][], at: number, margin: number, limit: number): number | null {
  let opening: number | null = null
  let now = at
  while (now < limit + margin) {
    const { isOpen, until } = stretch(zone, week, now)
    if (!isOpen) opening = null
    else {
      opening ??= now
      if (until - opening >= margin) return opening < limit ? opening : null
    }
    now = until
  }
  return null
}

/** Whether a call may start at `at`, and until when that stays so (at the latest the end of the local day). */
function stretch(zone: string, week: Window[][], at: number): { isOpen: boolean; until: number } {
  const { offset, end } = offsetSpan(zone, at)
  const local = at + offset
  const midnight = Math.floor(local / DAY) * DAY
  // 1 January 1970 was a Thursday.
  const windows = week[(((midnight / DAY + 4) % 7) + 7) % 7]!
  for (const [open, close] of windows) {
    if (local < midnight + open * MINUTE)
      return { isOpen: false, until: Math.min(midnight + open * MINUTE - offset, end) }
    if (local < midnight + close * MINUTE)
      return { isOpen: true, until: Math.min(midnight + close * MINUTE - offset, end) }
  }
  return { isOpen: false, until: Math.min(midnight + DAY - offset, end) }
}
