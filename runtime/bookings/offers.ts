import type { Calendar as CalendarSettings } from '../../openapi/schemas/workspace-sections.ts'
import type { Slot, SlotQuery } from './port.ts'
import { type Hours, type Interval, isDuring } from './slots.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** Nobody prepares for a meeting that begins at once. */
const NOTICE_MINUTES = 60
const DAYS_AHEAD = 30

export const hoursOf = (settings: CalendarSettings): Hours => ({
  timeZone: settings.time_zone,
  windows: [settings.working_hours ?? { from: '09:00', to: '18:00', days: [1, 2, 3, 4, 5] }].flat(),
  slotMinutes: settings.slot_minutes ?? 30,
  bufferMinutes: settings.buffer_minutes ?? 0,
})

/** Between which instants (epoch ms) appointments may lie: after the notice, within the days ahead. */
export function horizonOf(settings: CalendarSettings, { from, until }: SlotQuery): { from: number; until: number } {
  const notice = (settings.notice_minutes ?? NOTICE_MINUTES) * MINUTE
  const ahead = (settings.days_ahead ?? DAYS_AHEAD) * DAY
  return { from: from.getTime() + notice, until: Math.min(until.getTime(), from.getTime() + ahead) }
}

/** Without those that overlap one of `others`, whatever the buffer: who has a time wants no part of it again. */
export function* without(free: Iterable<Interval>, others: Interval[]): Generator<Interval> {
  for (const slot of free) if (!others.some((it) => slot.startsAt < it.endsAt && it.startsAt < slot.endsAt)) yield slot
}

/** The first slots that suit, in the lead's day; those of their night only when there are no others. */
export function chooseSlots(free: Iterable<Interval>, query: SlotQuery, calendar: string): Slot[] {
  const { limit, leadZone, suits = () => true } = query
  const chosen: Interval[] = []
  const atNight: Interval[] = []
  for (const slot of free) {
    if (!suits(slot.startsAt)) continue
    if (!leadZone || isDuring(slot.startsAt, leadZone, '08:00', '21:00')) chosen.push(slot)
    else if (atNight.length < limit) atNight.push(slot)
    if (chosen.length >= limit) break
  }
  return (chosen.length > 0 ? chosen : atNight).map((slot) => ({
    id: `slot_${calendar}_${(slot.startsAt / MINUTE).toString(36)}`,
    startsAt: new Date(slot.startsAt),
    endsAt: new Date(slot.endsAt),
  }))
}

/** How far around a slot its buffer reaches. */
export const around = ({ startsAt, endsAt }: { startsAt: Date; endsAt: Date }, bufferMinutes: number) => ({
  from: new Date(startsAt.getTime() - bufferMinutes * MINUTE),
  until: new Date(endsAt.getTime() + bufferMinutes * MINUTE),
})
