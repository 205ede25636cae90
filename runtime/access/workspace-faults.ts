import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { Deps } from '../deps.ts'
import { isZone } from '../guardrails/offsets.ts'
import { normalisePhone } from '../guardrails/phone.ts'
import { isForbiddenTarget } from '../webhooks/targets.ts'

/**
 * What makes a workspace document unusable beyond its shape: unknown time zones, hours that end before they begin, impossible
 * numbers, webhooks that stand twice or go to a private address. All at once; `input` may be of any shape.
 */
export function workspaceFaults(
  input: object,
  { allowLoopbackWebhooks }: Pick<Deps['config'], 'allowLoopbackWebhooks'>,
): FieldFault[] {
  const document = input as Record<string, unknown>
  return [
    ...zoneFaults('/time_zone', document.time_zone),
    ...entries(document.calendars).flatMap(({ time_zone, working_hours }, index) => [
      ...zoneFaults(`/calendars/${index}/time_zone`, time_zone),
      ...hoursFaults(`/calendars/${index}/working_hours`, working_hours),
    ]),
    ...entries(document.numbers).flatMap(({ phone }, index) => numberFaults(`/numbers/${index}/phone`, phone)),
    ...webhookFaults(
      entries(document.webhooks).map(({ url }) => url),
      allowLoopbackWebhooks,
    ),
  ]
}

/** The entries of a list, as far as they are objects, each at its own place. */
const entries = (list: unknown): Record<string, unknown>[] =>
  Array.isArray(list) ? list.map((entry) => (typeof entry === 'object' && entry !== null ? entry : {})) : []

const fault = (pointer: string, detail: string): FieldFault => ({ pointer, code: 'invalid_request', detail })

const zoneFaults = (pointer: string, zone: unknown): FieldFault[] =>
  typeof zone !== 'string' || zone === '' || isZone(zone) ? [] : [fault(pointer, `${zone} is not an IANA time zone.`)]

function hoursFaults(pointer: string, hours: unknown): FieldFault[] {
  const { from, to } = (hours ?? {}) as Record<string, unknown>
  if (typeof from !== 'string' || typeof to !== 'string' || from < to) return []
  return [fault(pointer, 'They end before they begin.')]
}

function numberFaults(pointer: string, phone: unknown): FieldFault[] {
  const read = typeof phone === 'string' && phone ? normalisePhone(phone) : { ok: true as const }
  return read.ok ? [] : [fault(pointer, read.reason)]
}

function webhookFaults(urls: unknown[], allowLoopback: boolean): FieldFault[] {
  return urls.flatMap((url, index) => {
    if (typeof url !== 'string' || !URL.canParse(url)) return []
    const pointer = `/webhooks/${index}/url`
    return [
      ...(urls.indexOf(url) < index
        ? [fault(pointer, 'This URL stands twice; name all its events in one entry.')]
        : []),
      ...(isForbiddenTarget(url, allowLoopback) ? [fault(pointer, FORBIDDEN_TARGET)] : []),
    ]
  })
}

const FORBIDDEN_TARGET =
  'Webhooks never go to private, loopback or link-local addresses; `talkif dev` alone delivers to loopback.'
