import { existsSync, globSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { type Document, tryIt } from '../openapi/pages.ts'
import { etagOf, isKnown } from './answer.ts'
import type { Env } from './app.ts'
import { explorerHeaders, pageHeaders, printPage, withTwin } from './pages.ts'
import { renderMarkdown } from './render-markdown.ts'

interface Bundle {
  file: URL
  /** Where it is served. */
  path: string
}

/** Where Scalar's own script is: the copy that the build made, else in its package, which is not part of every installation. */
function bundleOf(): Bundle | null {
  const assets = new URL('./assets/', import.meta.url)
  const [copy] = globSync('scalar-*.js', { cwd: assets })
  if (copy) return { file: new URL(copy, assets), path: `/docs/assets/${copy}` }
  try {
    const entry = import.meta.resolve('@scalar/api-reference')
    const file = new URL('./browser/standalone.js', entry)
    const { version } = JSON.parse(readFileSync(new URL('../package.json', entry), 'utf8'))
    return existsSync(file) ? { file, path: `/docs/assets/scalar-${version}.js` } : null
  } catch {
    return null
  }
}

const SCRIPT = '/docs/assets/explorer.js'

/** Nothing of it leaves this server: no fonts, telemetry, proxy or assistant of Scalar's. */
const settings = {
  url: '/openapi.json',
  theme: 'none',
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  defaultOpenAllTags: true,
  showDeveloperTools: 'never',
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  authentication: { preferredSecurityScheme: 'apiKey' },
}

/** A test key may come with the link, `/docs?key=tk_test_…`, and is not left in the address. */
const script = `const given = new URLSearchParams(location.search).get('key') ?? ''
const settings = ${JSON.stringify(settings, null, 2)}
const token = given.startsWith('tk_test_') ? given : ''
settings.authentication.securitySchemes = { apiKey: { token } }
// The origin it was loaded from, whatever the document calls this server: no other may be asked (connect-src).
settings.servers = [{ url: location.origin, description: 'This server.' }]
if (given) history.replaceState(null, '', location.pathname + location.hash)
Scalar.createApiReference('#reference', settings)
`

/**
 * The page on which operations are tried, drawn by Scalar in the browser. Without Scalar's package it is the reference.
 * @param index Markdown, the page's twin.
 */
export function explorerDocuments(
  index: () => string,
  referenceMarkdown: () => string,
  url: string,
  bundle: Bundle | null = bundleOf(),
): Document[] {
  if (!bundle) {
    const text = () => printPage({ page: tryIt, url, body: renderMarkdown(referenceMarkdown(), url), layout: 'docs' })
    return withTwin(tryIt, url, index, text, pageHeaders)
  }
  const body = html`<h1 class="skip">API explorer</h1><div id="reference"></div>
<noscript><p>This page needs JavaScript; the <a href="/docs/reference">reference</a> says the same without.</p></noscript>
<script src="${bundle.path}"></script><script src="${SCRIPT}"></script>`
  const text = () => printPage({ page: tryIt, url, body: String(body), layout: 'explorer' })
  return [
    ...withTwin(tryIt, url, index, text, explorerHeaders),
    {
      path: SCRIPT,
      type: 'text/javascript; charset=utf-8',
      text: script,
      headers: { 'cache-control': 'public, no-cache' },
    },
  ]
}

/** Scalar's script, 4 MB: read and compressed when first asked for, and kept. Its path has its version, so it never changes. */
export function explorerRoutes(): Hono<Env> {
  const app = new Hono<Env>()
  const bundle = bundleOf()
  if (!bundle) return app
  let read: Promise<{ plain: Uint8Array<ArrayBuffer>; zipped: Uint8Array<ArrayBuffer>; etag: string }> | undefined
  const load = async () => {
    const plain = readFileSync(bundle.file)
    return { plain, zipped: await promisify(gzip)(plain), etag: etagOf(String(plain)) }
  }
  app.get(bundle.path, async (context) => {
    read ??= load()
    const { plain, zipped, etag } = await read
    const isZipped = /\bgzip\b/.test(context.req.header('accept-encoding') ?? '')
    // Strong: the two are different bytes.
    const tag = isZipped ? `"${etag.slice(1, -1)}-gzip"` : etag
    const headers: Record<string, string> = {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      vary: 'accept-encoding',
      etag: tag,
      ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
    }
    if (isKnown(context, tag)) return new Response(null, { status: 304, headers })
    return new Response(isZipped ? zipped : plain, { headers })
  })
  return app
}
