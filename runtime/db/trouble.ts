import { isDatabaseDown } from './connect.ts'

/** By SQLSTATE: what the server does not do, and what helps. */
const TROUBLES: Record<string, (who: string) => [what: string, next: string]> = {
  '28P01': (who) => [`does not let ${who} in`, 'Mend user and password.'],
  '28000': (who) => [`does not let ${who} in`, 'Mend user and password, or let this machine in (pg_hba.conf).'],
  '3D000': () => ['has no such database', 'Create it, or mend the name.'],
  '25006': () => ['cannot be written to', 'Use the primary server, not a copy of it.'],
  '42501': (who) => [`does not let ${who} make tables`, 'Grant CREATE on the database, or use its owner.'],
}
const DOWN = ['cannot be reached', 'Start it, or mend host and port.'] as const
const OTHER = ['refuses what a start needs', 'Mend what it says, then start again.'] as const

/**
 * An error of the database of DATABASE_URL as a sentence: where it is, what it said, and what to do. Never its password, and
 * never a statement, which Drizzle puts before the cause. Any other error comes back as it is.
 */
export function inWords(error: unknown, databaseUrl: string): unknown {
  const cause = driverError(error)
  if (!cause) return error
  const { hostname, port, username } = new URL(databaseUrl)
  const trouble = TROUBLES[cause.code]?.(decodeURIComponent(username) || 'this user')
  const [what, next] = trouble ?? (isDatabaseDown(cause) ? DOWN : OTHER)
  const where = `${hostname || 'localhost'}:${port || 5432}`
  return new Error(`PostgreSQL at ${where} (DATABASE_URL) ${what}: ${cause.message.replace(/\.$/, '')}. ${next}`, {
    cause: error,
  })
}

/** What the driver threw, below what was wrapped around it: an error with a severity of PostgreSQL's, or one of the line to it. */
function driverError(error: unknown): (Error & { code: string }) | undefined {
  for (let it = error; it instanceof Error; it = it.cause) {
    const { code, severity } = it as { code?: unknown; severity?: unknown }
    if (typeof code === 'string' && (severity !== undefined || isDatabaseDown(it)))
      return it as Error & { code: string }
  }
  return undefined
}
