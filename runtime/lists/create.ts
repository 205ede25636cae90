import { shapeFaults } from '../../openapi/faults.ts'
import type { Input } from '../../openapi/operations.ts'
import { CreateLead } from '../../openapi/schemas/lead.ts'
import type { ListReceipt } from '../../openapi/schemas/list.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import { receiptOf } from '../calls/receipt.ts'
import type { Tx } from '../db/connect.ts'
import { lists } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { newId } from '../ids.ts'
import { traceIntake } from '../leads/create.ts'
import { readIntake } from '../leads/intake.ts'
import { openCallTo, type PreparedLead, prepareLead } from '../leads/prepare.ts'
import { leadFaults, normaliseLead } from '../leads/read-lead.ts'
import { writeLeads } from '../leads/write.ts'
import { ProblemError } from '../problem.ts'
import type { Work } from '../work.ts'

type Row = ListReceipt['results'][number]
type CheckedRow = { row: Row } | { prepared: PreparedLead; index: number }

/** Rows looked at side by side, and rows written in one statement. */
const CHECKED_AT_ONCE = 20
const WRITTEN_AT_ONCE = 200

/**
 * One call for each valid row, in a lane behind single leads; every row is answered on its own. A number that has an open call,
 * also from an earlier row, is answered with that call.
 */
export async function createList(deps: Deps, caller: Caller, input: Input<'createList'>): Promise<Work<ListReceipt>> {
  const receivedAt = deps.clock.now()
  const { leads: given, ...defaults } = input
  const listId = newId('list')
  const checked: CheckedRow[] = []
  for (let at = 0; at < given.length; at += CHECKED_AT_ONCE) {
    const rows = given.slice(at, at + CHECKED_AT_ONCE)
    const check = (fields: Record<string, unknown>, offset: number) =>
      checkRow(deps, caller, { source: 'list', ...defaults, ...fields }, at + offset, { receivedAt, listId })
    checked.push(...(await Promise.all(rows.map(check))))
  }
  const prepared = checked.flatMap((it) => ('prepared' in it ? [it] : []))
  let writtenIds = new Set<string>()
  return {
    async write(tx) {
      const results = checked.flatMap((it) => ('row' in it ? [it.row] : []))
      const written = await writeRows(tx, deps, prepared)
      writtenIds = new Set(written.keys())
      for (const { prepared: lead, index } of prepared) {
        const receipt = written.get(lead.call.id) ?? (await duplicateOf(tx, deps, caller, lead))
        results.push(accepted(index, receipt))
      }
      results.sort((a, b) => a.row - b.row)
      const receipt = summary(listId, results)
      const counts = { accepted: receipt.accepted, rejected: receipt.rejected }
      const scope = { workspaceId: caller.workspaceId, mode: caller.mode }
      await tx.insert(lists).values({ id: listId, ...scope, ...counts, createdAt: new Date(receivedAt) })
      return { status: 202, body: receipt }
    },
    written() {
      for (const it of prepared) if (writtenIds.has(it.prepared.call.id)) traceIntake(deps, it.prepared)
    },
  }
}

async function checkRow(
  deps: Deps,
  caller: Caller,
  fields: Record<string, unknown>,
  index: number,
  list: { receivedAt: number; listId: string },
): Promise<CheckedRow> {
  const parsed = CreateLead.safeParse(fields)
  const errors = [...shapeFaults(parsed, fields), ...leadFaults(fields)]
  if (!parsed.success || errors.length) return { row: rejected(index, errors) }
  const normalised = await normaliseLead(parsed.data)
  const intake = await readIntake(deps, caller, normalised.phone)
  const open = intake.hasOpenCall && (await openCallTo(deps.db, caller, normalised.phone))
  if (open) return { row: accepted(index, receiptOf(open, deps.clock, 'duplicate')) }
  try {
    return { prepared: await prepareLead(deps, caller, normalised, { intake, ...list }), index }
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code === 'unavailable') throw error
    return { row: rejected(index, [{ pointer: '', code: error.code, detail: error.message }]) }
  }
}

async function writeRows(tx: Tx, deps: Deps, prepared: { prepared: PreparedLead }[]) {
  const written: Awaited<ReturnType<typeof writeLeads>> = new Map()
  for (let at = 0; at < prepared.length; at += WRITTEN_AT_ONCE) {
    const some = prepared.slice(at, at + WRITTEN_AT_ONCE).map((it) => it.prepared)
    for (const [id, receipt] of await writeLeads(tx, deps, some)) written.set(id, receipt)
  }
  return written
}

async function duplicateOf(tx: Tx, deps: Deps, caller: Caller, { call }: PreparedLead) {
  const open = await openCallTo(tx, caller, call.phone)
  return receiptOf(open ?? call, deps.clock, 'duplicate')
}

function summary(listId: string, results: Row[]): ListReceipt {
  const count = (wanted: (row: Row) => boolean) => results.filter(wanted).length
  const rejectedRows = count((row) => row.status === 'rejected')
  const duplicates = count((row) => row.reason === 'duplicate')
  return {
    list_id: listId,
    accepted: results.length - rejectedRows - duplicates,
    duplicates,
    rejected: rejectedRows,
    results,
  }
}

const rejected = (row: number, errors: FieldFault[]): Row => ({
  row,
  status: 'rejected',
  lead_id: null,
  call_id: null,
  reason: errors[0]?.code ?? 'invalid_request',
  errors,
})

const accepted = (row: number, { lead_id, call_id, status, reason }: ReturnType<typeof receiptOf>): Row => ({
  row,
  status,
  lead_id,
  call_id,
  reason,
  errors: [],
})
