import type { z } from 'zod'
import type { CreateLead } from '../../openapi/schemas/lead.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { Consent } from '../db/schema.ts'
import { zonesOf } from '../guardrails/lead-zone.ts'
import { normalisePhone } from '../guardrails/phone.ts'

export type LeadInput = z.infer<typeof CreateLead>

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

/** What makes a lead unusable beyond its shape: no consent, no possible phone. All faults at once; empty when it is fine. */
export function leadFaults(input: Record<string, unknown>): FieldFault[] {
  const faults: FieldFault[] = []
  if (!isGranted(input.consent)) {
    faults.push({ pointer: '/consent', code: 'consent_required', detail: 'The person has not agreed to be called.' })
  }
  if (typeof input.phone === 'string') {
    const phone = readPhone(input.phone, input.country)
    if (!('e164' in phone)) faults.push({ pointer: '/phone', code: 'phone_invalid', detail: phone.reason })
  }
  return faults
}

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
