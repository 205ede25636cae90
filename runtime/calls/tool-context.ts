import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Settings } from '../access/workspaces.ts'
import type { Tx } from '../db/connect.ts'
import { eq } from '../db/drizzle.ts'
import { calls, type Findings, type leads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import type { CallRow } from './advance.ts'
import { isCurrent, lockAttempt } from './attempt.ts'
import type { Book } from './book.ts'

/** What a conversation finds out. */
export type Known = Pick<CallRow, 'answers' | 'findings'>

/** What the tools of one conversation work with. */
export interface ToolContext {
  deps: Deps
  attemptId: string
  /** Of the attempt; the conversation's spans hang below it. */
  spanId: string
  /** 1 for the first dial. */
  attempt: number
  /** E.164: whose phone is shown. */
  fromPhone: string
  call: CallRow
  lead: typeof leads.$inferSelect
  flow: Flow
  settings: Settings
  language: string
  /** Everything the conversation has to write goes through it. */
  book: Book
  /** What it found out so far, also while the database is away; it changes. */
  known: Known
}

/** What the model gave for a field: a short text, or nothing. */
export const words = (value: unknown): string => (typeof value === 'string' ? value.trim().slice(0, 200) : '')

/** Adds to what the conversation found. */
export function find(context: ToolContext, findings: Findings, also?: (tx: Tx) => Promise<void>): Promise<void> {
  return note(context, (known) => ({ findings: { ...known.findings, ...findings } }), also)
}

/**
 * Notes what the conversation found out: known at once, and written through its book, so that a database that is away loses nothing
 * of it. `change` and `also` may run more than once.
 */
export async function note(
  context: ToolContext,
  change: (known: Known) => Partial<Known>,
  also?: (tx: Tx) => Promise<void>,
): Promise<void> {
  Object.assign(context.known, change(context.known))
  await context.book.record(() => write(context, change, also))
}

/** Writes at once, while the attempt is the one the call is living through; false when it is not any more. */
export async function write(
  { deps, attemptId }: ToolContext,
  change: (call: CallRow) => Partial<typeof calls.$inferInsert>,
  also?: (tx: Tx) => Promise<void>,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    const isOurs = found !== undefined && isCurrent(found)
    if (isOurs) await tx.update(calls).set(change(found.call)).where(eq(calls.id, found.call.id))
    // True of the person, also when the call was decided before their last words were understood.
    await also?.(tx)
    return isOurs
  })
}
