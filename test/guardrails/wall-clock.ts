/** The hours, written down a second time and read off a wall clock that `Intl` shows: what the tests judge by. */
interface Rules {
  country: string | null
  subdivision: string | null
  quietHours: { from: string; to: string } | null
}

const formats = new Map<string, Intl.DateTimeFormat>()
const shown = new Map<string, { day: string; time: string }>()

function clockIn(zone: string, at: number): { day: string; time: string } {
  const minute = Math.floor(at / 60_000)
  const key = `${zone}${minute}`
  const known = shown.get(key)
  if (known) return known
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(zone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const read = { day: parts.weekday!, time: `${parts.hour}:${parts.minute}` }
  shown.set(key, read)
  return read
}

/** Whether a call may start at `at` (epoch ms) in one zone. */
export function isOpenAt(at: number, zone: string, { country, subdivision, quietHours }: Rules): boolean {
  const { day, time } = clockIn(zone, at)
  const during = (from: string, to: string) => time >= from && time < to
  if (quietHours) {
    const { from, to } = quietHours
    if (from === to || (from < to ? during(from, to) : time >= from || time < to)) return false
  }
  if (country === 'FR') return !['Sat', 'Sun'].includes(day) && (during('10:00', '13:00') || during('14:00', '20:00'))
  if (country !== 'US') return during('09:00', '20:00')
  return during('08:00', '21:00') && statesIn(subdivision, zone).every((state) => isOpenInState(state, day, during))
}

const statesIn = (subdivision: string | null, zone: string): string[] =>
  subdivision ? [subdivision] : zone === 'America/New_York' ? ['FL', 'MD', 'MA', 'CT', 'KY', 'RI'] : []

function isOpenInState(state: string, day: string, during: (from: string, to: string) => boolean): boolean {
  if (['FL', 'OK', 'MD', 'MA'].includes(state)) return during('08:00', '20:00')
  if (state === 'CT') return during('09:00', '20:00')
  if (state === 'KY') return during('10:00', '21:00')
  if (state === 'RI') return !['Sat', 'Sun'].includes(day) && during('09:00', '18:00')
  if (['AL', 'LA', 'MS'].includes(state)) return day !== 'Sun' && during('08:00', '20:00')
  return true
}
