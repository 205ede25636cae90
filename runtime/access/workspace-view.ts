import type { WorkspaceView } from '../../openapi/schemas/workspace.ts'
import { SECRET_IS_SET } from '../../openapi/schemas/workspace-sections.ts'
import type { Tx } from '../db/connect.ts'
import { and, asc, eq } from '../db/drizzle.ts'
import { endpoints, handoffQueues, numbers, workspaces } from '../db/schema.ts'
import type { Caller } from '../deps.ts'
import { isNamed } from '../webhooks/endpoints.ts'
import { readSecrets } from './secrets.ts'
import { settingsOf } from './workspaces.ts'

/** The workspace as it stands, every gap filled, secrets masked. `secrets` of webhooks are shown for the endpoints just created. */
export async function readWorkspace(
  tx: Tx,
  { workspaceId }: Pick<Caller, 'workspaceId'>,
  secrets: Map<string, string> = new Map(),
): Promise<WorkspaceView> {
  const [[row], hooks, queues, phones, stored] = await Promise.all([
    tx.select().from(workspaces).where(eq(workspaces.id, workspaceId)),
    tx
      .select()
      .from(endpoints)
      .where(and(eq(endpoints.workspaceId, workspaceId), isNamed))
      .orderBy(asc(endpoints.createdAt), asc(endpoints.id)),
    tx
      .select()
      .from(handoffQueues)
      .where(eq(handoffQueues.workspaceId, workspaceId))
      .orderBy(asc(handoffQueues.createdAt), asc(handoffQueues.id)),
    tx
      .select()
      .from(numbers)
      .where(eq(numbers.workspaceId, workspaceId))
      .orderBy(asc(numbers.createdAt), asc(numbers.id)),
    readSecrets(tx, workspaceId),
  ])
  const { document } = row!
  const { name, business, timeZone, region, calendars, voices, templates, caps, sandbox } = settingsOf(document)
  return {
    id: workspaceId,
    name,
    ...(business.name === null ? {} : { business: { ...business, name: business.name } }),
    time_zone: timeZone,
    region,
    webhooks: hooks.map((hook) => endpointView(hook, secrets.get(hook.id))),
    calendars,
    voices,
    handoffs: queues.map(queueView),
    templates,
    numbers: phones.map(({ id, phone, label }) => ({ id, phone, ...(label === null ? {} : { label }) })),
    caps: {
      attempts_per_number_24h: caps.perNumberPer24h,
      attempts_per_number_30d: caps.perNumberPer30d,
      min_gap_seconds: caps.minGapSeconds,
      attempts_per_day: caps.perDay,
    },
    retention: document.retention ?? {},
    secrets: masked(stored),
    sandbox,
  }
}

function endpointView(hook: typeof endpoints.$inferSelect, secret?: string): WorkspaceView['webhooks'][number] {
  return {
    id: hook.id,
    ...(hook.name === null ? {} : { name: hook.name }),
    url: hook.url,
    events: hook.events,
    ...(secret === undefined ? {} : { secret }),
    failing_since: hook.failingSince?.toISOString() ?? null,
    disabled: hook.disabledAt !== null,
    disabled_at: hook.disabledAt?.toISOString() ?? null,
    disabled_reason: hook.disabledReason,
    created_at: hook.createdAt.toISOString(),
  }
}

function queueView(queue: typeof handoffQueues.$inferSelect): WorkspaceView['handoffs'][number] {
  const { hours, targets, ...settings } = queue.settings
  return {
    id: queue.id,
    name: queue.name,
    targets: targets as WorkspaceView['handoffs'][number]['targets'],
    ...settings,
    ...(hours === null ? {} : { hours }),
    created_at: queue.createdAt.toISOString(),
    updated_at: queue.updatedAt.toISOString(),
  }
}

/** Those that flows name; the secrets of calendars are shown in their calendars. */
const masked = (stored: Record<string, string>): WorkspaceView['secrets'] =>
  Object.fromEntries(
    Object.keys(stored)
      .filter((name) => !name.startsWith('calendars.'))
      .toSorted()
      .map((name) => [name, SECRET_IS_SET]),
  )
