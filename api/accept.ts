import type { Context } from 'hono'
import { accepts } from 'hono/accepts'

interface Range {
  type: string
  q: number
}

/**
 * Which of `types`, without parameters, `Accept` prefers (RFC 9110, section 12.5.1): each has the q of the closest range
 * that covers it. Of equals the one more closely named, then the one named first; the first of `types` when in doubt.
 */
export const preferred = (context: Context, ...types: [string, ...string[]]): string =>
  accepts(context, { header: 'Accept', supports: types, default: types[0], match: best })

/** @param ranges of equal q in the order of the header. */
function best(ranges: Range[], { supports, default: usual }: { supports: string[]; default: string }): string {
  const ranked = supports.map((type) => ({ type, ...closest(type, ranges) })).filter(({ q }) => q > 0)
  ranked.sort((a, b) => b.q - a.q || b.closeness - a.closeness || a.order - b.order)
  return ranked[0]?.type ?? usual
}

function closest(type: string, ranges: Range[]) {
  const judged = ranges.map(({ type: range, q }, order) => ({ q, order, closeness: closenessOf(type, range) }))
  judged.sort((a, b) => b.closeness - a.closeness)
  return judged[0]?.closeness ? judged[0] : { q: 0, order: 0, closeness: 0 }
}

function closenessOf(type: string, range: string): number {
  const [main] = type.split('/')
  return ['*/*', `${main}/*`, type].indexOf(range.toLowerCase()) + 1
}
