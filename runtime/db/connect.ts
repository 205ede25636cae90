import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { drizzle, migrate, type PostgresJsDatabase } from './drizzle.ts'
import { openPool } from './pool.ts'
import * as schema from './schema.ts'
import { socketsTo } from './socket.ts'

export type Db = PostgresJsDatabase<typeof schema>
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0]
export type Sql = postgres.Sql

/** A pool. Connections open on first use, and open again by themselves after the database was away. */
export function connect(databaseUrl: string, maxConnections: number): { sql: Sql; db: Db } {
  const sql = openPool((onclose) => {
    const options = {
      connect_timeout: 5,
      max_lifetime: null,
      onclose,
      onnotice: () => {},
      socket: socketsTo(),
      fetch_types: false,
      connection: {
        application_name: 'talkif',
        statement_timeout: STATEMENT_TIMEOUT_MS,
        idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
      },
      // Reconnect quickly: a request that meets a database that has just come back should not wait.
      backoff: (tries: number) => Math.min(0.05 * 2 ** tries, 2),
    }
    const forStatements = Math.ceil(maxConnections * 0.4)
    const forTransactions = Math.max(1, maxConnections - forStatements)
    // The driver's types leave this option out.
    const oneByOne = { max_pipeline: 0 } as object
    return joined(
      postgres(databaseUrl, { ...options, ...oneByOne, max: forStatements }),
      postgres(databaseUrl, { ...options, max: forTransactions }),
    )
  })
  return { sql, db: drizzle(sql, { schema }) }
}

const STATEMENT_TIMEOUT_MS = 15_000

/** Inserts of many rows differ in their length; so many forms are not worth keeping on every connection. */
const MAX_PREPARED_PARAMETERS = 64

/**
 * Drizzle asks for no preparing, and then postgres.js asks the server for the types of every statement before it runs: two round
 * trips each, one statement at a time. Prepared, a connection parses and plans a statement once, and a transaction's statements
 * that are sent together are answered together.
 *
 * Transactions have connections of their own. postgres.js lets prepared statements of different callers queue up on one connection
 * (hence `max_pipeline: 0` for the others), and a `begin` that is the hundredth of them runs without taking the connection: what
 * comes after it would be part of a transaction that nobody commits.
 */
function joined(statements: Sql, transactions: Sql): Sql {
  // For its parsers: rows have to look the same from both.
  drizzle(transactions)
  const { end: endStatements } = statements
  const end: Sql['end'] = async (options) => {
    await Promise.all([endStatements(options), transactions.end(options)])
  }
  return Object.assign(prepared(statements), { begin: survivingBegin(transactions.begin) as Sql['begin'], end })
}

type Work = (tx: postgres.TransactionSql) => unknown

/**
 * After its connection is gone, postgres.js 3.4.9 still writes a transaction's rollback to it, which ends the process
 * (porsager/postgres#1208), and lets the rest of the transaction run on the connection's successor. So nothing of it may reach
 * the driver any more; `begin` itself rejects when the connection closes.
 */
const survivingBegin =
  (begin: Sql['begin']) =>
  async (work: Work): Promise<unknown> => {
    let over = false
    const never = new Promise<never>(() => {})
    const surviving = async (tx: postgres.TransactionSql) => {
      try {
        const result = await work(prepared(tx, () => over))
        // A commit, too, would be written to a connection that is gone.
        return over ? never : result
      } catch (error) {
        if (isConnectionGone(error)) return never
        throw error
      }
    }
    try {
      return await begin(surviving)
    } finally {
      over = true
    }
  }

function prepared<S extends Sql | postgres.TransactionSql>(sql: S, isOver = () => false): S {
  const unsafe = sql.unsafe as Sql['unsafe']
  const unsafePrepared: Sql['unsafe'] = (text, parameters = [], options = {}) => {
    if (isOver()) throw Object.assign(new Error('the transaction is over'), { code: 'CONNECTION_CLOSED' })
    const prepare = parameters.length > 0 && parameters.length <= MAX_PREPARED_PARAMETERS
    return unsafe(text, parameters, { ...options, prepare })
  }
  return Object.assign(sql, { unsafe: unsafePrepared })
}

/** True when the connection is closed, or the server said its last word on it. */
function isConnectionGone(error: unknown): boolean {
  for (let it = error; it instanceof Error; it = it.cause) {
    const { code = '', severity } = it as { code?: string; severity?: string }
    if (severity === 'FATAL' || severity === 'PANIC' || unreachable.has(code)) return true
  }
  return false
}

export const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url))

/** Brings the tables to this version. Processes that start together take turns. */
export async function migrateDatabase(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {}, connect_timeout: 10 })
  try {
    await sql`select pg_advisory_lock(7082552)`
    await migrate(drizzle(sql), { migrationsFolder })
  } finally {
    await sql.end()
  }
}

/** True for an error that says the database cannot be reached or is going away, not that the statement is wrong. */
export function isDatabaseDown(error: unknown): boolean {
  for (let it = error; it instanceof Error; it = it.cause) {
    const code = (it as { code?: string }).code ?? ''
    if (/^(08|57P0|53300)/.test(code) || unreachable.has(code)) return true
  }
  return error instanceof AggregateError && error.errors.some(isDatabaseDown)
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
  'ENOENT',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
])
