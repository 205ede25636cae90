import { and, eq } from 'drizzle-orm'
import type { Input, Output } from '../../openapi/operations.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { Tx } from '../db/connect.ts'
import { handoffQueues } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { normalisePhone } from '../guardrails/phone.ts'
import { newId } from '../ids.ts'
import { problemOf } from '../problem.ts'

/**
 * Creates or replaces a queue by its name.
 * @throws invalid_request for a target without phone and SIP, phone_invalid; all of them at once.
 */
export async function upsertHandoff(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  input: Input<'upsertHandoff'>,
): Promise<{ status: 200 | 201; body: Output<'upsertHandoff'> }> {
  const now = new Date(deps.clock.now())
  const settings = {
    targets: readTargets(input.targets),
    order: input.order ?? ('in_turn' as const),
    hours: input.hours ?? null,
    languages: input.languages ?? [],
    timeout_seconds: input.timeout_seconds ?? 20,
    fallback: input.fallback ?? ('callback' as const),
  }
  const id = newId('queue')
  const { name } = input
  const key = { workspaceId: caller.workspaceId, name }
  const [created] = await tx
    .insert(handoffQueues)
    .values({ id, ...key, settings, createdAt: now, updatedAt: now })
    .onConflictDoNothing()
    .returning()
  const [row] = created
    ? [created]
    : await tx
        .update(handoffQueues)
        .set({ settings, updatedAt: now })
        .where(and(eq(handoffQueues.workspaceId, key.workspaceId), eq(handoffQueues.name, name)))
        .returning()
  const at = { created_at: row!.createdAt.toISOString(), updated_at: row!.updatedAt.toISOString() }
  return { status: created ? 201 : 200, body: { id: row!.id, name, ...settings, ...at } }
}

function readTargets(targets: Input<'upsertHandoff'>['targets']): Output<'upsertHandoff'>['targets'] {
  const faults: FieldFault[] = []
  const read = targets.map((target, index) => {
    const pointer = `/targets/${index}`
    if (!target.phone === !target.sip) {
      faults.push({ pointer, code: 'invalid_request', detail: 'Give phone or sip, one of them.' })
    }
    if (!target.phone) return target
    const phone = normalisePhone(target.phone)
    if ('e164' in phone) return { ...target, phone: phone.e164 }
    faults.push({ pointer: `${pointer}/phone`, code: 'phone_invalid', detail: phone.reason })
    return target
  })
  if (faults.length) throw problemOf(faults)
  return read
}
