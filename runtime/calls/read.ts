import type { Call, Trace } from '../../openapi/schemas/call.ts'
import { artifactLinks, recordingLink } from '../artifacts/links.ts'
import { pause } from '../clock.ts'
import type { Db } from '../db/connect.ts'
import { and, asc, eq } from '../db/drizzle.ts'
import { attempts, calls, spans, turns } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { sha256 } from '../ids.ts'
import { ProblemError } from '../problem.ts'
import { MILESTONE } from '../telemetry/spans.ts'
import type { CallRow } from './advance.ts'
import { isTerminal } from './lifecycle.ts'
import { detailOf, hasQualified, metricsOf } from './outcome.ts'
import { sandboxView } from './receipt.ts'

/** How long a call that nobody announced a change of is believed to be unchanged. */
const LOOK_AGAIN_MS = 1_000
/** Another process writes its spans within 150 ms. */
const SPAN_LOOK_MS = 50
const SPAN_LOOKS = 10

/**
 * A call of the caller's workspace and mode. With `waitSeconds`, answers as soon as it is terminal, or as it stands when they
 * are over, `signal` aborts or the process stops.
 * @throws not_found, also for a call of another workspace or mode.
 */
export async function getCall(
  deps: Deps,
  caller: Caller,
  {
    id,
    include = [],
    waitSeconds = 0,
    signal,
  }: { id: string; include?: string[]; waitSeconds?: number; signal?: AbortSignal },
): Promise<Call> {
  const until = deps.clock.now() + waitSeconds * 1000
  let row = await find(deps.db, caller, id)
  const { callChanges } = deps
  while (!isTerminal(row.status) && deps.clock.now() < until && !signal?.aborted && !callChanges.stopped) {
    await callChanges.next(id, Math.min(until - deps.clock.now(), LOOK_AGAIN_MS), signal)
    row = await find(deps.db, caller, id)
  }
  return view(deps, row, include)
}

async function find(db: Db, caller: Caller, id: string): Promise<CallRow> {
  const [row] = await db
    .select()
    .from(calls)
    .where(and(eq(calls.id, id), eq(calls.workspaceId, caller.workspaceId), eq(calls.mode, caller.mode)))
  if (!row) throw new ProblemError('not_found', `There is no call ${id} here.`, { param: 'id' })
  return row
}

async function view(deps: Deps, row: CallRow, include: string[]): Promise<Call> {
  const dials = await deps.db.select().from(attempts).where(eq(attempts.callId, row.id)).orderBy(asc(attempts.attempt))
  const answered = dials.filter((dial) => dial.answeredAt !== null)
  return {
    id: row.id,
    status: row.status,
    test: row.mode === 'test',
    lead_id: row.leadId,
    flow_id: row.flowId,
    flow_version: row.flowVersion,
    phone: row.phone,
    created_at: row.createdAt.toISOString(),
    not_before: row.notBefore?.toISOString() ?? null,
    reason: row.reason,
    detail: detailOf(row),
    attempts: dials.map((dial) => ({
      attempt: dial.attempt,
      from: dial.fromPhone,
      provider_call_sid: dial.carrierId,
      result: dial.result,
      dialed_at: dial.askedAt.toISOString(),
      answered_at: dial.answeredAt?.toISOString() ?? null,
      ended_at: dial.endedAt?.toISOString() ?? null,
      recording_url:
        row.recorded && dial.answeredAt && !dial.recordingLost ? recordingLink(deps, row.id, dial.attempt) : null,
    })),
    outcome: row.outcome,
    qualified: row.outcome && hasQualified(row.outcome),
    answers: row.answers,
    booking: row.booking,
    handoff: row.findings.handoff ?? null,
    metrics: metricsOf(row),
    artifacts: artifactLinks(
      deps,
      row,
      answered.length > 0,
      answered.some((dial) => !dial.recordingLost),
    ),
    trace_id: row.traceId,
    ...(include.includes('transcript') ? { transcript: await readTranscript(deps.db, row.id) } : {}),
    ...(include.includes('trace') ? { trace: await wholeTrace(deps, row) } : {}),
    ...sandboxView(row, deps.clock),
  }
}

