import type { LeadReceipt } from '../../openapi/schemas/lead.ts'
import { isDatabaseDown } from '../db/connect.ts'
import type { Deps } from '../deps.ts'
import type { PreparedLead } from './prepare.ts'
import { writeLeads } from './write.ts'

/**
 * Writes a prepared lead as `writeLeads` does, in a transaction shared with those that arrive meanwhile. Resolves once that is
 * committed; with undefined when another request for the number was quicker.
 */
export type WriteLead = (prepared: PreparedLead) => Promise<LeadReceipt | undefined>

interface Waiting {
  prepared: PreparedLead
  resolve(receipt: LeadReceipt | undefined): void
  reject(error: unknown): void
}

/** Transactions at once, and leads in each at most. */
const AT_ONCE = 2
const MOST = 50

/**
 * Nobody waits to be joined: a lead that comes alone is written at once. Those that come while both transactions run go together in
 * the next, so that a rush costs a few commits instead of one for each.
 */
export function openLeadWriter(deps: Pick<Deps, 'db' | 'clock' | 'send' | 'sendAll'>): WriteLead {
  const waiting: Waiting[] = []
  let running = 0
  const write = async (some: Waiting[]): Promise<void> => {
    try {
      const receipts = await deps.db.transaction((tx) => writeLeads(tx, deps, byNumber(some)))
      for (const { prepared, resolve } of some) resolve(receipts.get(prepared.call.id))
    } catch (error) {
      // What keeps one of them out must not keep the others out. After a lost connection nobody knows what was committed.
      if (some.length > 1 && !isDatabaseDown(error)) for (const one of some) await write([one])
      else for (const { reject } of some) reject(error)
    }
  }
  const go = async (): Promise<void> => {
    running++
    while (waiting.length) await write(waiting.splice(0, MOST))
    running--
  }
  return (prepared) =>
    new Promise((resolve, reject) => {
      waiting.push({ prepared, resolve, reject })
      if (running < AT_ONCE) void go()
    })
}

/** In one order, two transactions that meet in two numbers never wait for each other for ever. */
const byNumber = (some: Waiting[]): PreparedLead[] =>
  some.map((it) => it.prepared).sort((a, b) => (a.call.phone < b.call.phone ? -1 : 1))
