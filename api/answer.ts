import { createHash } from 'node:crypto'
import type { Context } from 'hono'

/** An answer of the API as JSON. What was read (GET, HEAD) carries an ETag, and is not sent again to a caller who has it. */
export function answer(
  context: Context,
  status: number,
  body: unknown,
  { replayed = false, etag }: { replayed?: boolean; etag?: string } = {},
): Response {
  const text = JSON.stringify(body)
  const headers: Record<string, string> = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  if (replayed) headers['idempotency-replayed'] = 'true'
  if (['GET', 'HEAD'].includes(context.req.method)) {
    headers['cache-control'] = 'private, no-cache'
    headers.etag = etag ?? etagOf(text)
    if (isKnown(context, headers.etag)) return new Response(null, { status: 304, headers })
  }
  return new Response(text, { status, headers })
}

export const etagOf = (text: string): string =>
  `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`

/** Weak (RFC 9110, 8.8.1): the sandbox's clock moves on by itself, and an answer that differs in nothing else is the same. */
export const weakEtagOf = (body: unknown): string =>
  `W/${etagOf(JSON.stringify(body, (name, value) => (name === 'sandbox' ? undefined : value)))}`

/** Whether the caller has it: `If-None-Match` is a list, compared weakly, or `*` (RFC 9110, 13.1.2). */
export function isKnown(context: Context, etag: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  const given = (context.req.header('if-none-match') ?? '').split(',')
  return given.some((tag) => tag.trim() === '*' || opaque(tag) === opaque(etag))
}
