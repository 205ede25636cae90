const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `6h` (s, m, h, d) as the RFC 3339 time so long before `now`; anything else as it is, for the server to judge. */
export function timeAgo(given: string, now: number): string {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(given) ?? []
  if (!count) return given
  return new Date(now - Number(count) * UNITS[unit as keyof typeof UNITS]).toISOString()
}

/** `840ms`, `7.52s` */
export const duration = (ms: number): string => (ms < 1000 ? `${ms}ms` : `${(ms / 1000).toFixed(2)}s`)

/** Local time of day with milliseconds. */
export function timeOfDay(at: string): string {
  const time = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const ms = String(time.getMilliseconds()).padStart(3, '0')
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${ms}`
}

/** Local date and time to the minute: `2026-05-26 15:04`. */
export const dateTime = (at: string): string => {
  const time = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${timeOfDay(at).slice(0, 5)}`
}

/** The same with the name of the zone: `2026-05-26 15:04 GMT+3`. */
export const zonedDateTime = (at: string): string => {
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(new Date(at))
  return `${dateTime(at)} ${parts.find(({ type }) => type === 'timeZoneName')!.value}`
}
