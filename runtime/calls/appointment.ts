import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Settings } from '../access/workspaces.ts'
import { workspaceSettings } from '../access/workspaces.ts'
import { icsFile, isolated, ownerOf } from '../bookings/ics.ts'
import type { Appointment } from '../bookings/port.ts'
import { and, eq } from '../db/drizzle.ts'
import { bookings, calls, leads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { spokenZone } from '../guardrails/spoken-zone.ts'
import type { CallRow } from './advance.ts'
import { notesOf } from './notes.ts'

interface Agreed {
  call: CallRow
  lead: typeof leads.$inferSelect
  /** Of the call's own version. */
  flow: Flow
  settings: Pick<Settings, 'business'>
}

/** The appointment as it is written into calendars: who, with whom, and what they said. */
export function appointmentOf({ call, lead, flow, settings }: Agreed, language = lead.language ?? 'en'): Appointment {
  const { name, email } = lead
  const person = { name, email, phone: call.phone, timeZone: spokenZone(lead.zones), language }
  const both = [name ?? call.phone, flow.agent.business ?? settings.business.name].filter((it) => it !== null)
  const summary = both.map(isolated).join(' · ')
  return { summary, notes: notesOf(call.answers), lead: person }
}

/** The appointment of a call as an iCalendar file for both sides; undefined when none was agreed. */
export async function invitationOf(
  { db, flowVersions }: Pick<Deps, 'db' | 'flowVersions'>,
  callId: string,
): Promise<string | undefined> {
  const agreed = and(eq(bookings.callId, callId), eq(bookings.status, 'confirmed'))
  const [found] = await db
    .select({ call: calls, lead: leads, booking: bookings })
    .from(calls)
    .innerJoin(leads, eq(leads.id, calls.leadId))
    .innerJoin(bookings, agreed)
    .where(eq(calls.id, callId))
  if (!found?.call.booking) return undefined
  const { call, lead, booking } = found
  const [settings, flow] = await Promise.all([workspaceSettings(db, call.workspaceId), flowVersions.of(db, call)])
  const times = { startsAt: booking.slotAt, endsAt: booking.endsAt, stamp: booking.confirmedAt ?? booking.createdAt }
  return icsFile({
    ...appointmentOf({ call, lead, flow, settings }),
    ...times,
    id: booking.id,
    owner: ownerOf(call.booking!.owner),
  })
}
