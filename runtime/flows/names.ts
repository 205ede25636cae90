import type { WorkspaceNames } from '../../flows/language/references.ts'
import { settingsOf } from '../access/workspaces.ts'
import type { Db, Tx } from '../db/connect.ts'
import { and, eq, isNotNull } from '../db/drizzle.ts'
import { endpoints, handoffQueues, workspaceSecrets, workspaces } from '../db/schema.ts'

/**
 * What flows of a workspace may name.
 * @param lock until the end of the transaction no other flow is deployed there, and nothing that flows name is taken away.
 */
export async function workspaceNames(
  db: Db | Tx,
  workspaceId: string,
  { lock }: { lock: boolean },
): Promise<WorkspaceNames> {
  const document = db.select({ document: workspaces.document }).from(workspaces).where(eq(workspaces.id, workspaceId))
  const [row] = await (lock ? document.for('no key update') : document)
  if (!row) throw new Error(`there is no workspace ${workspaceId}`)
  const { calendars, voices, templates } = settingsOf(row.document)
  const [queues, webhooks, secrets] = await Promise.all([
    db.select({ name: handoffQueues.name }).from(handoffQueues).where(eq(handoffQueues.workspaceId, workspaceId)),
    db
      .select({ name: endpoints.name })
      .from(endpoints)
      .where(and(eq(endpoints.workspaceId, workspaceId), isNotNull(endpoints.name))),
    db
      .select({ name: workspaceSecrets.name })
      .from(workspaceSecrets)
      .where(eq(workspaceSecrets.workspaceId, workspaceId)),
  ])
  const names = (list: { name: string | null }[]) => list.map(({ name }) => name!)
  return {
    calendars: names(calendars),
    voices: names(voices),
    queues: names(queues),
    webhooks: names(webhooks),
    secrets: names(secrets),
    sms: names(templates.filter(({ sms }) => sms)),
    whatsapp: names(templates.filter(({ whatsapp }) => whatsapp)),
  }
}
