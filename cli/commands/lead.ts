import { type Client, TalkifError } from '../../openapi/client.ts'
import type { Call } from '../../openapi/schemas/call.ts'
import { readObject } from '../files.ts'
import type { Invocation } from '../invocation.ts'
import { fields, type Output } from '../output.ts'
import { zonedDateTime } from '../words.ts'
import { callLines, isOver } from './call.ts'
import { inFlags, leadOf } from './lead-options.ts'

interface Options {
  file?: string
  wait?: boolean
  idempotencyKey?: string
}

/** `talkif lead create` */
export async function createLead({ options, out, server }: Invocation<Options>): Promise<void> {
  const { file, wait, idempotencyKey } = options
  const lead = { ...(file ? await readObject(file) : {}), ...leadOf({ ...options }) }
  const { api } = await server()
  const receipt = await api.createLead(lead as never, idempotencyKey ? { idempotencyKey } : {}).catch((error) => {
    // A file is JSON, and --json is for programs: both go by the fields.
    throw !file && !out.isJson && error instanceof TalkifError && error.problem.errors ? inFlags(error.problem) : error
  })
  const told: Parameters<typeof fields>[1] = [
    ['lead', receipt.lead_id],
    ['call', receipt.call_id],
    ['status', [receipt.status, receipt.reason && `(${receipt.reason})`].filter(Boolean).join(' ')],
    ['not before', receipt.not_before && zonedDateTime(receipt.not_before)],
    ['flow', `${receipt.flow_id} version ${receipt.flow_version}`],
    ['trace', receipt.trace_id],
  ]
  if (!wait)
    return out.show(receipt, (_, paint) => [
      ...fields(paint, told),
      paint('dim', `talkif call get ${receipt.call_id} --wait 60 shows how it ends.`),
    ])
  for (const line of fields(out.paint, told)) out.line(line)
  const call = await whenOver(api, receipt.call_id, out)
  out.show(call, (call, paint) => ['', ...callLines(call, paint)])
}

/** Waits on the server, which answers as soon as the call is over; tells each status on the way. */
async function whenOver(api: Client, id: string, out: Output): Promise<Call> {
  let told = ''
  for (;;) {
    const call = await api.getCall({ id, wait: 60 })
    if (isOver(call)) return call
    const { status, reason, not_before } = call
    const line = [status, reason && `(${reason})`, not_before && `until ${zonedDateTime(not_before)}`]
      .filter(Boolean)
      .join(' ')
    if (line !== told) out.line(out.paint('dim', `still ${line}`))
    told = line
  }
}
