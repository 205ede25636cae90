/** Minutes after midnight, local time; `[open, close)`. */
export type Window = readonly [open: number, close: number]

/** When calls may start in a place: one list of windows for each day, Sunday first. */
export type Week = readonly [Window[], Window[], Window[], Window[], Window[], Window[], Window[]]

export interface RegionHours {
  week: Week
  source: string
  /** The month in which the source was last read, ISO 8601. */
  checked: string
  /** IANA zones that a state reaches into: asked when the state of a number is unknown. */
  zones?: readonly string[]
}

const hours = (open: number, close: number): Window[] => [[open * 60, close * 60]]

/** A week with the same windows from Monday to Friday, and its own Saturday and Sunday. */
function week(weekday: Window[], saturday: Window[] = weekday, sunday: Window[] = weekday): Week {
  return [sunday, weekday, weekday, weekday, weekday, weekday, saturday]
}

const checked = '2026-11'
const FEDERAL_SOURCE = '47 CFR 64.1200(c)(1)'

const FRANCE: RegionHours = {
  week: week([...hours(10, 13), ...hours(14, 20)], [], []),
  source: 'Code de la consommation, art. D. 223-9 (décret n° 2022-1313); public holidays are not in it yet',
  checked,
}

/** Hours by ISO 3166-1 country. None of it is legal advice; a workspace and its flows can only tighten it. */
export const COUNTRY_HOURS: Readonly<Record<string, RegionHours>> = {
  US: { week: week(hours(8, 21)), source: FEDERAL_SOURCE, checked },
  FR: FRANCE,
  GP: FRANCE,
  MQ: FRANCE,
  GF: FRANCE,
  RE: FRANCE,
  YT: FRANCE,
  TR: { week: week(hours(9, 20)), source: 'rule of Talkif for Turkey', checked },
}

/** Everywhere without a rule of its own. */
export const DEFAULT_HOURS: RegionHours = { week: week(hours(9, 20)), source: 'default of Talkif', checked }

const EASTERN = 'America/New_York'
const CENTRAL = 'America/Chicago'

const noSundays = (state: string, source: string): [string, RegionHours] => [
  state,
  { week: week(hours(8, 20), hours(8, 20), []), source, checked, zones: [CENTRAL] },
]

/** States of the US that are stricter than the federal rule, by the part of ISO 3166-2 after `US-`. */
export const STATE_HOURS: Readonly<Record<string, RegionHours>> = {
  FL: { week: week(hours(8, 20)), source: 'Fla. Stat. 501.616(6)(a)', checked, zones: [EASTERN, CENTRAL] },
  OK: { week: week(hours(8, 20)), source: 'Okla. Stat. tit. 15, 775C.4', checked, zones: [CENTRAL] },
  MD: { week: week(hours(8, 20)), source: 'Md. Stop the Spam Calls Act of 2023', checked, zones: [EASTERN] },
  MA: { week: week(hours(8, 20)), source: 'Mass. Gen. Laws ch. 159C, 3', checked, zones: [EASTERN] },
  CT: { week: week(hours(9, 20)), source: 'Conn. Gen. Stat. 42-288a', checked, zones: [EASTERN] },
  KY: { week: week(hours(10, 21)), source: 'Ky. Rev. Stat. 367.46955', checked, zones: [EASTERN, CENTRAL] },
  RI: { week: week(hours(9, 18), [], []), source: 'R.I. Gen. Laws 5-61-3.6', checked, zones: [EASTERN] },
  ...Object.fromEntries([
    noSundays('AL', 'Ala. Code 8-19A-14'),
    noSundays('LA', 'La. Rev. Stat. 45:811'),
    noSundays('MS', 'Miss. Code 77-3-723'),
  ]),
}

/** Zones of the same clock as Eastern or Central time today, in which the tz database keeps places of their own. */
const SAME_AS: Readonly<Record<string, string>> = {
  'America/Detroit': EASTERN,
  'America/Kentucky/Louisville': EASTERN,
  'America/Kentucky/Monticello': EASTERN,
  'America/Louisville': EASTERN,
  EST5EDT: EASTERN,
  CST6CDT: CENTRAL,
  'US/Eastern': EASTERN,
  'US/Central': CENTRAL,
}

/**
 * Every rule that binds a call to a person in `zone`. With a US number whose state is unknown: those of all states that
 * reach into the zone.
 */
export function rulesOf(country: string | null, subdivision: string | null, zone: string): RegionHours[] {
  const national = (country && COUNTRY_HOURS[country]) || DEFAULT_HOURS
  if (country !== 'US') return [national]
  if (subdivision !== null) {
    const state = STATE_HOURS[subdivision.replace(/^US-/, '')]
    return state ? [national, state] : [national]
  }
  const clock = SAME_AS[zone] ?? zone
  return [national, ...Object.values(STATE_HOURS).filter((state) => state.zones?.includes(clock))]
}
