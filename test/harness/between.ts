import postgres from 'postgres'
import { until } from './until.ts'

interface Window<T> {
  table: string
  /** Which write of a row opens the window: `insert`, or `update`, of rows for which `when` holds, in SQL. */
  write: 'insert' | 'update'
  when: string
  /** Makes a process write that row. */
  begin(): Promise<T>
  /** Happens in the window: the row is committed, and whoever reads the table next waits until this is over. */
  act(): void | Promise<void>
}

/**
 * Acts exactly between the commit of a row and what its writer reads of the table next. A trigger holds the writer's transaction
 * while this queues for the table; so the next reader waits behind us.
 */
export async function between<T>(databaseUrl: string, { table, write, when, begin, act }: Window<T>): Promise<T> {
  const sql = postgres(databaseUrl, { max: 4, onnotice: () => {} })
  await sql.unsafe(`
    create function hold() returns trigger language plpgsql as $$
    begin if ${when} then perform pg_advisory_xact_lock(42); end if; return null; end $$;
    create trigger hold after ${write} on ${table} for each row execute function hold()`)
  const gate = await sql.reserve()
  await gate`select pg_advisory_lock(42)`
  const begun = await begin()
  const waits = (kind: string, mode: string) =>
    until(
      async () =>
        (
          await sql`
      select 1 from pg_locks where locktype = ${kind} and mode = ${mode} and not granted
      and database = (select oid from pg_database where datname = current_database())`
        )[0],
    )
  await waits('advisory', 'ExclusiveLock')
  const holder = await sql.reserve()
  await holder`begin`
  const locked = holder.unsafe(`lock table ${table} in access exclusive mode`).execute()
  await waits('relation', 'AccessExclusiveLock')
  await gate`select pg_advisory_unlock(42)`
  await locked
  await waits('relation', 'AccessShareLock')
  await act()
  await holder.unsafe(`drop trigger hold on ${table}`)
  await holder`drop function hold()`
  await holder`commit`
  gate.release()
  holder.release()
  await sql.end()
  return begun
}
