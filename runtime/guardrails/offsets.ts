import { Temporal } from 'temporal-polyfill'

/** A stretch of time in which a zone keeps one offset. All in milliseconds; `end` is exclusive and may be Infinity. */
export interface OffsetSpan {
  start: number
  end: number
  offset: number
}

const MAX_ZONES = 1_000
/** Facts of the tz database, worked out once for each zone: about 0.1 ms otherwise. */
const known = new Map<string, OffsetSpan>()

/**
 * The offset of `zone` (IANA) at `at` (epoch ms), and from when until when it holds.
 * Throws RangeError when there is no such zone.
 */
export function offsetSpan(zone: string, at: number): OffsetSpan {
  const remembered = known.get(zone)
  if (remembered && remembered.start <= at && at < remembered.end) return remembered
  const there = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  const next = there.getTimeZoneTransition('next')
  const span = {
    start: at,
    end: next?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    offset: there.offsetNanoseconds / 1e6,
  }
  if (known.size >= MAX_ZONES) known.clear()
  known.set(zone, span)
  return span
}

/** Whether the tz database knows `zone`. Temporal would also take an offset, or a whole time with its zone in brackets. */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z][\w+/-]{0,63}$/.test(zone)) return false
  if (known.has(zone)) return true
  try {
    offsetSpan(zone, 0)
    return true
  } catch {
    return false
  }
}
