import { and, count, desc, eq, gte } from 'drizzle-orm'
import { isPerson } from '../../openapi/sandbox-people.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Settings } from '../access/workspaces.ts'
import type { Db, Tx } from '../db/connect.ts'
import { attempts, type calls, type leads, optOuts } from '../db/schema.ts'
import { dayOf } from '../guardrails/day.ts'
import type { DialFacts } from '../guardrails/may-dial.ts'
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

/** Reads what `mayDial` judges, as it is at `now`. In a dial transaction it reads through `db = tx`. */
export async function dialFacts(db: Db | Tx, judged: Judged): Promise<DialFacts> {
  const { call, settings, now } = judged
  // The sandbox's people start over with each new lead: only this call's own dials count.
  const fresh = call.mode === 'test' && isPerson(call.phone)
  const [[blocked], dialed, dialedToday] = await Promise.all([
    db
      .select({ phone: optOuts.phone })
      .from(optOuts)
      .where(
        and(eq(optOuts.workspaceId, call.workspaceId), eq(optOuts.mode, call.mode), eq(optOuts.phone, call.phone)),
      ),
    db
      .select({ askedAt: attempts.askedAt })
      .from(attempts)
      .where(
        and(
          eq(attempts.workspaceId, call.workspaceId),
          eq(attempts.mode, call.mode),
          eq(attempts.phone, call.phone),
          gte(attempts.askedAt, monthBefore(call, now)),
          ...(fresh ? [eq(attempts.callId, call.id)] : []),
        ),
      )
      .orderBy(desc(attempts.askedAt))
      .limit(200),
    dialsToday(db, call, settings, now),
  ])
  const known = { optedOut: blocked !== undefined, dialed: dialed.map((attempt) => attempt.askedAt), dialedToday }
  return factsOf(judged, known)
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
    zones: call.mode === 'test' ? lead.zones.slice(0, 1) : lead.zones,
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
