import { type NumberType, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { placeOf, zonesOfPrefix } from './number-places.ts'
import { isZone } from './offsets.ts'
import { stateOf } from './us-states.ts'

export interface LeadZones {
  /** IANA zones the person may be in; at least one. */
  zones: string[]
  /** ISO 3166-1 alpha-2. */
  country: string | null
  /** The state of a US number, as ISO 3166-2 without `US-`; null when unknown. */
  subdivision: string | null
  /** Where the zones come from; `strictest`: nothing is known but the country, so that all of its zones must allow. */
  source: 'lead' | 'number' | 'country' | 'strictest'
}

/** Numbers that say nothing about where they are answered. */
const NOWHERE: ReadonlySet<NumberType> = new Set<NumberType>([
  'TOLL_FREE',
  'PREMIUM_RATE',
  'SHARED_COST',
  'VOIP',
  'PERSONAL_NUMBER',
  'UAN',
])
/** Ahead of and behind every other: calls fit both only when it is day everywhere they could be. */
const ANYWHERE = ['Pacific/Auckland', 'Pacific/Honolulu']
const MAX_REMEMBERED = 10_000
/** By number, oldest first: its facts change only with the package. */
const remembered = new Map<string, LeadZones>()
/** By country; asking the platform and the tz database takes a millisecond. */
const ofCountries = new Map<string, string[]>()

/**
 * The time zones a lead may be in: the one the lead gave, else those of the number's area, else all of the country's.
 * A given zone that does not exist is ignored. `country` (ISO 3166-1) counts where the number names none. Never throws.
 */
export async function zonesOf(
  phoneE164: string,
  given: { timeZone?: string | null; country?: string | null } = {},
): Promise<LeadZones> {
  const byNumber = await zonesOfNumber(phoneE164, given.country?.toUpperCase() ?? null)
  const zone = given.timeZone
  if (!zone || !isZone(zone)) return byNumber
  // Someone who moved away from the area of their number: its state says nothing about them any more.
  const isAtHome = byNumber.zones.some((it) => canonical(it) === canonical(zone))
  return { ...byNumber, zones: [zone], subdivision: isAtHome ? byNumber.subdivision : null, source: 'lead' }
}

/** One spelling for a zone and all its links and cases: `us/eastern` is America/New_York. */
const canonical = (zone: string): string => new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone

async function zonesOfNumber(phone: string, country: string | null): Promise<LeadZones> {
  const key = `${phone} ${country}`
  const known = remembered.get(key)
  if (known) {
    remembered.delete(key)
    remembered.set(key, known)
    return { ...known, zones: [...known.zones] }
  }
  const found = await lookUp(phone, country)
  if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
  remembered.set(key, found)
  return { ...found, zones: [...found.zones] }
}

async function lookUp(phone: string, givenCountry: string | null): Promise<LeadZones> {
  const number = parsePhoneNumberFromString(phone)
  const country = number?.country ?? givenCountry
  const type = number?.getType()
  if (number && !(type && NOWHERE.has(type))) {
    const [area, place] = await Promise.all([zonesOfArea(number), placeOf(number)])
    // A mobile number that names no place works in the whole country; the package then gives the capital's zone.
    const isNational = type === 'MOBILE' && place === null
    const zones = isNational && area.length > 0 ? [...new Set([...area, ...zonesOfCountry(country)])] : area
    const subdivision = number.country === 'US' ? stateOf(place) : null
    if (zones.length > 0)
      return { zones, country, subdivision, source: zones.length > area.length ? 'strictest' : 'number' }
  }
  const zones = zonesOfCountry(country)
  return { zones, country, subdivision: null, source: zones.length === 1 ? 'country' : 'strictest' }
}

/** Empty when the prefix is known only as a whole country code: such a list is every zone that shares it. */
async function zonesOfArea(number: PhoneNumber): Promise<string[]> {
  const zones = ((await zonesOfPrefix(number)) ?? []).filter(isZone)
  const ofCountry = number.country ? zonesOfCountry(number.country) : []
  return zones.length > Math.max(4, ofCountry.length) ? [] : zones
}

/** From CLDR, through ECMA-402's `Intl.Locale.prototype.getTimeZones`. */
function zonesOfCountry(country: string | null): string[] {
  if (!country || !/^[A-Z]{2}$/.test(country)) return ANYWHERE
  const known = ofCountries.get(country)
  if (known) return known
  const locale = new Intl.Locale(`und-${country}`) as Intl.Locale & { getTimeZones(): string[] | undefined }
  const zones = (locale.getTimeZones() ?? []).filter(isZone)
  const found = zones.length > 0 ? zones : ANYWHERE
  ofCountries.set(country, found)
  return found
}
