import type { z } from 'zod'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { CreateLead, MAX_DAYS_AHEAD } from '../../openapi/schemas/lead.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { Consent } from '../db/schema.ts'
import { zonesOf } from '../guardrails/lead-zone.ts'
import { isZone } from '../guardrails/offsets.ts'
import { isCountry, noCountry, normalisePhone } from '../guardrails/phone.ts'

export type LeadInput = z.infer<typeof CreateLead>

/** A lead as far as routing looks at it: the body of POST /v1/leads, of which it needs the source alone. */
export const RoutedLead = CreateLead.partial({ phone: true })
export type RoutedLead = z.infer<typeof RoutedLead>

/** A lead with its phone, country and zones known. */
export interface NormalisedLead {
  input: LeadInput
  phone: string
  country: string | null
  subdivision: string | null
  zones: string[]
  language: string | undefined
  consent: Consent
}

/** How much faster than ours the clock may be that a consent was captured by. */
const CLOCK_SKEW_MS = 5 * 60_000

/**
 * What makes a lead unusable beyond its shape: no consent, no possible phone, facts that do not add up. All faults at once; empty
 * when it is fine. `now` is epoch milliseconds.
 */
export function leadFaults(input: Record<string, unknown>, now: number): FieldFault[] {
  const faults: FieldFault[] = []
  if (!isGranted(input.consent)) {
    faults.push({ pointer: '/consent', code: 'consent_required', detail: 'The person has not agreed to be called.' })
  }
  const { country } = input
  if (typeof country === 'string' && /^[a-z]{2}$/i.test(country) && !isCountry(country)) {
    faults.push({ pointer: '/country', code: 'lead_invalid', detail: noCountry(country) })
  }
  // What a number is depends on the country; by one that is none it is not judged.
  if (typeof input.phone === 'string' && (country === undefined || isCountry(country))) {
    const phone = readPhone(input.phone, input.country)
    if (!('e164' in phone)) faults.push({ pointer: '/phone', code: 'phone_invalid', detail: phone.reason })
  }
  return [...faults, ...contradictions(input, now)]
}

/** What no schema can judge: what there is in the world, what two fields say together, and the time. */
function contradictions(input: Record<string, unknown>, now: number): FieldFault[] {
  const { time_zone, call_within, call_within_seconds, not_before, consent } = input
  const faults: FieldFault[] = []
  const tell = (pointer: string, detail: string) => faults.push({ pointer, code: 'lead_invalid', detail })
  if (typeof time_zone === 'string' && !isZone(time_zone)) {
    tell('/time_zone', 'time_zone must be an IANA name, as Europe/Istanbul is.')
  }
  const both = [call_within, call_within_seconds]
  if (both.every((it) => typeof it === 'number') && call_within !== call_within_seconds) {
    tell(
      '/call_within_seconds',
      `call_within is ${call_within} and call_within_seconds is ${call_within_seconds}, which mean the same: send one of them.`,
    )
  }
  const capturedAt = instantOf((consent as { captured_at?: unknown } | null | undefined)?.captured_at)
  if (capturedAt > now + CLOCK_SKEW_MS) {
    tell('/consent/captured_at', 'consent.captured_at must not be in the future.')
  }
  if (instantOf(not_before) > now + MAX_DAYS_AHEAD * 86_400_000) {
    tell('/not_before', `not_before must be at most ${MAX_DAYS_AHEAD} days ahead.`)
  }
  return faults
}

/** Epoch milliseconds; NaN for what is no time, which is a fault of the shape. */
const instantOf = (time: unknown): number => (typeof time === 'string' ? Date.parse(time) : Number.NaN)

/** The number of an input that nobody has checked yet, as E.164; undefined when it says none. */
export function phoneOf({ phone, country }: Record<string, unknown>): string | undefined {
  const read = typeof phone === 'string' ? readPhone(phone, country) : undefined
  return read?.ok ? read.e164 : undefined
}

const readPhone = (phone: string, country: unknown) =>
  normalisePhone(phone, { country: typeof country === 'string' ? country : null })

const isGranted = (consent: unknown): boolean =>
  consent === true ||
  (typeof consent === 'object' && consent !== null && (consent as { granted?: unknown }).granted === true)

/** @param input has no faults, as `leadFaults` tells. */
export async function normaliseLead(input: LeadInput): Promise<NormalisedLead> {
  const phone = normalisePhone(input.phone, { country: input.country })
  if (!('e164' in phone)) throw new Error('a lead with faults was normalised')
  const place = await zonesOf(phone.e164, { timeZone: input.time_zone, country: input.country })
  return {
    input,
    phone: phone.e164,
    country: place.country,
    subdivision: place.subdivision,
    zones: place.zones,
    language: input.language ?? languageOf(place.country),
    consent: input.consent === true ? true : (input.consent as Consent),
  }
}

/**
 * Does once what the first lead of a process would wait for, 40 to 100 ms: reads the data of numbers, and asks the platform for zones
 * and languages. Never throws: what is wrong, the first lead tells.
 */
export const warmUp = (): Promise<unknown> =>
  normaliseLead({ source: 'web_form', phone: sandboxNumber, consent: true }).catch(() => undefined)

/** The most spoken language of a country, by the platform's CLDR data; undefined where there is none. */
function languageOf(country: string | null): string | undefined {
  if (!country) return undefined
  if (!languages.has(country)) {
    const likely = new Intl.Locale(`und-${country}`).maximize().language
    languages.set(country, likely === 'und' ? undefined : likely)
  }
  return languages.get(country)
}

/** By country. */
const languages = new Map<string, string | undefined>()
