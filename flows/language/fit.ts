/** What a lead says about itself; null and absent are the same. */
export interface LeadTraits {
  source?: string | null | undefined
  campaign?: string | null | undefined
  intent?: string | null | undefined
  /** BCP 47. */
  language?: string | null | undefined
  /** The language was worked out from the number: it may decide between flows, but it blocks none. */
  isLanguageDerived?: boolean | undefined
}

/** In the order that settles a tie: the narrower wins. */
export const DIMENSIONS = ['campaign', 'intent', 'source', 'language'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** A flow as it is compared. */
export interface Candidate {
  id: string
  version: number
  takes: Record<Dimension, ReadonlySet<string>>
}

/** `open`: it takes anything; `other`: it names others, and what the lead says does not block it. */
export type Fit = 'no' | 'open' | 'other' | 'named' | 'exact'

/** How a flow stands to one trait of a lead. */
export function fit(flow: Candidate, dimension: Dimension, lead: LeadTraits): Fit {
  const takes = flow.takes[dimension]
  const value = lead[dimension]
  if (takes.size === 0) return 'open'
  if (dimension !== 'language') return value && takes.has(value) ? 'named' : 'no'
  if (!value) return 'other'
  if (takes.has(value)) return 'exact'
  if (takes.has(primary(value))) return 'named'
  return lead.isLanguageDerived ? 'other' : 'no'
}

const primary = (language: string) => language.split('-')[0]!.toLowerCase()
export const isNamed = (fits: Fit) => fits === 'named' || fits === 'exact'

/** Higher is better; -1 when the flow does not take the lead. */
export function rankOf(flow: Candidate, lead: LeadTraits): number {
  let named = 0
  let ties = 0
  let language: Fit = 'open'
  for (const dimension of DIMENSIONS) {
    const fits = fit(flow, dimension, lead)
    if (fits === 'no') return -1
    ties = ties * 2 + (isNamed(fits) ? 1 : 0)
    if (isNamed(fits)) named++
    language = fits
  }
  return (named * 16 + ties) * 3 + (language === 'exact' ? 2 : language === 'other' ? 0 : 1)
}

export const namedBy = (flow: Candidate, lead: LeadTraits) =>
  DIMENSIONS.filter((dimension) => isNamed(fit(flow, dimension, lead)))

/** What of the lead the flow names, e.g. `intent=pricing source=web_form`. */
export function reasons(flow: Candidate, lead: LeadTraits): string {
  const named = namedBy(flow, lead)
  if (named.length === 0) return 'takes any lead'
  return named.map((dimension) => `${dimension}=${lead[dimension]}`).join(' ')
}
