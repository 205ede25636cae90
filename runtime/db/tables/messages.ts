import type { Outcome } from '../../../openapi/schemas/flow-document.ts'
import { index, integer, json, pgTable, text, unique, uniqueIndex } from '../drizzle.ts'
import { at, mode, workspaceId } from './columns.ts'

export type Channel = 'sms' | 'whatsapp'

/**
 * `queued`, `held` and `sending` are ours; from `accepted` to `read` the carrier reports. `skipped`: it was never sent. `unknown`:
 * nobody knows whether it was, so it never will be again. `received`: from a person to us.
 */
export type MessageStatus =
  | 'queued'
  | 'held'
  | 'sending'
  | 'accepted'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'undelivered'
  | 'failed'
  | 'skipped'
  | 'unknown'
  | 'received'

/** Texts to people and from them. A row is committed before the carrier is asked. */
export const messages = pgTable(
  'messages',
  {
    id: text('id').primaryKey(),
    workspaceId: workspaceId(),
    mode: mode(),
    /** Of a text from a person: the last call to them, if there was one. */
    callId: text('call_id'),
    direction: text('direction').$type<'out' | 'in'>().notNull(),
    channel: text('channel').$type<Channel>().notNull(),
    /** The action that asked for it: the outcome it follows, and its place among the actions of that outcome. */
    outcome: text('outcome').$type<Outcome>(),
    position: integer('position'),
    template: text('template'),
    /** The action's own values for the template. */
    given: json('given').$type<Record<string, string>>().notNull().default({}),
    /** E.164; null until a number of the workspace was chosen. */
    fromPhone: text('from_phone'),
    toPhone: text('to_phone').notNull(),
    /** Written when it is first sent, and the same in every try. Null while nothing was, and for the carrier's own templates. */
    body: text('body'),
    contentSid: text('content_sid'),
    contentVariables: json('content_variables').$type<Record<string, string>>(),
    status: text('status').$type<MessageStatus>().notNull(),
    /** Why it is held, was skipped or failed, in words. */
    why: text('why'),
    errorCode: text('error_code'),
    carrierId: text('carrier_id'),
    /** Not before this instant: quiet hours, or the next try. */
    sendAfter: at('send_after'),
    tries: integer('tries').notNull().default(0),
    /** Only the sender that holds it may ask the carrier. */
    fence: text('fence'),
    askedAt: at('asked_at'),
    /** The request to the carrier is given up at this instant. */
    deadlineAt: at('deadline_at'),
    createdAt: at('created_at').notNull(),
    updatedAt: at('updated_at').notNull(),
  },
  (t) => [
    uniqueIndex('messages_once').on(t.callId, t.outcome, t.position),
    unique().on(t.workspaceId, t.carrierId),
    index('messages_of_workspace').on(t.workspaceId, t.mode, t.id),
    index('messages_of_number').on(t.mode, t.toPhone, t.createdAt),
  ],
)
