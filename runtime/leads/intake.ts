import { type Settings, settingsOf } from '../access/workspaces.ts'
import type { Caller, Deps } from '../deps.ts'
import { flowStamp } from '../flows/routing.ts'
import type { Subscriber } from '../webhooks/announce.ts'

/** What the database knows that a new lead is judged by. */
export interface Intake {
  settings: Settings
  subscribers: Subscriber[]
  /** Tells whether the workspace's compiled router is still right. */
  flowStamp: string
  /** A call to this number is open, in which a second request for it is answered. */
  hasOpenCall: boolean
  /** The person at this number asked this workspace not to call. */
  optedOut: boolean
  /** The last dials to this number, newest first: at most 200 of 30 days. */
  dialed: Date[]
}

const DIALED_MS = 30 * 86_400_000

/** The same for many numbers, in one statement for all of them. */
export async function readIntakes(
  { sql, clock }: Pick<Deps, 'sql' | 'clock'>,
  { workspaceId, mode }: Caller,
  phones: string[],
): Promise<Map<string, Intake>> {
  const since = new Date(clock.now() - DIALED_MS).toISOString()
  const [row] = await sql`
    select document,
      (select json_agg(json_build_object('id', id, 'events', events)) from endpoints
        where workspace_id = ${workspaceId} and disabled_at is null) as subscribers,
      (${flowStamp(sql, workspaceId)}) as stamp,
      (select json_agg(open_phone) from calls
        where workspace_id = ${workspaceId} and mode = ${mode} and open_phone = any (${phones})) as open,
      (select json_agg(phone) from opt_outs
        where workspace_id = ${workspaceId} and mode = ${mode} and phone = any (${phones})) as opted_out,
      (select json_object_agg(phone, latest) from (
        select phone, (array_agg(asked_at order by asked_at desc))[1:200] as latest from attempts
        where workspace_id = ${workspaceId} and mode = ${mode} and phone = any (${phones}) and asked_at >= ${since}
        group by phone) as numbers) as dialed
    from workspaces where id = ${workspaceId}`
  if (!row) throw new Error(`there is no workspace ${workspaceId}`)
  const shared = { settings: settingsOf(row.document), subscribers: row.subscribers ?? [], flowStamp: row.stamp }
  const [open, optedOut] = [new Set(row.open), new Set(row.opted_out)]
  const dialed = new Map<string, string[]>(Object.entries(row.dialed ?? {}))
  return new Map(
    phones.map((phone) => [
      phone,
      {
        ...shared,
        hasOpenCall: open.has(phone),
        optedOut: optedOut.has(phone),
        dialed: (dialed.get(phone) ?? []).map((at) => new Date(at)),
      },
    ]),
  )
}

/**
 * Reads all of it in one statement, because intake waits for nothing as much as for round trips. Every part names the workspace,
 * so that a database spread over machines finds all of them on one.
 */
export async function readIntake(
  { sql, clock }: Pick<Deps, 'sql' | 'clock'>,
  { workspaceId, mode }: Caller,
  phone: string,
): Promise<Intake> {
  const since = new Date(clock.now() - DIALED_MS).toISOString()
  const [row] = await sql`
    select document,
      (select json_agg(json_build_object('id', id, 'events', events)) from endpoints
        where workspace_id = ${workspaceId} and disabled_at is null) as subscribers,
      (${flowStamp(sql, workspaceId)}) as stamp,
      exists (select 1 from calls
        where workspace_id = ${workspaceId} and mode = ${mode} and open_phone = ${phone}) as has_open_call,
      exists (select 1 from opt_outs
        where workspace_id = ${workspaceId} and mode = ${mode} and phone = ${phone}) as opted_out,
      (select json_agg(asked_at) from (select asked_at from attempts
        where workspace_id = ${workspaceId} and mode = ${mode} and phone = ${phone} and asked_at >= ${since}
        order by asked_at desc limit 200) as latest) as dialed
    from workspaces where id = ${workspaceId}`
  if (!row) throw new Error(`there is no workspace ${workspaceId}`)
  return {
    settings: settingsOf(row.document),
    subscribers: row.subscribers ?? [],
    flowStamp: row.stamp,
    hasOpenCall: row.has_open_call,
    optedOut: row.opted_out,
    dialed: (row.dialed ?? []).map((at: string) => new Date(at)),
  }
}
