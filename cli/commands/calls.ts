import type { Call } from '../../openapi/schemas/call.ts'
import type { Invocation } from '../invocation.ts'
import { table } from '../output.ts'
import { more, type Page } from '../pages.ts'
import { dateTime } from '../words.ts'

interface Options {
  status?: string
  outcome?: string
  flow?: string
  phone?: string
  limit: string
  cursor?: string
}

type Row = Pick<Call, 'id' | 'status' | 'outcome' | 'reason' | 'phone' | 'flow_id' | 'created_at'>

/** `talkif calls` */
export async function calls({ options, out, server }: Invocation<Options>): Promise<void> {
  const { status, outcome, flow, phone, limit, cursor } = options
  const query = { status, outcome, flow_id: flow, phone, limit, cursor }
  const page = await (await server()).ask<Page<Row>>('GET', '/workspace/calls', { query })
  out.show(page, ({ data, next_cursor }, paint) => [
    ...table(
      paint,
      ['created', 'call', 'phone', 'flow', 'status', 'outcome', 'reason'],
      data.map((row) => [
        ...[dateTime(row.created_at), row.id, row.phone, row.flow_id],
        ...[row.status, row.outcome, row.reason],
      ]),
      'There are no such calls. With a test key you see test calls, with a live key real ones.',
    ),
    ...more(next_cursor),
  ])
}
