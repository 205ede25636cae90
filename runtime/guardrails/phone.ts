import {
  type CountryCode,
  isSupportedCountry,
  type NumberType,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'

export type NormalisedPhone =
  /** `e164` as in ITU-T E.164 with its plus; `country` is ISO 3166-1 alpha-2, null for numbers of no country (+800). */
  | { ok: true; e164: string; country: string | null }
  /** `reason` in a sentence, for the person who sent the number. */
  | { ok: false; reason: string }

/** Numbers that cost the caller extra or that no person answers. */
const NOT_CALLED: ReadonlySet<NumberType> = new Set<NumberType>(['PREMIUM_RATE', 'SHARED_COST', 'PAGER', 'VOICEMAIL'])

/** Marks that copying leaves around a number: bidi controls, zero-width characters, byte order mark, soft hyphen. */
const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g

/** Several marks in the place of digits, as in +90••••4218. */
const MASKED = /[•●∙·*#█■]{2}|x{2}/i

/** Whether something is a country code of ISO 3166-1 alpha-2 that has phone numbers. */
export const isCountry = (code: unknown): code is string =>
  typeof code === 'string' && isSupportedCountry(code.trim().toUpperCase())

export const noCountry = (code: string): string => `"${code.slice(0, 8)}" is not a country code such as TR or US.`

/**
 * Any human spelling of a phone number → E.164. National spellings need `country` (ISO 3166-1 alpha-2). The rules of
 * every numbering plan are Google's libphonenumber, through libphonenumber-js/max. Never throws.
 */
export function normalisePhone(input: string, { country }: { country?: string | null } = {}): NormalisedPhone {
  if (input.length > 100) return no('The number is longer than 100 characters.')
  const spelling = `${country ?? ''} ${input}`
  const known = recent.get(spelling)
  if (known) return known
  const read = readPhone(input, country)
  recent.set(spelling, read)
  if (recent.size > RECENT) recent.delete(recent.keys().next().value!)
  return read
}

/** The last numbers read: one request asks for its own several times. */
const recent = new Map<string, NormalisedPhone>()
const RECENT = 200

/**
 * The number behind an id of WhatsApp, which keeps what the numbering plans of Mexico and Brazil have changed: the 1 before mobile
 * numbers there, and mobile numbers without their ninth digit. What exists as it is, is left alone.
 */
export function phoneOfWhatsApp(id: string): string {
  if (normalisePhone(id).ok) return id
  const phone = id.replace(/^\+521(\d{10})$/, '+52$1').replace(/^\+55\d{2}(?=[6-9]\d{7}$)/, '$&9')
  return normalisePhone(phone).ok ? phone : id
}

function readPhone(input: string, country: string | null | undefined): NormalisedPhone {
  const region = country?.trim().toUpperCase() || undefined
  if (region !== undefined && !isCountry(region)) return no(noCountry(region))
  const written = Array.from(input.normalize('NFKC').replace(INVISIBLE, '').trim(), westernDigit).join('')
  if (MASKED.test(written)) return no('The number is masked; send all of its digits.')
  if (!/[0-9]/.test(written)) return no('There are no digits in it.')
  const number = parse(written, region as CountryCode | undefined)
  if (!number) {
    const isInternational = region !== undefined || /^(?:tel:)?\s*(?:\+|00)/i.test(written)
    if (!isInternational) return no('Write it with + and the country code, or add the country.')
    return no('It is not a possible phone number.')
  }
  if (!number.isValid())
    return no(number.country ? `No such number exists in ${number.country}.` : 'No such number exists.')
  if (number.ext) return no('An extension cannot be dialed; give the direct number.')
  const type = number.getType()
  if (type && NOT_CALLED.has(type))
    return no(`${type[0]}${type.slice(1).toLowerCase().replace('_', '-')} numbers are not called.`)
  return { ok: true, e164: number.number, country: number.country ?? null }
}

/** As written; else `00` read as `+`, which is what it means wherever the country does not say otherwise. */
function parse(written: string, country: CountryCode | undefined): PhoneNumber | undefined {
  const number = parsePhoneNumberFromString(written, country)
  if (number?.isValid()) return number
  const digits = written.replace(/^tel:\s*/i, '')
  const international = digits.startsWith('00') ? parsePhoneNumberFromString(`+${digits.slice(2)}`) : undefined
  return international?.isValid() ? international : (number ?? international)
}

/** A decimal digit of any script as 0–9. In Unicode they come in runs of ten that begin with the zero. */
function westernDigit(character: string): string {
  if (!/\p{Nd}/u.test(character)) return character
  let zero = character.codePointAt(0)!
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && character.codePointAt(0)! - zero < 9) zero--
  return String(character.codePointAt(0)! - zero)
}

const no = (reason: string): NormalisedPhone => ({ ok: false, reason })
