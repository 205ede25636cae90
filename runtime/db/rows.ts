import { getTableColumns, getTableName, type QueryWithTypings, SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'

/**
 * The statements that every call runs many times, without Drizzle's query builder: it writes their text anew each time, which for
 * a wide table takes longer than the database does. Columns are named one by one, so that a prepared statement survives a
 * migration that adds one.
 */
interface Shape {
  name: string
  /** Key of the row and its column. */
  columns: [key: string, column: PgColumn][]
  names: string
  /** How an insert begins: up to the names, or up to the values of one row. */
  into: { names: string; values: string }
}

const shapes = new WeakMap<PgTable, Shape>()

function shapeOf(table: PgTable): Shape {
  const known = shapes.get(table)
  if (known) return known
  const columns = Object.entries(getTableColumns(table))
  const name = `"${getTableName(table)}"`
  const names = columns.map(([, column]) => `"${column.name}"`).join(', ')
  const intoNames = `insert into ${name} (${names})`
  const values = columns.map((_, at) => `$${at + 1}`).join(', ')
  const shape = { name, columns, names, into: { names: intoNames, values: `${intoNames} values (${values})` } }
  shapes.set(table, shape)
  return shape
}

/**
 * `insert into …` of complete rows, for `tx.execute`. Many rows travel as one JSON parameter, so that any number of them is one and
 * the same statement; a single one as its values, which PostgreSQL reads in half the time.
 * @param then what follows the values: `on conflict …`, `returning …`.
 */
export function insertRows<T extends PgTable>(table: T, rows: T['$inferSelect'][], then = ''): SQL {
  const { into, columns, name, names } = shapeOf(table)
  if (rows.length === 1) {
    const row = rows[0] as Record<string, unknown>
    return new WrittenSql(
      `${into.values} ${then}`,
      columns.map(([key, column]) => toDriver(column, row[key])),
    )
  }
  const renamed = (row: Record<string, unknown>) => {
    const named: Record<string, unknown> = {}
    for (const [key, column] of columns) named[column.name] = row[key]
    return named
  }
  const json = JSON.stringify(rows.map(renamed))
  const from = `json_populate_recordset(null::${name}, $1::text::json)`
  return new WrittenSql(`${into.names} select ${names} from ${from} ${then}`, [json])
}

/**
 * `update … set … where id = …` of one row by its id, returning it whole, to be read with `readRows`.
 * @param and a further condition, e.g. `ended_at is null`; then nothing may come back.
 */
export function updateRow<T extends PgTable>(
  table: T,
  id: string,
  change: { [K in keyof T['$inferSelect']]?: T['$inferSelect'][K] | undefined },
  and = '',
): SQL {
  const { name, columns, names } = shapeOf(table)
  const changed = columns.filter(([key]) => change[key as keyof typeof change] !== undefined)
  const sets = changed.map(([, column], at) => `"${column.name}" = $${at + 1}`).join(', ')
  const values = changed.map(([key, column]) => toDriver(column, change[key as keyof typeof change]))
  const where = `id = $${values.length + 1}${and && ` and ${and}`}`
  return new WrittenSql(`update ${name} set ${sets} where ${where} returning ${names}`, [...values, id])
}

const toDriver = (column: PgColumn, value: unknown): unknown =>
  value === null || value === undefined ? null : column.mapToDriverValue(value)

/** A statement whose text is there already. It stands alone: it cannot be a part of another. */
class WrittenSql extends SQL {
  readonly #query: QueryWithTypings
  constructor(text: string, params: unknown[]) {
    super([])
    this.#query = { sql: text, params }
  }
  override toQuery(): QueryWithTypings {
    return this.#query
  }
}

/** All columns of a table, for `select ${columnsOf(table)} from …` and `returning …`, to be read with `readRows`. */
export const columnsOf = (table: PgTable): SQL => sql.raw(shapeOf(table).names)

/** What the driver gave for `columnsOf(table)`, as Drizzle would give it. */
export function readRows<T extends PgTable>(table: T, given: Iterable<Record<string, unknown>>): T['$inferSelect'][] {
  const { columns } = shapeOf(table)
  return Array.from(given, (row) => {
    const read: Record<string, unknown> = {}
    for (const [key, column] of columns) {
      const value = row[column.name]
      read[key] = value === null ? null : column.mapFromDriverValue(value)
    }
    return read as T['$inferSelect']
  })
}
