import type { LeadReceipt } from '../../openapi/schemas/lead.ts'
import type { Deps } from '../deps.ts'
import { together } from '../together.ts'
import type { PreparedLead } from './prepare.ts'
import { writeLeads } from './write.ts'

/**
 * Writes a prepared lead as `writeLeads` does, in a transaction shared with those that arrive meanwhile. Resolves once that is
 * committed; with undefined when another request for the number was quicker.
 */
export type WriteLead = (prepared: PreparedLead) => Promise<LeadReceipt | undefined>

export function openLeadWriter(deps: Pick<Deps, 'db' | 'clock' | 'send' | 'sendAll'>): WriteLead {
  return together(async (some) => {
    const receipts = await deps.db.transaction((tx) => writeLeads(tx, deps, byNumber(some)))
    return some.map(({ call }) => receipts.get(call.id))
  })
}

/** In one order, two transactions that meet in two numbers never wait for each other for ever. */
const byNumber = (some: PreparedLead[]): PreparedLead[] =>
  some.toSorted((a, b) => (a.call.phone < b.call.phone ? -1 : 1))
