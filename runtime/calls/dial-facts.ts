import { isPerson } from '../../openapi/sandbox-people.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { type Settings, settingsOf } from '../access/workspaces.ts'
import type { Db, Tx } from '../db/connect.ts'
import { and, count, eq, gte, sql } from '../db/drizzle.ts'
import { anyOf, joinedColumnsOf, readJoined } from '../db/rows.ts'
import { attempts, type calls, leads } from '../db/schema.ts'
import { dayOf } from '../guardrails/day.ts'
import type { DialFacts } from '../guardrails/may-dial.ts'
import { spokenZone } from '../guardrails/spoken-zone.ts'
import { toCallTime, toRealTime } from './call-time.ts'

type CallFacts = Pick<
  typeof calls.$inferSelect,
  'id' | 'workspaceId' | 'mode' | 'phone' | 'clockOrigin' | 'clockRate' | 'createdAt' | 'attemptsMade'
>
type LeadFacts = Pick<typeof leads.$inferSelect, 'consent' | 'zones' | 'country' | 'subdivision'>

const DAY_MS = 86_400_000
/** Let it ring to its end before quiet hours begin. */
const RING_MARGIN_SECONDS = 60

interface Judged {
  call: CallFacts
  lead: LeadFacts
  flow: Flow
  settings: Settings
  /** Real time. */
  now: Date
  /** On the call's own clock. */
  notBefore: Date | null
}

/** What the database knows that a dial is judged by, besides the call itself. */
export interface DialKnowledge {
  lead: typeof leads.$inferSelect
  settings: Settings
  /** The workspace's own number, which live calls come from. */
  number: string | null
  optedOut: boolean
  /** To this number, newest first, as far as they count for this call: at most 200 of 30 days. */
  dialed: Date[]
}

/** Reads it for calls that were locked in `tx`, by their ids, in one statement: a dial waits for nothing as much as for round trips. */
export async function readDialKnowledge(tx: Tx, asked: CallFacts[], now: Date): Promise<Map<string, DialKnowledge>> {
  const since = new Date(now.getTime() - 30 * DAY_MS).toISOString()
  // The sandbox's people start over with each new lead: only that call's own dials count.
  const fresh = asked.filter(({ mode, phone }) => mode === 'test' && isPerson(phone))
  const counts = sql`(attempts.call_id = calls.id or not calls.id = ${anyOf(fresh.map(({ id }) => id))})`
  const ofNumber = sql`workspace_id = calls.workspace_id and mode = calls.mode and phone = calls.phone`
  const rows = await tx.execute(sql`
    select calls.id as call_id, ${joinedColumnsOf(leads)}, workspaces.document,
      (select phone from numbers where workspace_id = calls.workspace_id order by created_at limit 1) as number,
      exists (select 1 from opt_outs where ${ofNumber}) as opted_out,
      (select json_agg(asked_at) from (
        select asked_at from attempts where ${ofNumber} and asked_at >= ${since} and ${counts}
        order by asked_at desc limit 200) as latest) as dialed
    from calls join leads on leads.id = calls.lead_id join workspaces on workspaces.id = calls.workspace_id
    where calls.id = ${anyOf(asked.map(({ id }) => id))}`)
  return new Map(
    (rows as unknown as KnowledgeRow[]).map((row) => [
      row.call_id,
      {
        lead: readJoined(leads, { ...row }),
        settings: settingsOf(row.document),
        number: row.number,
        optedOut: row.opted_out,
        dialed: (row.dialed ?? []).map((at) => new Date(at)),
      },
    ]),
  )
}

interface KnowledgeRow {
  call_id: string
  document: WorkspaceDocument
  number: string | null
  opted_out: boolean
  dialed: string[] | null
}

const monthBefore = (call: CallFacts, now: Date): Date => new Date(now.getTime() - (30 * DAY_MS) / call.clockRate)

/** Dials of the workspace on its calendar day; 0 when nothing limits them. */
export async function dialsToday(db: Db | Tx, call: CallFacts, settings: Settings, now: Date): Promise<number> {
  if (settings.caps.perDay === null) return 0
  const today = dayOf(toCallTime(call, now), settings.timeZone).start
  const [row] = await db
    .select({ n: count() })
    .from(attempts)
    .where(
      and(
        eq(attempts.workspaceId, call.workspaceId),
        eq(attempts.mode, call.mode),
        gte(attempts.askedAt, toRealTime(call, today)),
      ),
    )
  return row?.n ?? 0
}

/** The same from what was read already. `dialed`: to this number, newest first, as far as it counts for this call. */
export function factsOf(
  { call, lead, flow, settings, now, notBefore }: Judged,
  { optedOut, dialed, dialedToday }: { optedOut: boolean; dialed: Date[]; dialedToday: number },
): DialFacts {
  const monthAgo = monthBefore(call, now)
  return {
    now: toCallTime(call, now),
    consent: lead.consent === true || lead.consent.granted,
    optedOut,
    notBefore,
    // The sandbox's time of day can be true in one zone only.
    zones: call.mode === 'test' ? [spokenZone(lead.zones)] : lead.zones,
    country: lead.country,
    subdivision: lead.subdivision,
    quietHours: flow.call.quiet_hours,
    attemptsOfCall: call.attemptsMade,
    maxAttempts: maxAttempts(flow),
    attemptsToNumber: dialed.filter((at) => at >= monthAgo).map((at) => toCallTime(call, at)),
    caps: settings.caps,
    attemptsOfWorkspaceToday: dialedToday,
    workspacePerDay: settings.caps.perDay,
    workspaceZone: settings.timeZone,
    ringMarginSeconds: RING_MARGIN_SECONDS,
  }
}

/** Dials in total that the flow allows: its `retry(…, max=n)`, else one. */
export const maxAttempts = (flow: Flow): number => flow.on.no_answer.find((action) => action.type === 'retry')?.max ?? 1
