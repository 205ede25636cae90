import type { LeadReceipt } from '../../openapi/schemas/lead.ts'
import { receiptOf } from '../calls/receipt.ts'
import type { Tx } from '../db/connect.ts'
import { inArray } from '../db/drizzle.ts'
import { insertRows } from '../db/rows.ts'
import { calls, leads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { type Announcement, announce, announceAll } from '../webhooks/announce.ts'
import { StartOver } from '../work.ts'
import type { PreparedLead } from './prepare.ts'

type Needs = Pick<Deps, 'clock' | 'send' | 'sendAll'>

/**
 * Writes leads, their calls, `lead.created` and the dial jobs in `tx`: after the commit they will be dialed, whatever dies.
 * @returns the receipts by call id; one of many is missing when another request for its number was quicker.
 * @throws StartOver when that happens to the only one.
 */
export async function writeLeads(tx: Tx, deps: Needs, prepared: PreparedLead[]): Promise<Map<string, LeadReceipt>> {
  // Sent together, answered together: on one connection they cost one round trip.
  const [, inserted] = await Promise.all([
    tx.execute(
      insertRows(
        leads,
        prepared.map((it) => it.lead),
      ),
    ),
    tx.execute<{ id: string }>(
      insertRows(
        calls,
        prepared.map((it) => it.call),
        'on conflict (workspace_id, mode, open_phone) do nothing returning id',
      ),
    ),
    // A single lead's number is nearly always free: its event and job need not wait to know.
    ...(prepared.length === 1 ? follow(tx, deps, prepared[0]!) : []),
  ])
  const ids = new Set(inserted.map((row) => row.id))
  const written = prepared.filter((it) => ids.has(it.call.id))
  const lost = prepared.filter((it) => !ids.has(it.call.id))
  // Its event and job are written already, and only the end of the transaction takes them back.
  if (prepared.length === 1 && lost.length) throw new StartOver('another request for this number was quicker')
  if (prepared.length > 1) {
    if (written.length) await Promise.all(followAll(tx, deps, written))
    const lostIds = lost.map((it) => it.lead.id)
    if (lostIds.length) await tx.delete(leads).where(inArray(leads.id, lostIds))
  }
  return new Map(written.map((it) => [it.call.id, receiptOf(it.call, deps.clock, it.call.reason)]))
}

const follow = (tx: Tx, deps: Needs, it: PreparedLead) => [
  announce(tx, deps, created(it), it.subscribers),
  deps.send(tx, 'dial', { callId: it.call.id }, { delayMs: it.delayMs, priority: it.call.priority }),
]

const followAll = (tx: Tx, deps: Needs, all: PreparedLead[]) => [
  announceAll(
    tx,
    deps,
    all.map((it) => ({ ...created(it), subscribers: it.subscribers })),
  ),
  deps.sendAll(
    tx,
    'dial',
    all.map(({ call, delayMs }) => ({ data: { callId: call.id }, options: { delayMs, priority: call.priority } })),
  ),
]

const created = ({ lead, call }: PreparedLead): Announcement => ({
  type: 'lead.created',
  call,
  fields: {
    source: lead.source,
    intent: lead.intent,
    phone: lead.phone,
    consent: lead.consent,
    external_id: lead.externalId,
  },
})
