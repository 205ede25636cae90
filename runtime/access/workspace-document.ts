import { and, asc, eq, isNull, notInArray, or } from 'drizzle-orm'
import type { WorkspaceDocument, WorkspaceView } from '../../openapi/schemas/workspace.ts'
import type { Tx } from '../db/connect.ts'
import { endpoints, numbers, workspaces } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { normalisePhone } from '../guardrails/phone.ts'
import { newId } from '../ids.ts'
import { newWebhookSecret } from '../webhooks/sign.ts'
import { settingsOf } from './workspaces.ts'

const REMOVED = 'removed from the workspace'

/** The workspace as it stands, every gap filled. `secrets` are shown for the endpoints just created. */
export async function readWorkspace(
  tx: Tx,
  caller: Caller,
  secrets: Map<string, string> = new Map(),
): Promise<WorkspaceView> {
  const [[row], hooks, phones] = await Promise.all([
    tx.select().from(workspaces).where(eq(workspaces.id, caller.workspaceId)),
    tx
      .select()
      .from(endpoints)
      .where(
        and(
          eq(endpoints.workspaceId, caller.workspaceId),
          or(isNull(endpoints.disabledReason), notInArray(endpoints.disabledReason, [REMOVED])),
        ),
      )
      .orderBy(asc(endpoints.createdAt)),
    tx.select().from(numbers).where(eq(numbers.workspaceId, caller.workspaceId)).orderBy(asc(numbers.createdAt)),
  ])
  const { caps, timeZone, ...settings } = settingsOf(row!.document)
  return {
    id: caller.workspaceId,
    ...settings,
    time_zone: timeZone,
    webhooks: hooks.map((hook) => ({
      id: hook.id,
      url: hook.url,
      events: hook.events,
      ...(secrets.has(hook.id) ? { secret: secrets.get(hook.id) } : {}),
      disabled: hook.disabledAt !== null,
      disabled_at: hook.disabledAt?.toISOString() ?? null,
      disabled_reason: hook.disabledReason,
      created_at: hook.createdAt.toISOString(),
    })),
    numbers: phones.map(({ id, phone, label }) => ({ id, phone, label })),
    caps: {
      attempts_per_number_24h: caps.perNumberPer24h,
      attempts_per_number_30d: caps.perNumberPer30d,
      min_gap_seconds: caps.minGapSeconds,
      attempts_per_day: caps.perDay,
    },
  }
}

/** Replaces the sections present and leaves the others as they are. @param document has no faults, as `workspaceFaults` tells. */
export async function putWorkspace(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  document: WorkspaceDocument,
): Promise<WorkspaceView> {
  const { webhooks, numbers: phones, ...sections } = document
  const here = eq(workspaces.id, caller.workspaceId)
  const [row] = await tx.select().from(workspaces).where(here).for('update')
  await tx
    .update(workspaces)
    .set({ document: { ...row!.document, ...sections } })
    .where(here)
  const secrets = webhooks ? await putWebhooks(tx, deps, caller, webhooks) : undefined
  if (phones) await putNumbers(tx, deps, caller, phones)
  return readWorkspace(tx, caller, secrets)
}

async function putWebhooks(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  wanted: NonNullable<WorkspaceDocument['webhooks']>,
): Promise<Map<string, string>> {
  const now = new Date(deps.clock.now())
  const mine = eq(endpoints.workspaceId, caller.workspaceId)
  const existing = await tx.select().from(endpoints).where(mine).for('update')
  const secrets = new Map<string, string>()
  for (const { url, events } of wanted) {
    const known = existing.find((hook) => hook.url === url)
    const secret = newWebhookSecret()
    if (known && known.disabledReason !== REMOVED) {
      // Naming an endpoint again brings it back if it was disabled for failing.
      const back = { disabledAt: null, disabledReason: null, failingSince: null }
      await tx
        .update(endpoints)
        .set({ events, ...(known.disabledAt ? back : {}) })
        .where(eq(endpoints.id, known.id))
    } else if (known) {
      const renewed = { events, secret, oldSecret: null, disabledAt: null, disabledReason: null, failingSince: null }
      await tx.update(endpoints).set(renewed).where(eq(endpoints.id, known.id))
      secrets.set(known.id, secret)
    } else {
      const id = newId('whe')
      await tx.insert(endpoints).values({ id, workspaceId: caller.workspaceId, url, events, secret, createdAt: now })
      secrets.set(id, secret)
    }
  }
  const urls = wanted.map((hook) => hook.url)
  await tx
    .update(endpoints)
    .set({ disabledAt: now, disabledReason: REMOVED })
    .where(and(mine, ...(urls.length ? [notInArray(endpoints.url, urls)] : [])))
  return secrets
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
