import { createRequire } from 'node:module'
import type * as orm from 'drizzle-orm'
import type * as ormErrors from 'drizzle-orm/errors'
import type * as pgCore from 'drizzle-orm/pg-core'
import type * as postgresJs from 'drizzle-orm/postgres-js'
import type * as postgresMigrator from 'drizzle-orm/postgres-js/migrator'

/**
 * What we use of Drizzle, by its CommonJS files. For each ES module Node reads the `exports` of its package anew, and those of
 * drizzle-orm are 170 kB: its three hundred modules took two seconds of every start.
 */
const require = createRequire(import.meta.url)

export const {
  SQL,
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  getTableName,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  like,
  lt,
  ne,
  notInArray,
  or,
  sql,
} = require('drizzle-orm') as typeof orm
export const { DrizzleQueryError } = require('drizzle-orm/errors') as typeof ormErrors
export const {
  bigint,
  bigserial,
  boolean,
  doublePrecision,
  foreignKey,
  index,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
} = require('drizzle-orm/pg-core') as typeof pgCore
export const { drizzle } = require('drizzle-orm/postgres-js') as typeof postgresJs
export const { migrate } = require('drizzle-orm/postgres-js/migrator') as typeof postgresMigrator

export type SQL<T = unknown> = orm.SQL<T>
export type { QueryWithTypings } from 'drizzle-orm'
export type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
export type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
