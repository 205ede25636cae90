import { and, desc, eq, lt } from '../db/drizzle.ts'
import { type Mode, messages } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import type { MessageRow } from './rows.ts'

export interface MessageQuery {
  /** At most so many; 20 when absent. */
  limit?: number | undefined
  /** `next_cursor` of the page before. */
  cursor?: string | undefined
  call_id?: string | undefined
}

/** Texts to people and from them, the caller's workspace and mode alone, newest first. */
export async function listMessages(
  deps: Pick<Deps, 'db'>,
  caller: Caller,
  { limit = 20, cursor, call_id }: MessageQuery = {},
) {
  const rows = await deps.db
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.workspaceId, caller.workspaceId),
        eq(messages.mode, caller.mode),
        ...(cursor ? [lt(messages.id, cursor)] : []),
        ...(call_id ? [eq(messages.callId, call_id)] : []),
      ),
    )
    .orderBy(desc(messages.id))
    .limit(limit + 1)
  const page = rows.slice(0, limit)
  const more = rows.length > limit
  return { data: page.map(view), has_more: more, next_cursor: more ? (page.at(-1)?.id ?? null) : null }
}

export type MessageView = ReturnType<typeof view>

const view = (row: MessageRow) => ({
  id: row.id,
  test: row.mode === 'test',
  call_id: row.callId,
  direction: row.direction,
  channel: row.channel,
  from: row.fromPhone,
  to: row.toPhone,
  template: row.template,
  /** Null while nothing was sent, and where the text is a template that the carrier keeps. */
  body: row.body,
  content_sid: row.contentSid,
  content_variables: row.contentVariables,
  status: row.status,
  why: row.why,
  error_code: row.errorCode,
  send_after: row.sendAfter?.toISOString() ?? null,
  provider_message_sid: row.carrierId,
  created_at: row.createdAt.toISOString(),
  updated_at: row.updatedAt.toISOString(),
})

/** Whose carrier tells of a message; undefined when there is no such message. */
export async function modeOfMessage({ db }: Pick<Deps, 'db'>, id: string): Promise<Mode | undefined> {
  const [row] = await db.select({ mode: messages.mode }).from(messages).where(eq(messages.id, id))
  return row?.mode
}
