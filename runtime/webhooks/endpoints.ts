import { isNull, ne, or } from '../db/drizzle.ts'
import { endpoints } from '../db/schema.ts'

/** Why an endpoint is disabled that the workspace document no longer names. Its row stays for the deliveries made to it. */
export const REMOVED = 'removed from the workspace'

/** SQL: the endpoint is named by the workspace document. */
export const isNamed = or(isNull(endpoints.disabledReason), ne(endpoints.disabledReason, REMOVED))
