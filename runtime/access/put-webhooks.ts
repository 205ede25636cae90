import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq, isNotNull, notInArray } from '../db/drizzle.ts'
import { endpoints } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { newId } from '../ids.ts'
import { REMOVED } from '../webhooks/endpoints.ts'
import { newWebhookSecret } from '../webhooks/sign.ts'

const BACK = { disabledAt: null, disabledReason: null, failingSince: null }

/** Makes the endpoints those of the document; one is known again by its URL. @returns the secrets of those that are new. */
export async function putWebhooks(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  { workspaceId }: Caller,
  wanted: NonNullable<WorkspaceDocument['webhooks']>,
): Promise<Map<string, string>> {
  const now = new Date(deps.clock.now())
  const mine = eq(endpoints.workspaceId, workspaceId)
  const existing = await tx.select().from(endpoints).where(mine).for('no key update')
  const secrets = new Map<string, string>()
  await tx
    .update(endpoints)
    .set({ name: null })
    .where(and(mine, isNotNull(endpoints.name)))
  for (const { name = null, url, events = [] } of wanted) {
    const known = existing.find((hook) => hook.url === url)
    const secret = newWebhookSecret()
    if (known && known.disabledReason !== REMOVED) {
      // Naming an endpoint again brings it back if it was disabled for failing.
      const change = { name, events, ...(known.disabledAt ? BACK : {}) }
      await tx.update(endpoints).set(change).where(eq(endpoints.id, known.id))
    } else if (known) {
      const renewed = { name, events, secret, oldSecret: null, ...BACK }
      await tx.update(endpoints).set(renewed).where(eq(endpoints.id, known.id))
      secrets.set(known.id, secret)
    } else {
      const id = newId('whe')
      await tx.insert(endpoints).values({ id, workspaceId, name, url, events, secret, createdAt: now })
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
