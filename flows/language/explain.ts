import { type Candidate, DIMENSIONS, fit, type LeadTraits, namedBy, rankOf, reasons } from './fit.ts'

/** What became of one flow when a lead was routed. */
export interface Verdict {
  flow_id: string
  version: number
  /** `refused`: it does not take the lead; `outranked`: it does, and so does a more specific one. */
  verdict: 'chosen' | 'outranked' | 'refused'
  /** In words; of the chosen one as in its route. */
  why: string
}

/** Why a flow is chosen by its id, whatever it takes. */
export const NAMED = 'named by the lead'

/**
 * Every flow, the chosen one first, then those that would have been next; refused ones last, by id.
 * @param candidates by id.
 * @param flowId the flow that the lead names, if any.
 */
export function explain(candidates: Candidate[], lead: LeadTraits, flowId?: string): Verdict[] {
  const ranked = candidates.map((flow) => ({ flow, rank: rankOf(flow, lead) }))
  // Sorting keeps the order of ids among equals.
  const taking = ranked.filter(({ rank }) => rank >= 0).toSorted((a, b) => b.rank - a.rank)
  const named = candidates.find(({ id }) => id === flowId)
  const best = named ?? taking[0]?.flow
  const told = ({ id, version }: Candidate, verdict: Verdict['verdict'], why: string) => ({
    flow_id: id,
    version,
    verdict,
    why,
  })
  return [
    ...(best ? [told(best, 'chosen', named ? NAMED : reasons(best, lead))] : []),
    ...taking
      .filter(({ flow }) => flow !== best)
      .map(({ flow }) => told(flow, 'outranked', named ? `the lead names ${named.id}` : outranked(flow, best!, lead))),
    ...ranked
      .filter(({ flow, rank }) => rank < 0 && flow !== best)
      .map(({ flow }) => told(flow, 'refused', `it wants ${wishes(flow, lead).join(' and ')}`)),
  ]
}

/** What the better flow has before this one, which takes the lead too. */
function outranked(flow: Candidate, best: Candidate, lead: LeadTraits): string {
  const [own, its] = [namedBy(flow, lead), namedBy(best, lead)]
  const list = (named: string[]) => (named.length === 0 ? 'nothing' : named.join(' and '))
  if (its.length > own.length) return `${best.id} names more of this lead: ${list(its)}; this one names ${list(own)}`
  const decisive = DIMENSIONS.find((dimension) => its.includes(dimension) !== own.includes(dimension))
  if (decisive) return `${best.id} names as much, and its ${decisive} comes first`
  const [ownLanguage, itsLanguage] = [fit(flow, 'language', lead), fit(best, 'language', lead)]
  if (itsLanguage === ownLanguage) return `${best.id} names as much, and its id comes first`
  return itsLanguage === 'exact'
    ? `${best.id} names as much, and exactly the language ${lead.language}`
    : `${best.id} names as much, and takes any language`
}

/** What the flow takes instead of what the lead says. */
function wishes(flow: Candidate, lead: LeadTraits): string[] {
  const misses = DIMENSIONS.filter((dimension) => fit(flow, dimension, lead) === 'no')
  return misses.map((dimension) => {
    const takes = [...flow.takes[dimension]].slice(0, 5).join(', ')
    const has = !lead[dimension] ? 'none' : `"${lead[dimension]}"`
    return `${dimension} ${takes} (the lead has ${has})`
  })
}

/** Names the flow that came closest, of several the one that names most of what the lead says, and what it takes instead. */
export function refusal(candidates: Candidate[], lead: LeadTraits): string {
  let nearest: { flow: Candidate; misses: number; named: number } | undefined
  for (const flow of candidates) {
    const misses = DIMENSIONS.filter((dimension) => fit(flow, dimension, lead) === 'no').length
    const named = namedBy(flow, lead).length
    const isNearer = misses === nearest?.misses ? named > nearest.named : misses < (nearest?.misses ?? Infinity)
    if (isNearer) nearest = { flow, misses, named }
  }
  if (!nearest) return 'There are no flows.'
  return `No flow takes this lead; the closest, ${nearest.flow.id}, wants ${wishes(nearest.flow, lead).join(' and ')}.`
}
