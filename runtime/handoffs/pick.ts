import type { HandoffQueue } from '../../openapi/schemas/handoff.ts'

type Hours = Pick<HandoffQueue, 'hours' | 'languages'>

/** What decides whether somebody can take over now. */
export interface Moment {
  at: Date
  /** IANA, of the workspace. */
  zone: string
  /** BCP 47, of the call. */
  language: string
}

/** Why nobody of a queue can be rung now; undefined when they can. */
export function closedBecause({ hours, languages }: Hours, { at, zone, language }: Moment): string | undefined {
  if (hours !== null && !isWithin(hours, minuteOfDay(at, zone))) return `the queue is there ${hours}`
  const speaks = languages.length === 0 || languages.some((it) => base(it) === base(language))
  return speaks ? undefined : `nobody of the queue speaks ${language}`
}

const base = (language: string) => language.split('-', 1)[0]!.toLowerCase()

/** `09:00-18:00`; hours that end before they begin pass midnight. The end is not within. */
function isWithin(hours: string, minute: number): boolean {
  const [from, to] = hours.split('-').map(minutes) as [number, number]
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

function minutes(time: string): number {
  const [hour, minute] = time.split(':').map(Number) as [number, number]
  return hour * 60 + minute
}

/** On the clock of a wall in `zone`, whatever the season does to it. */
function minuteOfDay(at: Date, zone: string): number {
  const wall = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return minutes(wall.format(at))
}
