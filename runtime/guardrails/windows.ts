import { rulesOf, type Window } from './region-hours.ts'

/** What bounds the hours of a call, apart from the time zone. `country` is ISO 3166-1, `subdivision` ISO 3166-2 or its last part. */
export interface HoursRules {
  country: string | null
  subdivision: string | null
  /** The flow's own, 'HH:MM'; may pass midnight; the same time twice means all day. */
  quietHours: { from: string; to: string } | null
  /** A call must start at least this long before the hours end, so that it does not ring past them. */
  ringMarginSeconds: number
}

const DAY = 24 * 60

/** The minutes of each local day, Sunday first, in which a call may start in `zone`. Windows are in order and apart. */
export function openWindows(rules: HoursRules, zone: string): Window[][] {
  const flow = rules.quietHours ? outside(rules.quietHours) : [[0, DAY] as const]
  const regions = rulesOf(rules.country, rules.subdivision, zone)
  return [0, 1, 2, 3, 4, 5, 6].map((day) =>
    regions.reduce<Window[]>((open, region) => intersect(open, region.week[day]!), flow),
  )
}

function outside({ from, to }: { from: string; to: string }): Window[] {
  const start = minutes(from)
  const end = minutes(to)
  const open: Window[] =
    start > end
      ? [[end, start]]
      : start === end
        ? []
        : [
            [0, start],
            [end, DAY],
          ]
  return open.filter(([a, b]) => a < b)
}

function minutes(time: string): number {
  const [hour, minute] = time.split(':').map(Number)
  if (hour === undefined || minute === undefined || !(hour < 24 && minute < 60))
    throw new RangeError(`not HH:MM: ${time}`)
  return hour * 60 + minute
}

function intersect(a: readonly Window[], b: readonly Window[]): Window[] {
  return a.flatMap(([open, close]) =>
    b.map(([from, to]): Window => [Math.max(open, from), Math.min(close, to)]).filter(([from, to]) => from < to),
  )
}
