import { readShape, withMeaning } from '../../openapi/faults.ts'
import type { Input } from '../../openapi/operations.ts'
import { CreateLead } from '../../openapi/schemas/lead.ts'
import type { ListReceipt } from '../../openapi/schemas/list.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { CallRow } from '../calls/advance.ts'
import { receiptOf } from '../calls/receipt.ts'
import type { Tx } from '../db/connect.ts'
import { lists } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { namedFlowFaults } from '../flows/named.ts'
import { newId } from '../ids.ts'
import { traceIntake } from '../leads/create.ts'
import { readIntakes } from '../leads/intake.ts'
import { openCallTo, type PreparedLead, prepareLead } from '../leads/prepare.ts'
import { leadFaults, type NormalisedLead, normaliseLead } from '../leads/read-lead.ts'
import { writeLeads } from '../leads/write.ts'
import { ProblemError } from '../problem.ts'
import type { Work } from '../work.ts'

type Row = ListReceipt['results'][number]
type CheckedRow = { row: Row } | { prepared: PreparedLead; index: number }

/** Rows looked at together, and rows written together: other requests have their turn between. */
const CHECKED_AT_ONCE = 100
const WRITTEN_AT_ONCE = 500

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
    const rows = given.slice(at, at + CHECKED_AT_ONCE).map((row) => withDefaults(row, { source: 'list', ...defaults }))
    checked.push(...(await checkRows(deps, caller, rows, at, { receivedAt, listId })))
  }
  const prepared = checked.flatMap((it) => ('prepared' in it ? [it] : []))
  let writtenIds = new Set<string>()
  return {
    async write(tx) {
      const results = checked.flatMap((it) => ('row' in it ? [it.row] : []))
      const written = await writeRows(tx, deps, prepared)
      writtenIds = new Set(written.keys())
      const earlier = new Map(
        prepared.flatMap(({ prepared: { call } }) => (writtenIds.has(call.id) ? [[call.phone, call]] : [])),
      )
      for (const { prepared: lead, index } of prepared) {
        const receipt = written.get(lead.call.id) ?? (await duplicateOf(tx, deps, caller, lead.call, earlier))
        results.push(accepted(index, receipt))
      }
      results.sort((a, b) => a.row - b.row)
      const receipt = summary(listId, results)
      const counts = { accepted: receipt.accepted, rejected: receipt.rejected }
      const scope = { workspaceId: caller.workspaceId, mode: caller.mode }
      await tx.insert(lists).values({ id: listId, ...scope, ...counts, createdAt: new Date(receivedAt) })
      return { status: 202, body: receipt }
    },
    async written() {
      const all = prepared.filter((it) => writtenIds.has(it.prepared.call.id))
      for (const [index, it] of all.entries()) {
        traceIntake(deps, it.prepared)
        // The queue of spans is bounded.
        if (index % WRITTEN_AT_ONCE === WRITTEN_AT_ONCE - 1) await deps.telemetry.flush()
      }
    },
  }
}

async function checkRows(
  deps: Deps,
  caller: Caller,
  rows: unknown[],
  from: number,
  list: { receivedAt: number; listId: string },
): Promise<CheckedRow[]> {
  const read = await Promise.all(rows.map((row) => readRow(row, list.receivedAt)))
  const phones = read.flatMap((it) => ('phone' in it ? [it.phone] : []))
  const refused = rows.map((row, at) => ('faults' in read[at]! ? row : null))
  const ofFlows = await namedFlowFaults(deps.db, caller.workspaceId, refused)
  const intakes = await readIntakes(deps, caller, [...new Set(phones)])
  return Promise.all(
    read.map(async (it, offset): Promise<CheckedRow> => {
      const index = from + offset
      if ('faults' in it) return { row: rejected(index, withMeaning(it.faults, ofFlows[offset]!)) }
      const intake = intakes.get(it.phone)!
      const open = intake.hasOpenCall && (await openCallTo(deps.db, caller, it.phone))
      if (open) return { row: accepted(index, receiptOf(open, deps.clock, 'duplicate')) }
      try {
        return { prepared: await prepareLead(deps, caller, it, { intake, ...list }), index }
      } catch (error) {
        if (!(error instanceof ProblemError) || error.code === 'unavailable') throw error
        const { code, message, errors = [{ pointer: '', code, detail: message }] } = error
        return { row: rejected(index, errors) }
      }
    }),
  )
}

const isObject = (row: unknown): row is Record<string, unknown> =>
  typeof row === 'object' && row !== null && !Array.isArray(row)

/** A row that is no object stays as it is, to be told so. */
const withDefaults = (row: unknown, defaults: object): unknown => (isObject(row) ? { ...defaults, ...row } : row)

async function readRow(row: unknown, now: number): Promise<NormalisedLead | { faults: FieldFault[] }> {
  const { data, faults: shape } = readShape(CreateLead, row)
  const faults = withMeaning(shape, isObject(row) ? leadFaults(row, now) : [])
  return data && faults.length === 0 ? normaliseLead(data) : { faults }
}

async function writeRows(tx: Tx, deps: Deps, prepared: { prepared: PreparedLead }[]) {
  const written: Awaited<ReturnType<typeof writeLeads>> = new Map()
  // Two lists with the same numbers wait for each other's rows; in one order, neither waits for the other for ever.
  const byPhone = prepared.map((it) => it.prepared).sort((a, b) => (a.call.phone < b.call.phone ? -1 : 1))
  for (let at = 0; at < byPhone.length; at += WRITTEN_AT_ONCE) {
    const some = byPhone.slice(at, at + WRITTEN_AT_ONCE)
    for (const [id, receipt] of await writeLeads(tx, deps, some)) written.set(id, receipt)
  }
  return written
}

/** A call to this number that was there first: of an earlier row, or of another request that was quicker. */
async function duplicateOf(tx: Tx, deps: Deps, caller: Caller, call: CallRow, earlier: Map<string, CallRow>) {
  const open = earlier.get(call.phone) ?? (await openCallTo(tx, caller, call.phone))
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
