import { knownFilters, pageOf, within } from './paging.ts'
import { choice } from './parameters.ts'
import { type CallRecord, callResource } from './resource.ts'

const statuses = ['queued', 'ringing', 'in-progress', 'canceled', 'completed', 'failed', 'busy', 'no-answer']
const times = ['StartTime', 'StartTime<', 'StartTime>', 'EndTime', 'EndTime<', 'EndTime>']

/**
 * Reads multiple calls, newest first: https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources
 * A call that was not dialed yet has no start time, and no filter by start time finds it.
 * @throws {RestFault} on a filter that is not documented
 */
export function listCalls(records: CallRecord[], url: URL): object {
  const query = url.searchParams
  knownFilters(query, ['To', 'From', 'ParentCallSid', 'Status', ...times])
  const status = choice(query, 'Status', statuses)
  const found = records
    .filter((record) => !query.has('To') || record.to === query.get('To'))
    .filter((record) => !query.has('From') || record.from === query.get('From'))
    .filter((record) => !query.has('ParentCallSid') && (!status || record.status === status))
    .filter((record) =>
      times.every((name) => within(query, name, name.startsWith('Start') ? record.startedAt : record.endedAt)),
    )
    .reverse()
  return pageOf('calls', found, url, callResource)
}
