import type { Flow, FlowAction, Outcome } from '../../openapi/schemas/flow-document.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq, inArray } from '../db/drizzle.ts'
import { type Channel, calls, handoffQueues, messages } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { newId } from '../ids.ts'
import { traceOf } from '../telemetry/spans.ts'
import { deliverToNamed } from '../webhooks/named.ts'
import type { CallRow } from './advance.ts'
import type { OptOut } from './opt-out.ts'

/** How a call ended, as far as what follows needs it. */
export interface Ending {
  outcome: Outcome
  reason: string | null
  flow: Flow
  /** Of the outcome, which named webhooks get. */
  eventId: string
}

type Action<T extends FlowAction['type']> = Extract<FlowAction, { type: T }>
type Attributes = Record<string, string | number>
/** How an action came out, for its row in the trace. */
type End = [status: string, attributes?: Attributes]

/**
 * Does what the flow says follows an outcome, in order and in the transaction that writes it, so that it happens if and only if the
 * outcome stands. What leaves the house is a row with a job (a message) or a delivery, each unique to its action. Every action is a
 * span `action.<type>`; a message adds one for each step it makes. `call` is locked, and as it is after its end.
 */
export async function runActions(tx: Tx, deps: Deps, call: CallRow, ending: Ending): Promise<void> {
  for (const [position, action] of ending.flow.on[ending.outcome].entries()) {
    // Booking is offered in the conversation, and every retry came before this outcome was final.
    if (action.type === 'book' || action.type === 'retry') continue
    const { type, ...own } = action
    const known = Object.entries(own).filter(([, value]) => typeof value === 'string')
    const [status, attributes] = await run(tx, deps, call, ending, { action, position })
    traceAction(deps, call, type, status, { ...(Object.fromEntries(known) as Attributes), ...attributes })
  }
}

type Running = Exclude<FlowAction, Action<'book' | 'retry'>>

async function run(
  tx: Tx,
  deps: Deps,
  call: CallRow,
  ending: Ending,
  { action, position }: { action: Running; position: number },
): Promise<End> {
  switch (action.type) {
    case 'log':
      return ['ok']
    case 'webhook': {
      const why = await deliverToNamed(tx, deps, { ...call, name: action.name, eventId: ending.eventId })
      return why ? ['skipped', { why }] : ['ok', { event_id: ending.eventId }]
    }
    case 'handoff': {
      const why = leaveAlone(ending)
      return why ? ['skipped', { why }] : handOver(tx, call, action.queue)
    }
    default: {
      const why = leaveAlone(ending) ?? (action.template ? undefined : 'the action names no template')
      return why ? ['skipped', { why }] : queueMessage(tx, deps, call, { action, position, outcome: ending.outcome })
    }
  }
}

/** Whoever asked not to be called, or never was the person meant, hears nothing more from us. */
function leaveAlone({ outcome, reason }: Ending): string | undefined {
  if (outcome === 'wrong_number') return 'the number belongs to somebody else'
  return reason === 'opted_out' ? 'the person opted out' : undefined
}

/** Notes on the call which queue calls back, unless it took over during the call. */
async function handOver(tx: Tx, call: CallRow, queue: string): Promise<End> {
  const [found] = await tx
    .select({ id: handoffQueues.id })
    .from(handoffQueues)
    .where(and(eq(handoffQueues.workspaceId, call.workspaceId), eq(handoffQueues.name, queue)))
  if (!found) return ['skipped', { why: `the workspace has no handoff queue named ${queue}` }]
  const before = call.findings.handoff
  if (before?.result === 'accepted') return ['ok', { queue_id: found.id, why: 'a colleague took over during the call' }]
  const handoff = { reason: 'the flow hands over after the call', result: 'callback' as const, ...before, queue }
  await tx
    .update(calls)
    .set({ findings: { ...call.findings, handoff } })
    .where(eq(calls.id, call.id))
  return ['noted', { queue_id: found.id, why: 'the queue stands on the call, and calls back' }]
}

async function queueMessage(
  tx: Tx,
  deps: Deps,
  call: CallRow,
  { action, position, outcome }: { action: Action<Channel>; position: number; outcome: Outcome },
): Promise<End> {
  const at = new Date(deps.clock.now())
  const message = {
    ...{ id: newId('msg'), workspaceId: call.workspaceId, mode: call.mode, callId: call.id, outcome, position },
    ...({ direction: 'out', channel: action.type, template: action.template, given: action.with } as const),
    ...({ toPhone: call.phone, status: 'queued', createdAt: at, updatedAt: at } as const),
  }
  const [written] = await tx.insert(messages).values(message).onConflictDoNothing().returning({ id: messages.id })
  if (written) await deps.send(tx, 'message', { messageId: message.id })
  return ['queued', { message_id: message.id }]
}

/** One step of an action in the trace of its call. @param startedAt epoch ms of the step before; now when left out. */
export function traceAction(
  deps: Pick<Deps, 'clock' | 'telemetry'>,
  call: { traceId: string; rootSpanId: string },
  type: Running['type'],
  status: string,
  attributes: Attributes,
  startedAt?: number,
): void {
  const endedAt = deps.clock.now()
  deps.telemetry.span(traceOf(call), `action.${type}`, {
    startedAt: startedAt ?? endedAt,
    endedAt,
    status,
    attributes,
  })
}

/** Whoever opted out gets none of the messages that still wait for them. */
export async function dropMessages(tx: Tx, deps: Deps, { workspaceId, mode, phone }: Omit<OptOut, 'source'>) {
  const why = 'the person opted out'
  const dropped = await tx
    .update(messages)
    .set({ status: 'skipped', why, sendAfter: null, updatedAt: new Date(deps.clock.now()) })
    .where(
      and(
        eq(messages.workspaceId, workspaceId),
        eq(messages.mode, mode),
        eq(messages.toPhone, phone),
        eq(messages.direction, 'out'),
        inArray(messages.status, ['queued', 'held']),
      ),
    )
    .returning({ id: messages.id, callId: messages.callId, channel: messages.channel })
  for (const { id, callId, channel } of dropped) {
    const [call] = await tx.select().from(calls).where(eq(calls.id, callId!))
    if (call) traceAction(deps, call, channel, 'skipped', { message_id: id, why })
  }
}
