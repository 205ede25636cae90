/**
 * A slot in words, as it is said on the phone: "Tuesday, May 26 at 3:30 PM", "26 Mayıs Salı 15:30". `language` is
 * BCP 47, `zone` the lead's (IANA). Throws RangeError for an unknown zone; an unknown language is said in English.
 */
export function spokenSlot(startsAt: Date, zone: string, language: string): string {
  const format = new Intl.DateTimeFormat([language.toLowerCase() === 'en' ? 'en-US' : language, 'en-US'], {
    timeZone: zone,
    weekday: 'long',
    month: 'long',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
  })
  // Narrow no-break spaces are for the page, not for a voice.
  return format.format(startsAt).replace(/[\u00a0\u202f]/g, ' ')
}
