import type { WorkspaceDocument, WorkspaceView } from '../../openapi/schemas/workspace.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq, inArray, notInArray } from '../db/drizzle.ts'
import { handoffQueues, numbers, workspaces } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { normalisePhone } from '../guardrails/phone.ts'
import { upsertHandoff } from '../handoffs/upsert.ts'
import { newId } from '../ids.ts'
import { problemOf } from '../problem.ts'
import { maskFaults, putSecrets, withoutSecrets } from './put-secrets.ts'
import { putWebhooks } from './put-webhooks.ts'
import { followRenames } from './renamed-calendars.ts'
import { readSecrets } from './secrets.ts'
import { strandedFaults } from './used-by-flows.ts'
import { readWorkspace } from './workspace-view.ts'

/**
 * Replaces the sections present and leaves the others as they are; of `secrets` only those named. A masked secret keeps what is
 * stored. @param document has no faults, as `workspaceFaults` tells. @param staying ids of the flows whose uses count, where others
 * change in the same transaction; all of them when left out.
 * @throws invalid_request for a mask that stands for nothing, and for removing what the current version of a flow uses.
 */
export async function putWorkspace(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  document: WorkspaceDocument,
  { staying }: { staying?: ReadonlySet<string> } = {},
): Promise<WorkspaceView> {
  const { webhooks, numbers: phones, handoffs, secrets: _, ...sections } = document
  const here = eq(workspaces.id, caller.workspaceId)
  // Not more than that: rows of leads refer to the workspace, and go on being written.
  const [row] = await tx.select().from(workspaces).where(here).for('no key update')
  const before = row!.document
  const stored = await readSecrets(tx, caller.workspaceId)
  const faults = [
    ...maskFaults(document, before.calendars ?? [], stored),
    ...(await strandedFaults(tx, caller.workspaceId, await readWorkspace(tx, caller), { document, staying })),
  ]
  if (faults.length) throw problemOf(faults)
  await putSecrets(tx, deps, caller.workspaceId, document, stored)
  const calendars = sections.calendars && { calendars: withoutSecrets(sections.calendars) }
  if (sections.calendars) {
    const at = { workspaceId: caller.workspaceId, now: new Date(deps.clock.now()) }
    await followRenames(tx, at, before.calendars ?? [], sections.calendars)
  }
  await tx
    .update(workspaces)
    .set({ document: { ...before, ...sections, ...calendars } })
    .where(here)
  const secrets = webhooks ? await putWebhooks(tx, deps, caller, webhooks) : undefined
  if (phones) await putNumbers(tx, deps, caller, phones)
  if (handoffs) await putHandoffs(tx, deps, caller, handoffs)
  return readWorkspace(tx, caller, secrets)
}

async function putNumbers(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  wanted: NonNullable<WorkspaceDocument['numbers']>,
): Promise<void> {
  const rows = wanted.flatMap(({ phone, label }) => {
    const read = normalisePhone(phone)
    return 'e164' in read ? [{ phone: read.e164, label: label ?? null }] : []
  })
  const phones = rows.map((row) => row.phone)
  const mine = eq(numbers.workspaceId, caller.workspaceId)
  await tx.delete(numbers).where(and(mine, ...(phones.length ? [notInArray(numbers.phone, phones)] : [])))
  for (const row of rows) {
    await tx
      .insert(numbers)
      .values({ id: newId('num'), workspaceId: caller.workspaceId, createdAt: new Date(deps.clock.now()), ...row })
      .onConflictDoUpdate({ target: [numbers.workspaceId, numbers.phone], set: { label: row.label } })
  }
}

async function putHandoffs(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  wanted: NonNullable<WorkspaceDocument['handoffs']>,
): Promise<void> {
  const mine = eq(handoffQueues.workspaceId, caller.workspaceId)
  const there = await tx.select({ name: handoffQueues.name }).from(handoffQueues).where(mine)
  const kept = new Set(wanted.map(({ name }) => name))
  const gone = there.flatMap(({ name }) => (kept.has(name) ? [] : [name]))
  if (gone.length) await tx.delete(handoffQueues).where(and(mine, inArray(handoffQueues.name, gone)))
  for (const queue of wanted) await upsertHandoff(tx, deps, caller, queue)
}
