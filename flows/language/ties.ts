import type { FlowMatch } from '../../openapi/schemas/flow-document.ts'
import { DIMENSIONS } from './fit.ts'

type Match = Pick<FlowMatch, (typeof DIMENSIONS)[number]>

/**
 * What two flows both take with the same right, or undefined when the more specific one is always clear. They tie when they
 * name the same of source, campaign, intent and language, and have a value of each in common: a lead with those values finds
 * both, and nothing speaks for either. `tr` and `tr-TR` are no such value: the exact one wins.
 */
export function tie(one: Match, other: Match): string | undefined {
  const shared: string[] = []
  for (const dimension of DIMENSIONS) {
    if ((one[dimension].length === 0) !== (other[dimension].length === 0)) return undefined
    if (one[dimension].length === 0) continue
    const value = one[dimension].find((it) => other[dimension].includes(it))
    if (value === undefined) return undefined
    shared.push(`${dimension} ${value}`)
  }
  return shared.length === 0 ? 'any lead' : `leads with ${shared.join(', ')}`
}
