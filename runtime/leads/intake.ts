import type { FoundKey } from '../access/keys.ts'
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

/** Somebody who is known already, or the holder of a key that is looked up in the same statement. */
type Asker = Caller | { keyHash: string }

const DIALED_MS = 30 * 86_400_000

/** Who holds a key, and what a lead for `phone` is judged by there; undefined when there is no such key. */
export async function readIntakeByKey(
  deps: Pick<Deps, 'sql' | 'clock'>,
  keyHash: string,
  phone: string,
): Promise<{ found: FoundKey; intake: Intake } | undefined> {
  const row = await readRow(deps, { keyHash }, [phone])
  if (!row) return undefined
  const { keyId, workspaceId, mode, scopes, revokedAt } = row
  return { found: { keyId, workspaceId, mode, scopes, revokedAt }, intake: intakesOf(row, [phone]).get(phone)! }
}

/** What a lead for each of these numbers is judged by. */
export async function readIntakes(
  deps: Pick<Deps, 'sql' | 'clock'>,
  caller: Caller,
  phones: string[],
): Promise<Map<string, Intake>> {
  const row = await readRow(deps, caller, phones)
  if (!row) throw new Error(`there is no workspace ${caller.workspaceId}`)
  return intakesOf(row, phones)
}

/**
 * Reads all of it in one statement, because intake waits for nothing as much as for round trips. Every part names the workspace,
 * so that a database spread over machines finds all of them on one.
 */
async function readRow({ sql, clock }: Pick<Deps, 'sql' | 'clock'>, asker: Asker, phones: string[]) {
  const since = new Date(clock.now() - DIALED_MS).toISOString()
  const among =
    phones.length === 1
      ? sql`= ${phones[0]!}`
      : sql`in (select json_array_elements_text(${JSON.stringify(phones)}::text::json))`
  const by =
    'keyHash' in asker
      ? sql`(select id as "keyId", workspace_id as "workspaceId", mode, scopes, revoked_at as "revokedAt"
          from api_keys where hash = ${asker.keyHash}) as asker`
      : sql`(select ${asker.workspaceId}::text as "workspaceId", ${asker.mode}::text as mode) as asker`
  const [row] = await sql`
    select asker.*, document,
      (select json_agg(json_build_object('id', id, 'events', events)) from endpoints
        where workspace_id = "workspaceId" and disabled_at is null) as subscribers,
      (${flowStamp(sql, sql`"workspaceId"`)}) as stamp,
      (select json_agg(open_phone) from calls
        where workspace_id = "workspaceId" and mode = asker.mode and open_phone ${among}) as open,
      (select json_agg(phone) from opt_outs
        where workspace_id = "workspaceId" and mode = asker.mode and phone ${among}) as opted_out,
      (select json_object_agg(phone, latest) from (
        select phone, (array_agg(asked_at order by asked_at desc))[1:200] as latest from attempts
        where workspace_id = "workspaceId" and mode = asker.mode and phone ${among} and asked_at >= ${since}
        group by phone) as numbers) as dialed
    from ${by} join workspaces on workspaces.id = "workspaceId"`
  return row
}

type IntakeRow = NonNullable<Awaited<ReturnType<typeof readRow>>>

function intakesOf(row: IntakeRow, phones: string[]): Map<string, Intake> {
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
