import type { FlowMatch } from '../../openapi/schemas/flow-document.ts'
import { canonicalLanguage } from './fields.ts'

export interface RoutableFlow {
  id: string
  version: number
  match: FlowMatch
}

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

export interface Route {
  flow_id: string
  version: number
  /** What of the lead the flow names, e.g. `intent=pricing source=web_form`. */
  why: string
}

export interface Router {
  /** The flow for a lead; null when none takes it. Microseconds. */
  route(lead: LeadTraits): Route | null
  /** Why no flow takes the lead, in words. */
  refusal(lead: LeadTraits): string
}

/** In the order that settles a tie: the narrower wins. */
const DIMENSIONS = ['campaign', 'intent', 'source', 'language'] as const
type Dimension = (typeof DIMENSIONS)[number]

interface Candidate {
  id: string
  version: number
  takes: Record<Dimension, ReadonlySet<string>>
}

/**
 * Prepares flows for routing. The route of a lead is the flow that takes it and names most of what the lead says; then
 * the one that names its campaign, its intent, its source, its exact language tag (before just `tr` for `tr-TR`); then
 * the one whose id comes first in code-point order. So the order of `flows` does not matter; of two versions the higher
 * counts. A lead that gives no language fits any, but counts as naming none.
 */
export function compileRouter(flows: readonly RoutableFlow[]): Router {
  const latest = new Map<string, RoutableFlow>()
  for (const flow of flows) if (flow.version > (latest.get(flow.id)?.version ?? -1)) latest.set(flow.id, flow)
  const candidates = [...latest.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(candidate)
  const bySource = index(candidates)
  return {
    route(lead) {
      const wanted = spelled(lead)
      let best: Candidate | undefined
      let bestRank = -1
      for (const flow of (wanted.source && bySource.get(wanted.source)) || bySource.get(null)!) {
        const rank = rankOf(flow, wanted)
        if (rank > bestRank) {
          best = flow
          bestRank = rank
        }
      }
      return best ? { flow_id: best.id, version: best.version, why: reasons(best, wanted) } : null
    },
    refusal: (lead) => refusal(candidates, spelled(lead)),
  }
}

/** With the language in its canonical spelling. */
const spelled = (lead: LeadTraits): LeadTraits => ({
  ...lead,
  language: lead.language ? (canonicalLanguage(lead.language) ?? lead.language) : null,
})

function candidate({ id, version, match }: RoutableFlow): Candidate {
  const { campaign, intent, source, language } = match
  const takes = {
    campaign: new Set(campaign),
    intent: new Set(intent),
    source: new Set(source),
    language: new Set(language),
  }
  return { id, version, takes }
}

/** By source the flows that take it, and under null those that take any; each list in the order of ids. */
function index(candidates: Candidate[]): Map<string | null, Candidate[]> {
  const sources = new Set(candidates.flatMap((flow) => [...flow.takes.source]))
  const anySource = candidates.filter((flow) => flow.takes.source.size === 0)
  const byIndex = new Map<string | null, Candidate[]>([[null, anySource]])
  const bySource = Map.groupBy(
    candidates.flatMap((flow) => [...flow.takes.source].map((source) => ({ source, flow }))),
    ({ source }) => source,
  )
  for (const source of sources) {
    const own = bySource.get(source)!.map(({ flow }) => flow)
    byIndex.set(
      source,
      [...own, ...anySource].sort((a, b) => (a.id < b.id ? -1 : 1)),
    )
  }
  return byIndex
}

type Fit = 'no' | 'any' | 'named' | 'exact'

function fit(flow: Candidate, dimension: Dimension, lead: LeadTraits): Fit {
  const takes = flow.takes[dimension]
  const value = lead[dimension]
  if (takes.size === 0) return 'any'
  if (dimension !== 'language') return value && takes.has(value) ? 'named' : 'no'
  if (!value) return 'any'
  if (takes.has(value)) return 'exact'
  if (takes.has(primary(value))) return 'named'
  return lead.isLanguageDerived ? 'any' : 'no'
}

const primary = (language: string) => language.split('-')[0]!.toLowerCase()

/** Higher is better; -1 when the flow does not take the lead. */
function rankOf(flow: Candidate, lead: LeadTraits): number {
  let named = 0
  let ties = 0
  for (const dimension of DIMENSIONS) {
    const fits = fit(flow, dimension, lead)
    if (fits === 'no') return -1
    ties = ties * 2 + (fits === 'any' ? 0 : 1)
    if (fits !== 'any') named++
  }
  return (named * 16 + ties) * 2 + (fit(flow, 'language', lead) === 'exact' ? 1 : 0)
}

function reasons(flow: Candidate, lead: LeadTraits): string {
  const named = DIMENSIONS.filter((dimension) => !['no', 'any'].includes(fit(flow, dimension, lead)))
  if (named.length === 0) return 'takes any lead'
  return named.map((dimension) => `${dimension}=${lead[dimension]}`).join(' ')
}

/** Names the flow that came closest and what it takes instead. */
function refusal(candidates: Candidate[], lead: LeadTraits): string {
  let nearest: { flow: Candidate; misses: Dimension[] } | undefined
  for (const flow of candidates) {
    const misses = DIMENSIONS.filter((dimension) => fit(flow, dimension, lead) === 'no')
    if (!nearest || misses.length < nearest.misses.length) nearest = { flow, misses }
  }
  if (!nearest) return 'there are no flows'
  const wishes = nearest.misses.map((dimension) => {
    const takes = [...nearest.flow.takes[dimension]].slice(0, 5).join(', ')
    const has = !lead[dimension] ? 'none' : `"${lead[dimension]}"`
    return `${dimension} ${takes} (the lead has ${has})`
  })
  return `no flow takes this lead; the closest, ${nearest.flow.id}, wants ${wishes.join(' and ')}`
}
