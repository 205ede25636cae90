import { offsetSpan } from './offsets.ts'

/**
 * Where most people are, of the countries and areas in several zones whose list begins with another one. Of two in
 * one list the earlier counts.
 */
const LIKELIEST = [
  ...['America/New_York', 'America/Los_Angeles', 'America/Anchorage', 'America/Toronto', 'America/St_Johns'],
  ...['America/Mexico_City', 'America/Sao_Paulo', 'America/Buenos_Aires', 'America/Santiago', 'America/Godthab'],
  ...['Europe/Lisbon', 'Europe/Madrid', 'Europe/Dublin', 'Europe/London', 'Europe/Moscow', 'Asia/Nicosia'],
  ...['Asia/Tashkent', 'Asia/Ulaanbaatar', 'Asia/Jakarta', 'Asia/Kuala_Lumpur', 'Australia/Sydney', 'Australia/Perth'],
  ...['Pacific/Port_Moresby', 'Pacific/Tahiti', 'Pacific/Tarawa', 'Pacific/Ponape'],
]

/**
 * The zone in which a time is said to a person who may be in any of `zones`: the likeliest. Whether they may be called is for all of
 * them to say.
 */
export const spokenZone = (zones: readonly string[]): string =>
  LIKELIEST.find((zone) => zones.includes(zone)) ?? zones[0]!

/** Whether the clocks of `zones` differ at an instant, so that an hour alone would mislead who is not in the one it is said in. */
export const clocksDiffer = (zones: readonly string[], at: Date): boolean =>
  new Set(zones.map((zone) => offsetSpan(zone, at.getTime()).offset)).size > 1
