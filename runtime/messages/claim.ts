import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { workspaceSettings } from '../access/workspaces.ts'
import { artifactLinks } from '../artifacts/links.ts'
import { toCallTime, toRealTime } from '../calls/call-time.ts'
import type { MessageContent } from '../carrier/messaging.ts'
import type { Tx } from '../db/connect.ts'
import { and, asc, eq } from '../db/drizzle.ts'
import { calls, leads, type Mode, numbers, optOuts } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { flowVersion } from '../flows/read.ts'
import { type MessageVerdict, mayMessage } from '../guardrails/may-message.ts'
import { spokenZone } from '../guardrails/spoken-zone.ts'
import { randomToken } from '../ids.ts'
import { compose } from './compose.ts'
import { type MessageRow, step } from './rows.ts'

/** How long the carrier may take to accept a message; after it, this process no longer sends. */
const SEND_DEADLINE_MS = 10_000
/** From that deadline until the carrier's own list is believed to be complete. */
export const GRACE_MS = 3_000
const UNCONFIGURED_RETRY_MS = 10_000

/** A message that is written as being sent, and the right to ask the carrier for it. */
export interface Claim {
  message: MessageRow
  call: typeof calls.$inferSelect
  content: MessageContent
  from: string
  deadline: number
}

/** Claims a locked message that may be sent now. Undefined when it may not, or not now: then what follows from that is written. */
export async function claimMessage(tx: Tx, deps: Deps, message: MessageRow): Promise<Claim | undefined> {
  const messageId = message.id
  if (deps.networks.unavailable(message.mode)) {
    // A process without the carrier's configuration leaves the message to one that has it.
    await deps.send(tx, 'message', { messageId }, { delayMs: UNCONFIGURED_RETRY_MS })
    return undefined
  }
  const [call] = await tx.select().from(calls).where(eq(calls.id, message.callId!))
  const [[lead], flow, settings, senders] = await Promise.all([
    tx.select().from(leads).where(eq(leads.id, call!.leadId)),
    flowVersion(tx, call!.workspaceId, call!.flowId, call!.flowVersion),
    workspaceSettings(tx, call!.workspaceId),
    sendersOf(tx, message),
  ])
  const { calendar_url: calendarUrl } = artifactLinks(deps, call!, true)
  const facts = { call: call!, lead: lead!, flow, settings, calendarUrl }
  const verdict = await judge(tx, deps, message, facts)
  if (verdict.kind === 'hold') {
    const sendAfter = toRealTime(call!, verdict.until)
    const until = { until: verdict.until.toISOString() }
    await step(tx, deps, message, { status: 'held', change: { sendAfter, why: 'quiet_hours' }, attributes: until })
    await deps.send(tx, 'message', { messageId }, { delayMs: sendAfter.getTime() - deps.clock.now() })
    return undefined
  }
  const from = message.fromPhone ?? senders[0]
  const composed = contentOf(message) ?? compose(message, facts)
  const why = verdict.kind === 'refuse' ? REFUSED[verdict.reason] : !from ? NO_SENDER : undefined
  if (why || 'why' in composed || !from) {
    await step(tx, deps, message, {
      status: 'skipped',
      change: { why: why ?? ('why' in composed ? composed.why : null) },
    })
    return undefined
  }
  return { ...(await writeClaim(tx, deps, message, from, composed)), call: call! }
}

const NO_SENDER = 'the workspace has no number to send from'
const REFUSED: Record<Extract<MessageVerdict, { kind: 'refuse' }>['reason'], string> = {
  no_consent: 'the person has not agreed to be contacted',
  opted_out: 'the person opted out',
  no_opening: 'the quiet hours of the flow and of the region leave no time for it',
}

async function judge(
  tx: Tx,
  deps: Deps,
  message: MessageRow,
  { call, lead, flow }: Pick<Parameters<typeof compose>[1], 'call' | 'lead' | 'flow'>,
): Promise<MessageVerdict> {
  const { workspaceId, mode, toPhone } = message
  const here = and(eq(optOuts.workspaceId, workspaceId), eq(optOuts.mode, mode), eq(optOuts.phone, toPhone))
  const [blocked] = await tx.select({ phone: optOuts.phone }).from(optOuts).where(here)
  return mayMessage({
    now: toCallTime(call, new Date(deps.clock.now())),
    consent: lead.consent === true || lead.consent.granted,
    optedOut: blocked !== undefined,
    // The sandbox's time of day can be true in one zone only.
    zones: mode === 'test' ? [spokenZone(lead.zones)] : lead.zones,
    country: lead.country,
    subdivision: lead.subdivision,
    quietHours: flow.call.quiet_hours,
  })
}

/** The numbers a message may come from, in order: the workspace's, or the sandbox's own. */
export async function sendersOf(tx: Tx, { workspaceId, mode }: { workspaceId: string; mode: Mode }): Promise<string[]> {
  if (mode === 'test') return [sandboxNumber]
  const rows = await tx
    .select({ phone: numbers.phone })
    .from(numbers)
    .where(eq(numbers.workspaceId, workspaceId))
    .orderBy(asc(numbers.createdAt), asc(numbers.id))
  return rows.map(({ phone }) => phone)
}

/** What an earlier try was to say; every try says the same. */
function contentOf({ body, contentSid, contentVariables }: MessageRow): MessageContent | undefined {
  if (body !== null) return { body }
  return contentSid !== null ? { contentSid, variables: contentVariables ?? {} } : undefined
}

async function writeClaim(tx: Tx, deps: Deps, message: MessageRow, from: string, content: MessageContent) {
  const askedAt = new Date(deps.clock.now())
  const deadlineAt = new Date(askedAt.getTime() + SEND_DEADLINE_MS)
  const said =
    'body' in content ? { body: content.body } : { contentSid: content.contentSid, contentVariables: content.variables }
  const change = { fromPhone: from, fence: randomToken(12), askedAt, deadlineAt, tries: message.tries + 1, ...said }
  const row = await step(tx, deps, message, { status: 'sending', change, attributes: { try: change.tries } })
  await deps.send(tx, 'message', { messageId: message.id }, { delayMs: SEND_DEADLINE_MS + GRACE_MS })
  return { message: row, content, from, deadline: deadlineAt.getTime() }
}
