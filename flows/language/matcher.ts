import type { FlowMatch } from '../../openapi/schemas/flow-document.ts'
import { explain, refusal, type Verdict } from './explain.ts'
import { canonicalLanguage } from './fields.ts'
import { type Candidate, type LeadTraits, rankOf, reasons } from './fit.ts'

export type { Verdict } from './explain.ts'
export type { LeadTraits } from './fit.ts'

export interface RoutableFlow {
  id: string
  version: number
  match: FlowMatch
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
  /** Every flow, the chosen one first, then those that would have been next; refused ones last, by id. A flow that the lead names is chosen. */
  explain(lead: LeadTraits, flowId?: string): Verdict[]
}

/**
 * Prepares flows for routing. The route of a lead is the flow that takes it and names most of what the lead says; then
 * the one that names its campaign, its intent, its source, its exact language tag (before just `tr` for `tr-TR`). A lead
 * that gives no language fits any, but counts as naming none; there a flow for any language comes before one for others,
 * and of several for others the one whose id comes first in code-point order. Flows that `tie` are refused when they are
 * deployed, so nothing else is left to chance; the order of `flows` never matters. Of two versions the higher counts.
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
    explain: (lead, flowId) => explain(candidates, spelled(lead), flowId),
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
