/** One line of the bench. `limit` is null for what is reported and not judged. */
export interface Figure {
  name: string
  value: number
  unit:
    | 'ms'
    | 's'
    | 'ms of CPU'
    | 'ratio'
    | 'leads/s'
    | 'transactions/s'
    | 'spans/s'
    | 'MB'
    | '% of a core'
    | 'processes'
    | 'handles'
  limit: number | null
  /** Whether `limit` is the most or the least that holds. */
  limitIs?: 'most' | 'least'
  /** How it was measured, and what lies beside it. */
  note?: string
}

export const holds = ({ value, limit, limitIs = 'most' }: Figure): boolean | null =>
  limit === null ? null : limitIs === 'most' ? value <= limit : value >= limit

/** @param share 0.95 for the 95th percentile; nearest rank. NaN of nothing, which holds no limit. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** `p50 8.1, p95 12.4, max 31 of 300`, in milliseconds. */
export function spread(values: readonly number[]): string {
  const [half, most, all] = [0.5, 0.95, 1].map((share) => round(percentile(values, share)))
  return `p50 ${half}, p95 ${most}, max ${all} of ${values.length}`
}

export const round = (value: number): number => Number(value.toPrecision(3))

export function printTable(figures: Figure[], print: (line: string) => void): void {
  const rows = figures.map((figure) => [
    { true: 'holds', false: 'FAILS', null: '' }[String(holds(figure)) as 'true' | 'false' | 'null'],
    figure.name,
    `${round(figure.value)} ${figure.unit}`,
    figure.limit === null ? '' : `${figure.limitIs === 'least' ? '≥' : '≤'} ${figure.limit}`,
    figure.note ?? '',
  ])
  const heads = ['', 'figure', 'value', 'limit', 'how it was measured']
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]!.length)))
  const line = (cells: string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd()
  print(line(heads))
  print(widths.map((width) => '─'.repeat(width)).join('  '))
  for (const row of rows) print(line(row))
}

/** One JSON object a line, for machines. */
export function printJson(figures: Figure[], print: (line: string) => void): void {
  for (const figure of figures) {
    const { name, value, unit, limit } = figure
    print(JSON.stringify({ name, value: round(value), unit, limit, holds: holds(figure) }))
  }
}
