import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import type { Served } from '../../cli/serve.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import { runActions } from '../../runtime/calls/actions.ts'
import { lockCall } from '../../runtime/calls/advance.ts'
import { and, asc, eq } from '../../runtime/db/drizzle.ts'
import { calls, events, type MessageStatus, messages, spans } from '../../runtime/db/schema.ts'
import { flowVersion } from '../../runtime/flows/read.ts'
import { newId } from '../../runtime/ids.ts'
import type { MessageRow } from '../../runtime/messages/rows.ts'
import { hasten } from '../harness/jobs.ts'
import type { Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

export type CallRow = typeof calls.$inferSelect
export type On = Partial<Flow['on']>

/** A call that is over, and copies of it: what follows an outcome is tried without ringing anybody again. */
export async function endedCall(talkif: Workspace, lead: object): Promise<CallRow> {
  const receipt = await talkif.api.createLead({ source: 'form', consent: true, ...lead } as never)
  await talkif.finished(receipt.call_id)
  const { db } = talkif.served.runtime
  return (await db.select().from(calls).where(eq(calls.id, receipt.call_id)))[0]!
}

/** @param change of the copy; its trace is its own, and its clock begins anew. */
export async function copyOf({ runtime }: Served, call: CallRow, change: Partial<CallRow> = {}): Promise<CallRow> {
  const { telemetry } = runtime
  const own = {
    id: newId('call'),
    traceId: telemetry.newTraceId(),
    rootSpanId: telemetry.newSpanId(),
    createdAt: new Date(),
  }
  const [copy] = await runtime.db
    .insert(calls)
    .values({ ...call, ...own, openPhone: null, ...change })
    .returning()
  return copy!
}

/** Runs what follows `no_answer`, as the end of the call would. */
export async function follow({ runtime }: Served, call: CallRow, on: On['no_answer'], reason = 'busy'): Promise<void> {
  const flow = await flowVersion(runtime.db, call.workspaceId, call.flowId, call.flowVersion)
  const [event] = await runtime.db
    .select({ id: events.id })
    .from(events)
    .where(eq(events.workspaceId, call.workspaceId))
  await runtime.db.transaction(async (tx) => {
    const locked = await lockCall(tx, call.id)
    const ending = { outcome: 'no_answer' as const, reason, eventId: event!.id }
    await runActions(tx, runtime, locked!, { ...ending, flow: { ...flow, on: { ...flow.on, no_answer: on! } } })
  })
}

export const sms = (template: string | null = 'missed', more: Record<string, string> = {}) =>
  ({ type: 'sms', template, with: more }) as const
export const whatsapp = (template: string | null = 'missed', more: Record<string, string> = {}) =>
  ({ type: 'whatsapp', template, with: more }) as const

export const messagesOf = ({ runtime }: Served, callId: string): Promise<MessageRow[]> =>
  runtime.db.select().from(messages).where(eq(messages.callId, callId)).orderBy(asc(messages.createdAt))

/** The one message to the person of a call, once it has come to `status`. */
export const cameTo = (served: Served, callId: string, ...statuses: MessageStatus[]): Promise<MessageRow> =>
  until(async () => {
    const rows = await messagesOf(served, callId)
    return rows.find(({ status, direction }) => direction === 'out' && statuses.includes(status))
  })

/** The steps of one kind of action in a call's trace, in order. */
export async function stepsOf({ runtime }: Served, { traceId }: CallRow, name: string) {
  await runtime.telemetry.flush()
  const rows = await runtime.db
    .select()
    .from(spans)
    .where(and(eq(spans.traceId, traceId), eq(spans.name, name)))
    .orderBy(asc(spans.endedAt), asc(spans.startedAt), asc(spans.position))
  return rows.map(({ status, attributes }) => ({ status, attributes }))
}

/** Its deadlines and waits are over: time passes by data, not by the clock. */
export async function passTime(served: Served, messageId: string, ms = 60_000): Promise<void> {
  const { sql } = served.runtime
  await sql`update messages set send_after = null, deadline_at = deadline_at - ${`${ms} ms`}::interval where id = ${messageId}`
  await hasten(served, 'message')
}

/** Posts as the carrier would. `token` null: without a signature. */
export async function postAs(
  served: Served,
  token: string | null,
  path: string,
  params: Record<string, string>,
  base = served.url,
) {
  const signature =
    token === null ? {} : { 'x-twilio-signature': getExpectedTwilioSignature(token, base + path, params) }
  const response = await fetch(served.url + path, {
    method: 'POST',
    headers: signature,
    body: new URLSearchParams(params),
  })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}
