import { dayOf } from './day.ts'
import { nextOpening } from './quiet-hours.ts'

/** Everything the verdict rests on. All times are on the call's own clock. */
export interface DialFacts {
  now: Date
  consent: boolean
  optedOut: boolean
  notBefore: Date | null
  /** IANA zones the person may be in; at least one. */
  zones: string[]
  /** ISO 3166-1 alpha-2. */
  country: string | null
  /** ISO 3166-2, or the part after the country. */
  subdivision: string | null
  /** The flow's, 'HH:MM'. */
  quietHours: { from: string; to: string } | null
  attemptsOfCall: number
  maxAttempts: number
  /** Dials to this number in the last 30 days, in any order. */
  attemptsToNumber: Date[]
  caps: { perNumberPer24h: number; perNumberPer30d: number; minGapSeconds: number }
  /** Dials of the workspace since its calendar day began (`dayOf`). */
  attemptsOfWorkspaceToday: number
  workspacePerDay: number | null
  /** IANA zone in which the workspace's day begins; UTC when absent. */
  workspaceZone?: string
  ringMarginSeconds: number
}

export type HoldReason = 'not_before' | 'quiet_hours' | 'attempt_cap' | 'min_gap' | 'workspace_cap'
/** `no_opening`: the rules together leave no moment at which this call could ever be made. */
export type RefuseReason = 'no_consent' | 'opted_out' | 'attempts_spent' | 'no_opening'
export type Verdict =
  | { kind: 'allow' }
  | { kind: 'hold'; until: Date; reason: HoldReason }
  | { kind: 'refuse'; reason: RefuseReason }

const DAY_MS = 86_400_000

/**
 * May this call be dialed now? Asked at intake and again in the dial transaction. `until` is the earliest instant at
 * which, if nothing else changes, the answer is `allow`; `reason` is the hold that ends last, the one that decides it.
 * Throws RangeError without zones, or for a zone that does not exist: a verdict on unknown hours is never `allow`.
 */
export function mayDial(facts: DialFacts): Verdict {
  if (!facts.consent) return { kind: 'refuse', reason: 'no_consent' }
  if (facts.optedOut) return { kind: 'refuse', reason: 'opted_out' }
  if (facts.attemptsOfCall >= facts.maxAttempts) return { kind: 'refuse', reason: 'attempts_spent' }

  let at = facts.now.getTime()
  let reason: HoldReason | undefined
  for (const [name, until] of thresholds(facts)) {
    // Also true for a time that is not one: what cannot be judged is not allowed.
    if (!(until <= at)) {
      at = until
      reason = name
    }
  }
  // A cap of zero never opens.
  const opening = Number.isFinite(at) ? nextOpening(new Date(at), facts.zones, facts) : null
  if (opening === null) return { kind: 'refuse', reason: 'no_opening' }
  if (opening.getTime() > at) return { kind: 'hold', until: opening, reason: 'quiet_hours' }
  return reason ? { kind: 'hold', until: opening, reason } : { kind: 'allow' }
}

/** The holds that simply end at an instant, in epoch ms (-Infinity: none, Infinity: never). */
function thresholds(facts: DialFacts): [HoldReason, number][] {
  const { caps } = facts
  const latest = facts.attemptsToNumber.map((attempt) => attempt.getTime()).sort((a, b) => b - a)
  // With a cap of n, the n-th latest attempt has to leave the window first.
  const leaves = (cap: number, days: number) =>
    cap <= 0 ? Number.POSITIVE_INFINITY : (latest[cap - 1] ?? Number.NEGATIVE_INFINITY) + days * DAY_MS
  return [
    ['not_before', facts.notBefore?.getTime() ?? Number.NEGATIVE_INFINITY],
    ['attempt_cap', Math.max(leaves(caps.perNumberPer24h, 1), leaves(caps.perNumberPer30d, 30))],
    ['min_gap', (latest[0] ?? Number.NEGATIVE_INFINITY) + caps.minGapSeconds * 1_000],
    ['workspace_cap', workspaceOpens(facts)],
  ]
}

function workspaceOpens(facts: DialFacts): number {
  if (facts.workspacePerDay === null || facts.attemptsOfWorkspaceToday < facts.workspacePerDay)
    return Number.NEGATIVE_INFINITY
  if (facts.workspacePerDay <= 0) return Number.POSITIVE_INFINITY
  return dayOf(facts.now, facts.workspaceZone ?? 'UTC').end.getTime()
}
