import type { Caller, Deps } from '../runtime/deps.ts'

type ReadIds = (deps: Pick<Deps, 'sql'>, caller: Caller, prefix: string, limit: number) => Promise<string[]>

/** Ids of the caller's calls that begin with `prefix`, newest first. */
export const callIds: ReadIds = async ({ sql }, caller, prefix, limit) => {
  const rows = await sql<{ id: string }[]>`
    select id from calls
    where workspace_id = ${caller.workspaceId} and mode = ${caller.mode} and left(id, ${prefix.length}) = ${prefix}
    order by id desc limit ${limit}`
  return rows.map((row) => row.id)
}

/** Ids of the workspace's flows that begin with `prefix`, by name. */
export const flowIds: ReadIds = async ({ sql }, caller, prefix, limit) => {
  const rows = await sql<{ id: string }[]>`
    select id from flows where workspace_id = ${caller.workspaceId} and left(id, ${prefix.length}) = ${prefix}
    order by id limit ${limit}`
  return rows.map((row) => row.id)
}
