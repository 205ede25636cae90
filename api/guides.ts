import { readFileSync } from 'node:fs'
import { printSchema } from '../openapi/json-schema.ts'
import { number, table } from '../openapi/markdown.ts'
import type { GuideName } from '../openapi/pages.ts'
import { contractParts, fill, type Parts } from '../openapi/parts.ts'
import { WorkspaceDocument } from '../openapi/schemas/workspace.ts'
import { settingsOf } from '../runtime/access/workspaces.ts'
import {
  COUNTRY_HOURS,
  DEFAULT_HOURS,
  type RegionHours,
  STATE_HOURS,
  type Window,
} from '../runtime/guardrails/region-hours.ts'
import { packageRoot } from '../runtime/package-root.ts'
import { RETRY_AFTER_MS } from '../runtime/webhooks/deliver.ts'

/** The text of `docs/<name>.md` with every `{{part}}` printed. @throws Error for a part that does not exist. */
export function guideMarkdown(name: GuideName | 'index', parts: Parts): string {
  return fill(readFileSync(new URL(`docs/${name}.md`, packageRoot), 'utf8'), parts)
}

/** All that guides may name: what the contract knows, and what the runtime does. */
export const partsOf = (url: string): Parts => ({
  ...contractParts(url),
  retries: table(
    ['try', 'after'],
    RETRY_AFTER_MS.map((ms, at) => [String(at + 2), spoken(ms)]),
  ),
  'retry-count': String(RETRY_AFTER_MS.length + 1),
  'retry-hours': String(Math.floor(RETRY_AFTER_MS.reduce((sum, ms) => sum + ms) / 3_600_000)),
  caps: capTable(),
  hours: hourTable(),
})

function spoken(ms: number): string {
  const [value, unit] =
    ms >= 3_600_000 ? [ms / 3_600_000, 'hours'] : ms >= 60_000 ? [ms / 60_000, 'minutes'] : [ms / 1000, 'seconds']
  return `${value} ${unit}`
}

function capTable(): string {
  const { caps } = settingsOf({})
  const { properties } = printSchema(WorkspaceDocument.shape.caps, 'input') as { properties: Record<string, unknown> }
  const most = (name: string) => {
    const field = properties[name] as { maximum?: number; anyOf?: { maximum?: number }[] }
    return number(field.maximum ?? field.anyOf?.[0]?.maximum)
  }
  const row = (name: string, what: string, unset: number | null) => [
    `\`${name}\``,
    what,
    unset === null ? 'none' : number(unset),
    most(name),
  ]
  return table(
    ['cap', 'what', 'when not set', 'most you may set'],
    [
      row('attempts_per_number_24h', 'dials of one number in 24 hours', caps.perNumberPer24h),
      row('attempts_per_number_30d', 'dials of one number in 30 days', caps.perNumberPer30d),
      row('min_gap_seconds', 'seconds between two dials of one number', caps.minGapSeconds),
      row('attempts_per_day', 'dials of the workspace in a day of its time zone', caps.perDay),
    ],
  )
}

function hourTable(): string {
  const country = new Intl.DisplayNames(['en'], { type: 'region' })
  const rows: [string, RegionHours][] = [
    ...Object.entries(COUNTRY_HOURS).map(([code, hours]): [string, RegionHours] => [country.of(code) ?? code, hours]),
    ...Object.entries(STATE_HOURS).map(([code, hours]): [string, RegionHours] => [`United States, ${code}`, hours]),
    ['everywhere else', DEFAULT_HOURS],
  ]
  return table(
    ['where', 'Monday to Friday', 'Saturday', 'Sunday'],
    rows.map(([where, { week }]) => [where, ...[week[1], week[6], week[0]].map(windows)]),
  )
}

const windows = (day: Window[]): string =>
  day.map(([open, close]) => `${clock(open)} to ${clock(close)}`).join(', ') || 'none'

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
