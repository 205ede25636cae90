import { bad, choice, RestFault, whole } from './parameters.ts'
import { type CallRecord, callResource } from './resource.ts'

const statuses = ['queued', 'ringing', 'in-progress', 'canceled', 'completed', 'failed', 'busy', 'no-answer']
const times = ['StartTime', 'StartTime<', 'StartTime>', 'EndTime', 'EndTime<', 'EndTime>']
const known = ['To', 'From', 'ParentCallSid', 'Status', 'PageSize', 'Page', 'PageToken', ...times]

/**
 * Reads multiple calls, newest first: https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources
 * A call that was not dialed yet has no start time, and no filter by start time finds it.
 * @throws {RestFault} on a filter that is not documented
 */
export function listCalls(records: CallRecord[], url: URL): object {
  const query = url.searchParams
  const unknown = [...query.keys()].find((name) => !known.includes(name))
  if (unknown) throw bad(20001, `Unknown parameter '${unknown}'.`)
  const status = choice(query, 'Status', statuses)
  const size = whole(query, 'PageSize', 1, 1000, 50)
  const page = whole(query, 'Page', 0, 1_000_000, 0)
  const found = records
    .filter((record) => !query.has('To') || record.to === query.get('To'))
    .filter((record) => !query.has('From') || record.from === query.get('From'))
    .filter((record) => !query.has('ParentCallSid') && (!status || record.status === status))
    .filter((record) => times.every((name) => within(query, name, record)))
    .reverse()
  const start = page * size
  const calls = found.slice(start, start + size)
  const uri = (number: number) => {
    const other = new URLSearchParams(query)
    other.set('PageSize', String(size))
    other.set('Page', String(number))
    if (number > 0) other.set('PageToken', `PA${found[number * size - 1]?.sid ?? ''}`)
    return `${url.pathname}?${other}`
  }
  return {
    ...{ calls: calls.map(callResource), page, page_size: size, start, end: Math.max(start, start + calls.length - 1) },
    ...{ uri: uri(page), first_page_uri: uri(0) },
    next_page_uri: start + size < found.length ? uri(page + 1) : null,
    previous_page_uri: page > 0 ? uri(page - 1) : null,
  }
}

/** Times count in whole seconds, as they are told; a date means its whole day in UTC, and `>` means on or after. */
function within(query: URLSearchParams, name: string, record: CallRecord): boolean {
  const text = query.get(name)
  if (text === null) return true
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/.test(text))
    throw new RestFault(400, 20001, `'${text}' is no ${name}.`)
  const at = name.startsWith('Start') ? record.startedAt : record.endedAt
  if (at === undefined) return false
  const second = Math.floor(at / 1000) * 1000
  const bound = Date.parse(text)
  if (name.endsWith('>')) return second >= bound
  if (name.endsWith('<')) return second <= bound
  return second >= bound && second < bound + (text.includes('T') ? 1000 : 86_400_000)
}
