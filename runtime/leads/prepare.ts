import { isPerson } from '../../openapi/sandbox-people.ts'
import type { Settings } from '../access/workspaces.ts'
import type { CallRow } from '../calls/advance.ts'
import { onCallClock, toRealTime } from '../calls/call-time.ts'
import { dialsToday, factsOf } from '../calls/dial-facts.ts'
import type { Db, Tx } from '../db/connect.ts'
import { and, eq } from '../db/drizzle.ts'
import { calls, type leads } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import type { RoutedFlow } from '../flows/routing.ts'
import { mayDial, type Verdict } from '../guardrails/may-dial.ts'
import { callTimeline } from '../guardrails/sandbox-clock.ts'
import { spokenZone } from '../guardrails/spoken-zone.ts'
import { newId } from '../ids.ts'
import { ProblemError } from '../problem.ts'
import type { Subscriber } from '../webhooks/announce.ts'
import type { Intake } from './intake.ts'
import type { NormalisedLead } from './read-lead.ts'

/** A lead that passed every check and waits to be written. */
export interface PreparedLead {
  lead: typeof leads.$inferSelect
  call: CallRow
  flow: RoutedFlow
  subscribers: Subscriber[]
  /** When routing began and ended, epoch milliseconds. */
  matched: { from: number; to: number }
  /** Real milliseconds until the dial may happen. */
  delayMs: number
}

/** The open call to this number, in which a second request for it is answered. */
export async function openCallTo(db: Db | Tx, caller: Caller, phone: string): Promise<CallRow | undefined> {
  const [row] = await db
    .select()
    .from(calls)
    .where(and(eq(calls.workspaceId, caller.workspaceId), eq(calls.mode, caller.mode), eq(calls.openPhone, phone)))
  return row
}

/**
 * Checks a lead against everything but its shape, and writes nothing.
 * @throws unavailable when this mode cannot dial here, no_flow_matches, opted_out.
 */
export async function prepareLead(
  deps: Deps,
  caller: Caller,
  normalised: NormalisedLead,
  { intake, receivedAt, listId = null }: { intake: Intake; receivedAt: number; listId?: string | null },
): Promise<PreparedLead> {
  const unavailable = deps.networks.unavailable(caller.mode)
  if (unavailable) {
    throw new ProblemError('unavailable', unavailable, {
      suggestedAction: 'Use a test key (tk_test_…), or set the variables named in `detail` and start the server again.',
    })
  }
  const from = deps.clock.now()
  const { input } = normalised
  const traits = {
    source: input.source,
    campaign: input.campaign,
    intent: input.intent,
    language: normalised.language,
    isLanguageDerived: input.language === undefined,
  }
  const { settings, subscribers } = intake
  const routing = { workspaceId: caller.workspaceId, stamp: intake.flowStamp }
  const flow = await deps.routers.route(deps.db, routing, traits, input.flow_id).catch((error) => {
    throw intake.optedOut ? optedOut() : error
  })
  const matched = { from, to: deps.clock.now() }
  const lead = leadRow(caller, normalised, receivedAt, listId)
  const call = callRow(deps, lead, flow, settings)
  const now = new Date(deps.clock.now())
  const notBefore = lead.notBefore && onCallClock(call, lead.notBefore)
  const dialFacts = factsOf(
    { call, lead, flow: flow.definition, settings, now, notBefore },
    {
      optedOut: intake.optedOut,
      // The sandbox's people start over with each new lead.
      dialed: caller.mode === 'test' && isPerson(call.phone) ? [] : intake.dialed,
      dialedToday: await dialsToday(deps.db, call, settings, now),
    },
  )
  return { lead, flow, subscribers, matched, ...waitFor(mayDial(dialFacts), call, now) }
}

function waitFor(verdict: Verdict, call: CallRow, now: Date): { call: CallRow; delayMs: number } {
  if (verdict.kind === 'allow') return { call, delayMs: 0 }
  if (verdict.kind === 'hold') {
    const notBefore = toRealTime(call, verdict.until)
    return {
      call: { ...call, status: 'held', notBefore, reason: verdict.reason },
      delayMs: notBefore.getTime() - now.getTime(),
    }
  }
  if (verdict.reason === 'opted_out') throw optedOut()
  if (verdict.reason === 'no_consent')
    throw new ProblemError('consent_required', 'The person has not agreed to be called.')
  throw new ProblemError(
    'no_flow_matches',
    'The quiet hours of the flow and of the region leave no time to call this person.',
    {
      suggestedAction: 'Widen the quiet_hours of the flow, or send the time_zone of the person.',
    },
  )
}

const optedOut = () =>
  new ProblemError('opted_out', 'The person at this number asked this workspace not to call.', { param: 'phone' })

function leadRow(
  caller: Caller,
  lead: NormalisedLead,
  receivedAt: number,
  listId: string | null,
): PreparedLead['lead'] {
  const { input } = lead
  return {
    id: newId('lead'),
    workspaceId: caller.workspaceId,
    mode: caller.mode,
    listId,
    phone: lead.phone,
    country: lead.country,
    subdivision: lead.subdivision,
    zones: lead.zones,
    source: input.source,
    campaign: input.campaign ?? null,
    intent: input.intent ?? null,
    language: lead.language ?? null,
    name: input.name ?? null,
    email: input.email ?? null,
    consent: lead.consent,
    callWithinSeconds: input.call_within ?? input.call_within_seconds ?? null,
    notBefore: input.not_before ? new Date(input.not_before) : null,
    externalId: input.external_id ?? null,
    metadata: input.metadata ?? {},
    receivedAt: new Date(receivedAt),
  }
}

function callRow(deps: Deps, lead: PreparedLead['lead'], flow: RoutedFlow, settings: Settings): CallRow {
  const test = lead.mode === 'test'
  const { pace, waits, clock } = settings.sandbox
  const createdAt = lead.receivedAt
  const timeline = callTimeline({ mode: lead.mode, createdAt, setting: clock, zone: spokenZone(lead.zones), waits })
  return {
    id: newId('call'),
    workspaceId: lead.workspaceId,
    mode: lead.mode,
    leadId: lead.id,
    flowId: flow.id,
    flowVersion: flow.version,
    phone: lead.phone,
    // The sandbox's people start over with each new lead, so any number of calls to one may be open.
    openPhone: test && isPerson(lead.phone) ? null : lead.phone,
    status: 'queued',
    notBefore: null,
    reason: null,
    attemptsMade: 0,
    priority: lead.listId ? -1 : 0,
    outcome: null,
    answers: {},
    booking: null,
    findings: {},
    recorded: test || flow.definition.call.record,
    clockOrigin: timeline.origin,
    clockRate: timeline.rate,
    pace: test ? pace : 1,
    traceId: deps.telemetry.newTraceId(),
    rootSpanId: deps.telemetry.newSpanId(),
    firstDialAt: null,
    answeredAt: null,
    outcomeAt: null,
    createdAt,
    updatedAt: createdAt,
  }
}
