import { Temporal } from 'temporal-polyfill'
import { isDuring } from './slots.ts'

/** What a person may ask for when a time is agreed. */
export const PARTS_OF_DAY = ['morning', 'afternoon', 'evening'] as const
type Part = (typeof PARTS_OF_DAY)[number]

/** Between which times of the clock people mean each. */
const HOURS: Record<Part, [from: string, to: string]> = {
  morning: ['00:00', '12:00'],
  afternoon: ['12:00', '18:00'],
  evening: ['18:00', '24:00'],
}

/** What the person asked for, on the clocks of their zone. */
export interface WishedTime {
  /** Nothing later is wished; undefined when any day will do. */
  until?: Date
  /** @param startsAt epoch milliseconds */
  suits(startsAt: number): boolean
}

/**
 * The day and the part of it that the model gave for the person; undefined for neither. Models give empty words and null for what
 * they leave out.
 */
export function readWish(args: Record<string, unknown>, zone: string): WishedTime | { again: string } | undefined {
  const day = args.day || undefined
  const part = args.part_of_day || undefined
  if (day === undefined && part === undefined) return undefined
  const date = day === undefined ? undefined : readDay(day)
  if (date === null) return { again: 'day must be a date, as YYYY-MM-DD.' }
  if (part !== undefined && !isPart(part)) return { again: `part_of_day must be one of: ${PARTS_OF_DAY.join(' | ')}.` }
  const begins = date?.toZonedDateTime(zone).epochMilliseconds ?? Number.NEGATIVE_INFINITY
  const until = date && new Date(date.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds)
  const suits = (at: number) =>
    at >= begins && (!until || at < until.getTime()) && (!part || isDuring(at, zone, ...HOURS[part]))
  return { until, suits }
}

const isPart = (part: unknown): part is Part => PARTS_OF_DAY.some((it) => it === part)

function readDay(day: unknown): Temporal.PlainDate | null {
  if (typeof day !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return null
  try {
    return Temporal.PlainDate.from(day)
  } catch {
    return null
  }
}
