import type { Input, Output } from '../../openapi/operations.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq } from '../db/drizzle.ts'
import { handoffQueues } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { normalisePhone } from '../guardrails/phone.ts'
import { newId } from '../ids.ts'

/** Creates or replaces a queue by its name. @param input has no faults, as `handoffFaults` tells. */
export async function upsertHandoff(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  input: Input<'upsertHandoff'>,
): Promise<{ status: 200 | 201; body: Output<'upsertHandoff'> }> {
  const now = new Date(deps.clock.now())
  const settings = {
    targets: input.targets.map(readTarget),
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

/** What makes a queue unusable beyond its shape: phones that are none. All at once. */
export function handoffFaults(input: Record<string, unknown>): FieldFault[] {
  const targets: unknown[] = Array.isArray(input.targets) ? input.targets : []
  return targets.flatMap((target, index) => {
    if (typeof target !== 'object' || target === null) return []
    const { phone } = target as { phone?: unknown }
    const read = typeof phone === 'string' ? normalisePhone(phone) : { ok: true as const }
    return read.ok ? [] : [{ pointer: `/targets/${index}/phone`, code: 'phone_invalid', detail: read.reason }]
  })
}

function readTarget(target: Input<'upsertHandoff'>['targets'][number]): Output<'upsertHandoff'>['targets'][number] {
  const phone = 'phone' in target ? normalisePhone(target.phone) : undefined
  return phone && 'e164' in phone ? { ...target, phone: phone.e164 } : target
}
