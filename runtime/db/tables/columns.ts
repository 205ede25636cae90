import { text, timestamp } from '../drizzle.ts'

/** Test and live never meet: every row that is of one mode says so. */
export type Mode = 'test' | 'live'

/** An instant, to the millisecond. */
export const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })
export const mode = () => text('mode').$type<Mode>().notNull()
/** The tenant a row belongs to. */
export const workspaceId = () => text('workspace_id').notNull()
