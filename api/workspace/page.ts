import { z } from 'zod'
import { wholeNumber } from '../../openapi/schemas/common.ts'
import { ProblemError } from '../../runtime/problem.ts'

/** What a list takes besides its filters. */
export const paging = { limit: wholeNumber(1, 100).default(20), cursor: z.string().max(200).optional() }

/** The key after which a page begins. @throws invalid_request for a cursor that none of our answers had. */
export function keyAfter(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const key = Buffer.from(cursor, 'base64url').toString()
  if (/^[\x21-\x7e]+$/.test(key) && cursorOf(key) === cursor) return key
  const fault = {
    pointer: '/cursor',
    code: 'invalid_request',
    detail: 'cursor must be next_cursor of an earlier page.',
  }
  throw new ProblemError('invalid_request', fault.detail, { errors: [fault] })
}

export const cursorOf = (key: string): string => Buffer.from(key).toString('base64url')

/** A page. @param rows one more than `limit` when there are more. @param keyOf what the next page begins after. */
export function pageOf<T>(rows: T[], limit: number, keyOf: (row: T) => string) {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const hasMore = rows.length > limit
  return { data, has_more: hasMore, next_cursor: hasMore && last !== undefined ? cursorOf(keyOf(last)) : null }
}
