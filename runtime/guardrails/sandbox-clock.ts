import { Temporal } from 'temporal-polyfill'

/** Maps real time to the time on a call's own clock. */
export interface CallTimeline {
  /** What the call's clock shows at `createdAt`. */
  origin: Date
  /** How many seconds pass on the call's clock in a real one. */
  rate: number
  toCallTime(real: Date): Date
  /** Rounded up, so that a job set for it never runs before the call's time has come. */
  toRealTime(call: Date): Date
}

export interface TimelineOptions {
  mode: 'test' | 'live'
  /** Real time at which the call was made. */
  createdAt: Date
  /** 'HH:MM' where the person is, or an RFC 3339 instant; null means 11:00. Live calls ignore it. */
  setting: string | null
  /** IANA zone of the person. Test calls are judged in this zone alone: 11:00 cannot be true in several. */
  zone: string
  /** Time-lapse of a test call's waits, at least 1. */
  waits: number
}

/**
 * The clock a call is judged by. A live call's is the real one. A test call's begins on a weekday at the set time where
 * the person is — today, or Monday at weekends — and runs `waits` times faster from there.
 * Throws RangeError for an unknown zone or a setting that is neither time nor instant.
 */
export function callTimeline({ mode, createdAt, setting, zone, waits }: TimelineOptions): CallTimeline {
  if (mode === 'live')
    return { origin: createdAt, rate: 1, toCallTime: (real) => new Date(real), toRealTime: (call) => new Date(call) }
  const origin = originOf(createdAt, setting ?? '11:00', zone)
  const rate = Math.max(1, waits)
  return {
    origin,
    rate,
    toCallTime: (real) => new Date(origin.getTime() + (real.getTime() - createdAt.getTime()) * rate),
    toRealTime: (call) => new Date(createdAt.getTime() + Math.ceil((call.getTime() - origin.getTime()) / rate)),
  }
}

/** Whether `setting` is one that `callTimeline` takes. */
export function isClockSetting(setting: string): boolean {
  return isTime(setting) || Number.isFinite(instant(setting))
}

function originOf(createdAt: Date, setting: string, zone: string): Date {
  if (!isTime(setting)) {
    const at = instant(setting)
    if (!Number.isFinite(at)) throw new RangeError(`neither HH:MM nor an RFC 3339 instant: ${setting.slice(0, 40)}`)
    return new Date(at)
  }
  const key = `${zone} ${setting}`
  const known = origins.get(key)
  if (known && known.from <= createdAt.getTime() && createdAt.getTime() < known.until) return new Date(known.origin)
  const now = Temporal.Instant.fromEpochMilliseconds(createdAt.getTime()).toZonedDateTimeISO(zone)
  const today = now.toPlainDate()
  const weekday = today.add({ days: today.dayOfWeek > 5 ? 8 - today.dayOfWeek : 0 })
  const there = weekday.toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(setting) })
  if (origins.size >= MAX_ORIGINS) origins.clear()
  const from = now.startOfDay().epochMilliseconds
  const until = now.startOfDay().add({ days: 1 }).epochMilliseconds
  origins.set(key, { from, until, origin: there.epochMilliseconds })
  return new Date(there.epochMilliseconds)
}

const MAX_ORIGINS = 2_000
/** By zone and setting, the origin of the calls made on one calendar day there: it is the same for all of them. */
const origins = new Map<string, { from: number; until: number; origin: number }>()

const isTime = (setting: string) => /^([01][0-9]|2[0-3]):[0-5][0-9]$/.test(setting)

/** RFC 3339 section 5.6, in epoch ms; NaN for anything else. */
function instant(setting: string): number {
  const isRfc3339 = /^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{8,12}([Zz]|[+-][0-9]{2}:[0-9]{2})$/.test(setting)
  return isRfc3339 ? Date.parse(setting.toUpperCase().replace(' ', 'T')) : Number.NaN
}
