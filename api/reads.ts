import type { Caller, Deps } from '../runtime/deps.ts'

/** Ids of the caller's calls that begin with `prefix`, newest first, at most 100. */
export async function callIds({ sql }: Pick<Deps, 'sql'>, caller: Caller, prefix: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from calls
    where workspace_id = ${caller.workspaceId} and mode = ${caller.mode} and left(id, ${prefix.length}) = ${prefix}
    order by id desc limit 100`
  return rows.map((row) => row.id)
}

/** Ids of the workspace's flows that begin with `prefix`, at most 100. */
export async function flowIds({ sql }: Pick<Deps, 'sql'>, caller: Caller, prefix: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from flows where workspace_id = ${caller.workspaceId} and left(id, ${prefix.length}) = ${prefix}
    order by id limit 100`
  return rows.map((row) => row.id)
}
