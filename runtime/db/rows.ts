import type { PgColumn, PgTable } from './drizzle.ts'
import { getTableColumns, getTableName, type QueryWithTypings, SQL, sql } from './drizzle.ts'

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
  /** In a join, each as `table.column`. */
  joined: string
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
  const joined = columns.map(([, it]) => `${name}."${it.name}" as "${getTableName(table)}.${it.name}"`).join(', ')
  const intoNames = `insert into ${name} (${names})`
  const values = columns.map((_, at) => `$${at + 1}`).join(', ')
  const shape = { name, columns, names, joined, into: { names: intoNames, values: `${intoNames} values (${values})` } }
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

/** What changes of a row; what is undefined stays. */
type Change<T extends PgTable> = { [K in keyof T['$inferSelect']]?: T['$inferSelect'][K] | undefined }

/**
 * `update … set … where id = …` of one row by its id, returning it whole, to be read with `readRows`.
 * @param and a further condition, e.g. `ended_at is null`; then nothing may come back.
 */
export function updateRow<T extends PgTable>(table: T, id: string, change: Change<T>, and = ''): SQL {
  const { name, columns, names } = shapeOf(table)
  const changed = changedOf(columns, change)
  const sets = changed.map(([, column], at) => `"${column.name}" = $${at + 1}`).join(', ')
  const values = changed.map(([key, column]) => toDriver(column, change[key]))
  const where = `id = $${values.length + 1}${and && ` and ${and}`}`
  return new WrittenSql(`update ${name} set ${sets} where ${where} returning ${names}`, [...values, id])
}

/**
 * The same for any number of rows, each by its id; all changes name the same columns. A single row goes without JSON here too,
 * and is found by its id whatever the planner thinks of the table.
 */
export function updateRows<T extends PgTable>(table: T, changes: { id: string; change: Change<T> }[]): SQL {
  const first = changes[0]!
  if (changes.length === 1) return updateRow(table, first.id, first.change)
  const { name, columns, names } = shapeOf(table)
  const changed = changedOf(columns, first.change)
  const rows = changes.map(({ id, change }) =>
    Object.fromEntries([['id', id], ...changed.map(([key, column]) => [column.name, change[key]])]),
  )
  const sets = changed.map(([, column]) => `"${column.name}" = change."${column.name}"`).join(', ')
  const returned = names.replaceAll(/"(\w+)"/g, `${name}."$1"`)
  const from = `json_populate_recordset(null::${name}, $1::text::json) as change`
  return new WrittenSql(`update ${name} set ${sets} from ${from} where ${name}.id = change.id returning ${returned}`, [
    JSON.stringify(rows),
  ])
}

const changedOf = <T extends PgTable>(columns: Shape['columns'], change: Change<T>) =>
  columns.filter(([key]) => change[key] !== undefined)

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

/** The same in a join, where each comes as `table.column`; to be read with `readJoined`. */
export const joinedColumnsOf = (table: PgTable): SQL => sql.raw(shapeOf(table).joined)

/** What `= any one of these` compares with: any number of them is one and the same statement. */
export const anyOf = (values: string[]): SQL =>
  values.length === 1
    ? sql`${values[0]!}`
    : sql`any(array(select json_array_elements_text(${JSON.stringify(values)}::text::json)))`

type Given = Record<string, unknown>

/** What the driver gave for `columnsOf(table)`, as Drizzle would give it. */
export const readRows = <T extends PgTable>(table: T, given: Iterable<Given>): T['$inferSelect'][] =>
  Array.from(given, (row) => readRow(table, row, ''))

/** The same of one row that has `joinedColumnsOf(table)` among its columns. */
export const readJoined = <T extends PgTable>(table: T, row: Given): T['$inferSelect'] =>
  readRow(table, row, `${getTableName(table)}.`)

function readRow<T extends PgTable>(table: T, row: Given, prefix: string): T['$inferSelect'] {
  const read: Given = {}
  for (const [key, column] of shapeOf(table).columns) {
    const value = row[prefix + column.name]
    read[key] = value === null ? null : column.mapFromDriverValue(value)
  }
  return read as T['$inferSelect']
}
