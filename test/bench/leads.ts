import type { LeadInput } from '../../runtime/leads/read-lead.ts'

export interface LeadRequest {
  key: string
  body: LeadInput
}

/** Area codes of several zones; 7,900,000 numbers below each, none of the sandbox's people (+1 202 555 01xx). */
const AREAS = ['202', '212', '415', '312', '617', '713', '206', '305', '404', '602']

/** The number of the `at`-th lead: no two are the same, as in life. */
export function phoneOf(at: number): string {
  const area = AREAS[at % AREAS.length]!
  const rest = Math.floor(at / AREAS.length)
  const exchange = 220 + (Math.floor(rest / 10_000) % 80)
  return `+1${area}${exchange}${String(rest % 10_000).padStart(4, '0')}`
}

/** A lead as a web form sends it. */
export const leadFor = (at: number, key: string): LeadRequest => ({
  key,
  body: {
    event: 'lead.created',
    source: 'web_form',
    phone: phoneOf(at),
    intent: 'pricing',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    consent: true,
    call_within: 60,
    external_id: `form-${at}`,
    metadata: { page: '/pricing' },
  },
})
