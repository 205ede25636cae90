import { getTableColumns, getTableName, type SQL, sql } from 'drizzle-orm'
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
  names: SQL
}

const shapes = new WeakMap<PgTable, Shape>()

function shapeOf(table: PgTable): Shape {
  const known = shapes.get(table)
  if (known) return known
  const columns = Object.entries(getTableColumns(table))
  const names = sql.raw(columns.map(([, column]) => `"${column.name}"`).join(', '))
  const shape = { name: `"${getTableName(table)}"`, columns, names }
  shapes.set(table, shape)
  return shape
}

/**
 * `insert into …` of complete rows, for `tx.execute`, to be followed by `on conflict` or `returning` where needed. The rows travel
 * as one JSON parameter: a fraction of the work of a parameter for every value, and one statement for any number of rows.
 */
export function insertRows<T extends PgTable>(table: T, rows: T['$inferSelect'][]): SQL {
  const { name, columns, names } = shapeOf(table)
  const renamed = (row: Record<string, unknown>) => {
    const named: Record<string, unknown> = {}
    for (const [key, column] of columns) named[column.name] = row[key]
    return named
  }
  const from = sql.raw(`json_populate_recordset(null::${name}, `)
  return sql`insert into ${sql.raw(name)} (${names}) select ${names} from ${from}${JSON.stringify(rows.map(renamed))}::text::json)`
}

/** All columns of a table, for `select ${columnsOf(table)} from …` and `returning …`, to be read with `readRows`. */
export const columnsOf = (table: PgTable): SQL => shapeOf(table).names

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
