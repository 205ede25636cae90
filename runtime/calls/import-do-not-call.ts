import type { Tx } from '../db/connect.ts'
import { and, eq, inArray } from '../db/drizzle.ts'
import { insertRows } from '../db/rows.ts'
import { calls, messages, optOuts } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { normalisePhone } from '../guardrails/phone.ts'
import { optOut } from './opt-out.ts'

/** One number as it was sent, with the number of its row. */
export interface GivenRow {
  row: number
  phone: string
  /** ISO 3166-1 alpha-2, for a national spelling. */
  country?: string | undefined
}

export interface ImportedRow {
  row: number
  /** E.164, or as it was sent when it is refused. */
  phone: string
  result: 'added' | 'already_there' | 'refused'
  /** Why it is refused. */
  detail: string | null
}

/** Rows that are read and written together: a process that carries calls is not kept from them for longer. */
const AT_ONCE = 500

/**
 * Adds many numbers to the do-not-call list, row by row: one that is no number keeps no other off the list. Calls and messages that
 * wait for one of them end at once. May be repeated, also after it broke off in the middle.
 */
export async function importDoNotCall(deps: Deps, caller: Caller, given: GivenRow[]): Promise<ImportedRow[]> {
  const rows: ImportedRow[] = []
  for (let at = 0; at < given.length; at += AT_ONCE) {
    const read = given.slice(at, at + AT_ONCE).map(readRow)
    const phones = new Set(read.flatMap(({ phone, detail }) => (detail === null ? [phone] : [])))
    const added = await deps.db.transaction((tx) => addAll(tx, deps, caller, [...phones]))
    for (const { row, phone, detail } of read) {
      // A number that stands twice is added once.
      const result = detail === null ? (added.delete(phone) ? 'added' : 'already_there') : 'refused'
      rows.push({ row, phone, result, detail })
    }
  }
  return rows
}

function readRow({ row, phone, country }: GivenRow): Omit<ImportedRow, 'result'> {
  const read = normalisePhone(phone, { country: country ?? null })
  return read.ok ? { row, phone: read.e164, detail: null } : { row, phone, detail: read.reason }
}

/** @returns those that were not on the list. */
async function addAll(tx: Tx, deps: Deps, { workspaceId, mode }: Caller, phones: string[]): Promise<Set<string>> {
  if (phones.length === 0) return new Set()
  const createdAt = new Date(deps.clock.now())
  const rows = phones.map((phone) => ({ workspaceId, mode, phone, source: 'import' as const, createdAt }))
  const added = await tx.execute<{ phone: string }>(insertRows(optOuts, rows, 'on conflict do nothing returning phone'))
  // Few of a long list are about to be rung or written to; only those cost statements of their own.
  for (const phone of await awaited(tx, { workspaceId, mode }, phones)) {
    await optOut(tx, deps, { workspaceId, mode, phone, source: 'import' })
  }
  return new Set(Array.from(added, ({ phone }) => phone))
}

/** Those of `phones` for which a call or a message waits. */
async function awaited(tx: Tx, { workspaceId, mode }: Caller, phones: string[]): Promise<Set<string>> {
  const called = await tx
    .select({ phone: calls.phone })
    .from(calls)
    .where(
      and(
        eq(calls.workspaceId, workspaceId),
        eq(calls.mode, mode),
        inArray(calls.phone, phones),
        inArray(calls.status, ['queued', 'held', 'retry_scheduled']),
      ),
    )
  const written = await tx
    .select({ phone: messages.toPhone })
    .from(messages)
    .where(
      and(
        eq(messages.workspaceId, workspaceId),
        eq(messages.mode, mode),
        inArray(messages.toPhone, phones),
        inArray(messages.status, ['queued', 'held']),
      ),
    )
  return new Set([...called, ...written].map(({ phone }) => phone))
}
