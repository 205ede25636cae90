import { nearest } from '../../openapi/nearest.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { Deps } from '../deps.ts'
import { isZone } from '../guardrails/offsets.ts'
import { normalisePhone } from '../guardrails/phone.ts'
import { handoffFaults } from '../handoffs/upsert.ts'
import { isForbiddenTarget } from '../webhooks/targets.ts'
import { calendarFaults } from './calendar-faults.ts'
import { entries, fault } from './faults.ts'
import { templateFaults } from './template-faults.ts'

/**
 * What makes a workspace document unusable beyond its shape: unknown time zones, hours that end before they begin, impossible
 * numbers, names that stand twice, templates with unknown fields, addresses that no request may leave for. All at once; `input` may
 * be of any shape.
 */
export function workspaceFaults(
  input: object,
  { allowLoopbackWebhooks }: Pick<Deps['config'], 'allowLoopbackWebhooks'>,
): FieldFault[] {
  const document = input as Record<string, unknown>
  return [
    ...zoneFaults('/time_zone', document.time_zone),
    ...regionFaults(document.region),
    ...NAMED.flatMap((section) => twiceFaults(`/${section}`, 'name', entries(document[section]))),
    ...entries(document.calendars).flatMap((calendar, index) => {
      const pointer = `/calendars/${index}`
      return [
        ...zoneFaults(`${pointer}/time_zone`, calendar.time_zone),
        ...calendarFaults(pointer, calendar, allowLoopbackWebhooks),
      ]
    }),
    ...numberFaults(entries(document.numbers)),
    ...webhookFaults(entries(document.webhooks), allowLoopbackWebhooks),
    ...entries(document.templates).flatMap((template, index) => templateFaults(`/templates/${index}`, template)),
    ...entries(document.handoffs).flatMap((queue, index) =>
      handoffFaults(queue).map((it) => ({ ...it, pointer: `/handoffs/${index}${it.pointer}` })),
    ),
  ]
}

/** Sections whose entries flows name. */
const NAMED = ['calendars', 'voices', 'handoffs', 'templates', 'webhooks'] as const

const zoneFaults = (pointer: string, zone: unknown): FieldFault[] =>
  typeof zone !== 'string' || zone === '' || isZone(zone) ? [] : [fault(pointer, noZone(zone))]

function noZone(zone: string): string {
  const meant = nearest(zone, Intl.supportedValuesOf('timeZone'))
  return `${zone} is not an IANA time zone${meant ? `; did you mean ${meant}?` : '.'}`
}

/** A region that the server is not set up for would be a promise that nothing keeps. */
const regionFaults = (region: unknown): FieldFault[] =>
  region === 'us' || region === 'tr'
    ? [fault('/region', `There is no region ${region} on this server: write region: eu, or leave it out.`)]
    : []

/** Entries whose `field` an earlier one has. */
function twiceFaults(pointer: string, field: string, list: Record<string, unknown>[]): FieldFault[] {
  const values = list.map((entry) => entry[field])
  return values.flatMap((value, index) =>
    typeof value === 'string' && values.indexOf(value) < index
      ? [fault(`${pointer}/${index}/${field}`, `${value} stands twice; each ${field} may stand once.`)]
      : [],
  )
}

function numberFaults(list: Record<string, unknown>[]): FieldFault[] {
  const read = list.map(({ phone }) => (typeof phone === 'string' && phone ? normalisePhone(phone) : undefined))
  const impossible = read.flatMap((it, index) =>
    it?.ok === false ? [fault(`/numbers/${index}/phone`, it.reason)] : [],
  )
  const possible = read.map((it) => (it?.ok ? { phone: it.e164 } : {}))
  return [...impossible, ...twiceFaults('/numbers', 'phone', possible)]
}

function webhookFaults(list: Record<string, unknown>[], allowLoopback: boolean): FieldFault[] {
  const urls = list.map(({ url }) => url)
  return list.flatMap(({ url, name, events = [] }, index) => {
    const silent = name === undefined && Array.isArray(events) && events.length === 0
    const empty = silent
      ? [fault(`/webhooks/${index}/events`, 'Name at least one event, or give the webhook a name.')]
      : []
    if (typeof url !== 'string' || !URL.canParse(url)) return empty
    const pointer = `/webhooks/${index}/url`
    return [
      ...empty,
      ...(urls.indexOf(url) < index
        ? [fault(pointer, 'This URL stands twice; name all its events in one entry.')]
        : []),
      ...(isForbiddenTarget(url, allowLoopback) ? [fault(pointer, FORBIDDEN_TARGET)] : []),
    ]
  })
}

const FORBIDDEN_TARGET =
  'Webhooks never go to private, loopback or link-local addresses; `talkif dev` alone delivers to loopback.'