export async function readTranscript(db: Db, callId: string) {
  const rows = await db.select().from(turns).where(eq(turns.callId, callId)).orderBy(asc(turns.attempt), asc(turns.seq))
  return rows.map(({ attempt, atMs, role, text, interrupted }) => ({ attempt, at_ms: atMs, role, text, interrupted }))
}

/** Spans are written in batches, a moment after what they tell of: of a call that is over, the last row is waited for. */
async function wholeTrace(deps: Deps, row: CallRow): Promise<Trace> {
  await deps.telemetry.flush()
  for (let tries = 1; ; tries++) {
    const trace = await readTrace(deps.db, row)
    const isWhole = row.status !== 'completed' || trace.milestones.some((it) => it.name === 'outcome.write')
    if (isWhole || tries === SPAN_LOOKS) return trace
    await pause(deps.clock, SPAN_LOOK_MS)
  }
}

type SpanRow = Omit<typeof spans.$inferSelect, 'position'>

/** The first milestones of every call, as they follow one another. */
const intake = ['lead.received', 'flow.match', 'queue.enqueue']

/** What takes no millisecond has no order by its times. */
function place({ name }: SpanRow): number {
  const at = intake.indexOf(name)
  return at < 0 ? intake.length : at
}

/**
 * The first spans of a call whose process was killed before it wrote them: what they told is known from the call itself, all but
 * how long it took.
 */
function intakeOf({ traceId, rootSpanId, createdAt }: CallRow): SpanRow[] {
  return intake.map((name, at) => ({
    traceId,
    spanId: at ? sha256(`${rootSpanId} ${name}`).slice(0, 16) : rootSpanId,
    parentSpanId: at ? rootSpanId : null,
    name,
    startedAt: createdAt,
    endedAt: createdAt,
    status: 'ok',
    attributes: { [MILESTONE]: true, rebuilt: true },
  }))
}

/** All spans of a call, and of them the milestones with the time since the one before. */
async function readTrace(db: Db, call: CallRow): Promise<Trace> {
  const written = await db
    .select()
    .from(spans)
    .where(eq(spans.traceId, call.traceId))
    .orderBy(asc(spans.startedAt), asc(spans.endedAt), asc(spans.position))
  const hasRoot = written.some(({ spanId }) => spanId === call.rootSpanId)
  const all = hasRoot ? written : [...intakeOf(call), ...written]
  const order = (time: 'startedAt' | 'endedAt') => (a: SpanRow, b: SpanRow) =>
    a[time].getTime() - b[time].getTime() || place(a) - place(b)
  const rows = all.toSorted(order('startedAt'))
  const marked = rows.filter((row) => row.attributes[MILESTONE]).toSorted(order('endedAt'))
  // The story ends where the outcome first reached somebody: further endpoints add no row.
  const told = marked.find(({ name }) => name === 'webhook.out')
  const milestones = marked.filter((row) => row.name !== 'webhook.out' || row === told)
  const at = (index: number) => milestones[index]?.endedAt.getTime() ?? 0
  const first = rows[0]?.startedAt.getTime() ?? 0
  return {
    trace_id: call.traceId,
    total_ms: milestones.length ? at(milestones.length - 1) - first : 0,
    milestones: milestones.map((row, index) => ({
      at: row.endedAt.toISOString(),
      name: row.name,
      status: row.status,
      ms: index === 0 ? 0 : at(index) - at(index - 1),
    })),
    spans: rows.map((row) => ({
      span_id: row.spanId,
      parent_span_id: row.parentSpanId,
      name: row.name,
      started_at: row.startedAt.toISOString(),
      ended_at: row.endedAt.toISOString(),
      status: row.status,
      attributes: row.attributes,
    })),
  }
}
