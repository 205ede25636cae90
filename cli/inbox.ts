import type { WorkspaceDocument } from '../openapi/schemas/workspace.ts'

/** The path on the server of `talkif dev` where the demo workspace's webhooks arrive. */
export const INBOX_PATH = '/dev/inbox'

const inbox = new RegExp(`^http://127\\.0\\.0\\.1:\\d+${INBOX_PATH}$`)

/** The same document, whose webhooks to an inbox of `talkif dev`, whatever its port, come to that of the server at `url`. */
export function atInboxOf(url: string, document: WorkspaceDocument): WorkspaceDocument {
  const { webhooks } = document
  if (!webhooks) return document
  const own = (it: string) => (inbox.test(it) ? `${url}${INBOX_PATH}` : it)
  return { ...document, webhooks: webhooks.map((webhook) => ({ ...webhook, url: own(webhook.url) })) }
}
