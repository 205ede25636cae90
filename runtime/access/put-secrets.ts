import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { type Calendar, SECRET_IS_SET } from '../../openapi/schemas/workspace-sections.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq, inArray } from '../db/drizzle.ts'
import { workspaceSecrets } from '../db/schema.ts'
import type { Deps } from '../deps.ts'

/** Where a calendar's secret stands in it, by the last part of the name under which it is kept. */
const PLACES = { password: ['caldav', 'password'], api_key: ['cal_com', 'api_key'] } as const

const calendarSecret = (calendar: string, last: string) => `calendars.${calendar}.${last}`

interface Given {
  name: string
  /** Undefined: as it is stored. */
  value: string | undefined
  pointer: string
  calendar: Calendar
}

/** The secrets that stand in calendars. */
function givenIn(calendars: Calendar[]): Given[] {
  return calendars.flatMap((calendar, index) =>
    Object.entries(PLACES).flatMap(([last, [section, field]]) => {
      const value = (calendar[section] as Record<string, string> | undefined)?.[field]
      if (value === undefined) return []
      const name = calendarSecret(calendar.name, last)
      const pointer = `/calendars/${index}/${section}/${field}`
      return [{ name, pointer, calendar, value: value === SECRET_IS_SET ? undefined : value }]
    }),
  )
}

/**
 * What is wrong with masks: one that stands for nothing, and one beside another address, to which the stored secret would be sent.
 * @param before the calendars as they are stored.
 */
export function maskFaults(
  { calendars = [], secrets = {} }: WorkspaceDocument,
  before: Calendar[],
  stored: Record<string, string>,
): FieldFault[] {
  const nothing = (pointer: string): FieldFault => ({
    pointer,
    code: 'invalid_request',
    detail: `Nothing is stored here that "${SECRET_IS_SET}" could stand for; send the secret itself.`,
  })
  const named = Object.entries(secrets)
    .filter(([name, value]) => value === SECRET_IS_SET && !Object.hasOwn(stored, name))
    .map(([name]) => nothing(`/secrets/${name}`))
  const inCalendars = givenIn(calendars)
    .filter(({ value }) => value === undefined)
    .flatMap(({ name, pointer, calendar }) => {
      if (!Object.hasOwn(stored, name)) return [nothing(pointer)]
      const known = before.find((it) => it.name === calendar.name)
      if (known && serverOf(known) === serverOf(calendar)) return []
      return [{ ...nothing(pointer), detail: 'The address is another one; send the secret itself along with it.' }]
    })
  return [...named, ...inCalendars]
}

const serverOf = ({ caldav, cal_com }: Calendar): string | undefined => {
  const url = caldav?.url ?? cal_com?.url
  return url && new URL(url).origin
}

/** Writes what a document gives, and forgets what it removes. */
export async function putSecrets(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  workspaceId: string,
  { calendars, secrets = {} }: WorkspaceDocument,
  stored: Record<string, string>,
): Promise<void> {
  const given = givenIn(calendars ?? [])
  const written = [
    ...given.flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }])),
    ...Object.entries(secrets).flatMap(([name, value]) =>
      value === null || value === SECRET_IS_SET ? [] : [{ name, value }],
    ),
  ]
  const kept = new Set(given.map(({ name }) => name))
  const gone = Object.keys(stored).filter((name) =>
    name.startsWith('calendars.') ? calendars && !kept.has(name) : secrets[name] === null,
  )
  const mine = eq(workspaceSecrets.workspaceId, workspaceId)
  if (gone.length) await tx.delete(workspaceSecrets).where(and(mine, inArray(workspaceSecrets.name, gone)))
  const updatedAt = new Date(deps.clock.now())
  for (const { name, value } of written) {
    await tx
      .insert(workspaceSecrets)
      .values({ workspaceId, name, value, updatedAt })
      .onConflictDoUpdate({
        target: [workspaceSecrets.workspaceId, workspaceSecrets.name],
        set: { value, updatedAt },
      })
  }
}

/** The calendars as they are stored and shown: with masks for their secrets. */
export const withoutSecrets = (calendars: Calendar[]): Calendar[] =>
  calendars.map(({ caldav, cal_com, ...calendar }) => ({
    ...calendar,
    ...(caldav ? { caldav: { ...caldav, password: SECRET_IS_SET } } : {}),
    ...(cal_com ? { cal_com: { ...cal_com, api_key: SECRET_IS_SET } } : {}),
  }))
