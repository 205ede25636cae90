import type { FieldFault } from '../../openapi/schemas/problem.ts'
import { Clock24, closing } from '../../openapi/schemas/workspace-sections.ts'
import { isForbiddenTarget } from '../webhooks/targets.ts'
import { entries, fault, members } from './faults.ts'

/** The section that each kind of calendar needs, and no other may have. */
const SECTIONS = { caldav: 'caldav', cal_com: 'cal_com' } as const

/** What is wrong with one calendar beyond its shape; it may be of any. */
export function calendarFaults(
  pointer: string,
  calendar: Record<string, unknown>,
  allowLoopback: boolean,
): FieldFault[] {
  const { kind = 'embedded' } = calendar
  const sections = Object.values(SECTIONS).flatMap((section) => {
    const at = `${pointer}/${section}`
    const isThere = calendar[section] !== undefined
    if (kind === section && !isThere) return [fault(at, `A calendar of kind ${section} needs ${section}.`)]
    if (kind !== section && isThere)
      return [fault(at, `This is read only with kind: ${section}; say so, or remove it.`)]
    return isThere ? addressFaults(`${at}/url`, members(calendar[section]).url, allowLoopback) : []
  })
  return [...hoursFaults(`${pointer}/working_hours`, calendar.working_hours), ...sections]
}

function hoursFaults(pointer: string, hours: unknown): FieldFault[] {
  if (!Array.isArray(hours)) return endFaults(pointer, members(hours))
  const all = entries(hours)
  return all.flatMap((it, index) => {
    const at = `${pointer}/${index}`
    const other = all.slice(0, index).findIndex((before) => overlap(before, it))
    return [
      ...endFaults(at, it),
      ...(other < 0 ? [] : [fault(at, `They overlap entry ${other + 1} on a day that both name.`)]),
    ]
  })
}

function endFaults(pointer: string, { from, to }: Record<string, unknown>): FieldFault[] {
  // What is no time of day yet is neither before nor after another.
  if (!isTime(from) || !isTime(to) || from < closing(to)) return []
  return [fault(pointer, 'They end before they begin.')]
}

const isTime = (value: unknown): value is string => Clock24.safeParse(value).success

function overlap(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const days = (it: Record<string, unknown>) => (Array.isArray(it.days) ? it.days : [])
  const isShared = days(a).some((day) => days(b).includes(day))
  return isShared && String(a.from) < closing(String(b.to)) && String(b.from) < closing(String(a.to))
}

/** A password travels to this address: encrypted, or not beyond this machine. */
function addressFaults(pointer: string, url: unknown, allowLoopback: boolean): FieldFault[] {
  if (typeof url !== 'string' || !URL.canParse(url)) return []
  if (isForbiddenTarget(url, allowLoopback)) return [fault(pointer, FORBIDDEN)]
  const { protocol, username, password } = new URL(url)
  if (username || password) return [fault(pointer, 'Write the user and the password in fields of their own.')]
  // What is not forbidden with loopback and is without it, is loopback.
  const isLoopback = isForbiddenTarget(url, false)
  return protocol === 'https:' || isLoopback ? [] : [fault(pointer, 'must begin with https://: a password goes there.')]
}

const FORBIDDEN =
  'Calendars are never looked for at private, loopback or link-local addresses; `talkif dev` alone takes loopback.'
