import { type Context, Hono } from 'hono'
import { once } from '../openapi/once.ts'
import type { Document, LiveDocument } from '../openapi/pages.ts'
import { preferred } from './accept.ts'
import { etagOf, isKnown } from './answer.ts'
import type { Env } from './app.ts'

/** An hour, as the specification of server cards recommends; then asking again costs a 304. */
const CACHING = 'public, max-age=3600, must-revalidate'

const OPTIONS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': '*',
  'access-control-max-age': '86400',
  allow: 'GET, HEAD, OPTIONS',
}

/** What live documents are printed with. */
interface Here {
  publicUrl: string
  /** Epoch milliseconds. */
  now(): number
}

/**
 * Serves each document by GET, HEAD and OPTIONS, to every origin, with a strong ETag (RFC 9110, section 8.8.3). One with
 * an alternate is answered in the type that `Accept` prefers, its own when in doubt.
 */
export function documentRoutes(documents: (Document | LiveDocument)[], here: Here): Hono<Env> {
  const app = new Hono<Env>()
  for (const document of documents) {
    const { alternate } = document
    const [own, other] = [printer(document, here), alternate && printer(alternate, here)]
    const types = [document, alternate ?? document].map(({ type }) => mediaType(type)) as [string, string]
    const prefersOther = (context: Context) => alternate && preferred(context, ...types) === types[1]
    const vary = { ...(alternate ? { vary: 'accept' } : {}) }
    app.get(document.path, (context) => send(context, (other && prefersOther(context) ? other : own)(context), vary))
    app.options(document.path, () => new Response(null, { status: 204, headers: OPTIONS_HEADERS }))
  }
  return app
}

const mediaType = (type: string): string => type.split(';')[0]!

interface Printed {
  body: Uint8Array<ArrayBuffer>
  headers: Record<string, string>
}

/** What is the same for everybody is printed once, the rest for each request. */
function printer(document: Document | LiveDocument, here: Here): (context: Context) => Printed {
  if ('text' in document) return once(() => print(document))
  return (context) => {
    const { path, type } = document
    return print({ path, type, ...document.print({ now: here.now(), url: ownUrl(context, here.publicUrl) }) })
  }
}

function print({ type, text, headers }: Document): Printed {
  const body = new TextEncoder().encode(text)
  return {
    body,
    headers: {
      'content-type': type,
      'content-length': String(body.length),
      'cache-control': CACHING,
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
      etag: etagOf(text),
      ...headers,
    },
  }
}

function send(context: Context, { body, headers }: Printed, vary: Record<string, string>): Response {
  if (!isKnown(context, headers.etag!)) return new Response(body, { headers: { ...headers, ...vary } })
  const { 'content-length': _, ...rest } = headers
  return new Response(null, { status: 304, headers: { ...rest, ...vary } })
}

const isLoopback = (host: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/.test(host)

/**
 * The address that the visitor sees. Nobody's `Host` is believed but a loopback name, and only by a server that is known
 * by one itself: a tunnel or a mapped port of the same machine.
 */
function ownUrl(context: Context, publicUrl: string): string {
  const host = context.req.header('host') ?? ''
  return isLoopback(host) && isLoopback(new URL(publicUrl).host) ? `http://${host}` : publicUrl
}
