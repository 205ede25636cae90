import { Temporal } from 'temporal-polyfill'
import { clocksDiffer, spokenZone } from '../guardrails/spoken-zone.ts'
import { clockInWords } from './spoken-clock.ts'

export interface SpokenIn {
  /** In which the lead may be, IANA; at least one. */
  zones: readonly string[]
  /** BCP 47. */
  language: string
  /** On the call's own clock. Near days are named by it: "tomorrow", or the weekday alone within the week. */
  now: Date
}

/**
 * A slot in words, as it is said on the phone: "Perşembe on beş otuz", "tomorrow at three thirty PM", "mardi 2 juin à dix heures".
 * Where it may be another hour for the lead, the zone is named: "…, Eastern Daylight Time". Days and zones are the platform's (Intl),
 * in any language; an unknown one is said in English. Throws RangeError for an unknown zone.
 */
export function spokenSlot(startsAt: Date, { zones, language, now }: SpokenIn): string {
  const zone = spokenZone(zones)
  const locale = localeOf(language)
  const at = Temporal.Instant.fromEpochMilliseconds(startsAt.getTime()).toZonedDateTimeISO(zone)
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone)
  const days = today.toPlainDate().until(at.toPlainDate()).days
  const inWords = clockInWords(locale.split('-')[0]!, at.hour, at.minute)
  const clock = inWords ?? format(startsAt, locale, { timeZone: zone, hour: 'numeric', minute: '2-digit' })
  const ofZone = clocksDiffer(zones, startsAt) ? `, ${zoneInWords(startsAt, locale, zone)}` : ''
  // Narrow no-break spaces are for the page, not for a voice.
  return `${dayInWords(startsAt, locale, zone, days)} ${clock}${ofZone}`.replace(/[\u00a0\u202f]/g, ' ')
}

function dayInWords(startsAt: Date, locale: string, zone: string, days: number): string {
  if (days === 0 || days === 1) return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(days, 'day')
  const date = days > 1 && days < 7 ? {} : ({ day: 'numeric', month: 'long' } as const)
  return format(startsAt, locale, { timeZone: zone, weekday: 'long', ...date })
}

function zoneInWords(startsAt: Date, locale: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'long' }).formatToParts(startsAt)
  return parts.find(({ type }) => type === 'timeZoneName')!.value
}

const format = (at: Date, locale: string, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale, options).format(at)

/** English is American where it does not say which; what the platform does not know is English. */
function localeOf(language: string): string {
  if (language.toLowerCase() === 'en') return 'en-US'
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(language)[0] ?? 'en-US'
  } catch {
    return 'en-US'
  }
}
