import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { Tx } from '../db/connect.ts'
import type { Caller, Deps } from '../deps.ts'
import { normalisePhone } from '../guardrails/phone.ts'
import { problemOf } from '../problem.ts'
import { optOut } from './opt-out.ts'

/** Adds numbers to the workspace's do-not-call list; calls that wait to ring them end at once. @throws phone_invalid for any of them. */
export async function doNotCall(
  tx: Tx,
  deps: Deps,
  caller: Caller,
  { phones, country = null }: { phones: string[]; country?: string | null | undefined },
): Promise<number> {
  const faults: FieldFault[] = []
  const read = phones.flatMap((given, index) => {
    const phone = normalisePhone(given, { country })
    if ('e164' in phone) return [phone.e164]
    faults.push({
      pointer: `/phones/${index}`,
      code: 'phone_invalid',
      detail: `"${given.slice(0, 40)}": ${phone.reason}`,
    })
    return []
  })
  if (faults.length) throw problemOf(faults)
  const { workspaceId, mode } = caller
  // In one order: two imports of the same numbers never wait for each other for ever.
  const all = [...new Set(read)].toSorted()
  for (const phone of all) await optOut(tx, deps, { workspaceId, mode, phone, source: 'import' })
  return all.length
}
