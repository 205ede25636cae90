import type { FieldFault } from '../../openapi/schemas/problem.ts'

export const fault = (pointer: string, detail: string): FieldFault => ({ pointer, code: 'invalid_request', detail })

/** No list of a workspace may have more: whatever follows is not looked at. */
const MOST_ENTRIES = 200

/** The entries of a list, as far as they are objects, each at its own place. */
export const entries = (list: unknown): Record<string, unknown>[] =>
  Array.isArray(list) ? list.slice(0, MOST_ENTRIES).map(members) : []

/** The members of an object; none of anything else. */
export const members = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
