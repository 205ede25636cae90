import type { Calendar as CalendarSettings } from '../../openapi/schemas/workspace-sections.ts'
import { readSecrets } from '../access/secrets.ts'
import type { Caller, Deps } from '../deps.ts'
import { calComCalendar } from './cal-com.ts'
import { caldavCalendar } from './caldav.ts'
import { localCalendar } from './local.ts'
import { type Calendar, CalendarUnavailable } from './port.ts'

type Needs = Pick<Deps, 'db' | 'clock' | 'fetchOutside'>

/**
 * The calendar that a workspace's settings describe. Test mode always gets the embedded one: it never touches what is real.
 * @throws CalendarUnavailable when what it needs is not set.
 */
export async function openCalendar(
  { db, clock, fetchOutside }: Needs,
  { settings, ...caller }: Caller & { settings: CalendarSettings },
): Promise<Calendar> {
  const { kind, name, caldav, cal_com } = settings
  const options = { db, clock, ...caller, settings }
  if (caller.mode === 'test' || !kind || kind === 'embedded') return localCalendar(options)
  const secrets = await readSecrets(db, caller.workspaceId)
  const secret = secrets[`calendars.${name}.${kind === 'caldav' ? 'password' : 'api_key'}`]
  if (secret && kind === 'caldav' && caldav) {
    return caldavCalendar({ ...options, fetchOutside, caldav: { ...caldav, password: secret } })
  }
  if (secret && kind === 'cal_com' && cal_com) {
    const calCom = { eventTypeId: cal_com.event_type_id, apiKey: secret, url: cal_com.url }
    return calComCalendar({ ...options, fetchOutside, calCom })
  }
  throw new CalendarUnavailable(
    `the calendar ${name} is of kind ${kind}, and ${kind} is not set`,
    `Set ${kind} of calendar ${name} in talkif.yaml, and deploy it.`,
  )
}
