import { TalkifError } from '../../openapi/client.ts'
import { readObject } from '../files.ts'
import type { Invocation } from '../invocation.ts'
import { fields } from '../output.ts'
import { zonedDateTime } from '../words.ts'
import { callLines, whenOver } from './call.ts'
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
      paint('dim', `talkif call get ${receipt.call_id} --wait shows how it ends.`),
    ])
  for (const line of fields(out.paint, told)) out.line(line)
  const call = await whenOver(api, { id: receipt.call_id }, out, Number.POSITIVE_INFINITY)
  out.show(call, (call, paint) => ['', ...callLines(call, paint)])
}
